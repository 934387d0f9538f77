"""A statement's content in the words and figures that a person reads, in the person's language."""

from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.documents import statement_lines as lines
from billing.documents import statement_money as money
from billing.documents.content import StatementContent
from billing.documents.languages import MINUS, Writer, writer_for
from billing.documents.letterhead import address_lines, head_of
from billing.documents.statement_columns import statement_columns
from billing.documents.texts import texts_of

# Characters beyond which the large figure is set smaller.
_LONG, _HUGE = 10, 14

_HEADLINES = {"RECEIVES": "you_receive", "PAYS": "you_pay", "BALANCED": "balanced"}


def shown(content: StatementContent) -> dict:
    """Return what the template prints, as strings, keyed by the part of the page.

    ``t`` holds the labels and notes of the language.
    """
    writer = writer_for(content.language)
    texts = texts_of("statement", content.language)
    labels = _labels(content, writer, texts)
    return {
        "language": writer.language,
        "t": labels,
        "title": f"{_name(content, texts)} {content.number}",
        "name": _name(content, texts),
        "mark": "" if content.status == "FINAL" else texts["mark_provisional"],
        "headline": texts[_HEADLINES[content.position.direction]],
        "amount": _figures(content, writer, texts),
        "period": _period(content, writer, texts),
        "author": content.house.legal_name,
        "description": labels["description"],
        "letterhead": head_of(content.house, vat_id=texts["vat_id"]),
        "partner_lines": address_lines(content.partner),
        "issued": writer.instant(content.issued_at, content.time_zone),
        "cut_off": writer.instant(content.cut_off_at, content.time_zone),
        "released": _released(content, writer, texts),
        "sites_left_out": any(line.left_out for line in content.sites),
        **_tables(content, writer, texts, labels),
        "bank_texts": money.bank_texts(content, writer, texts),
        "bank_facts": money.bank_facts(content, writer, texts),
        "beside": money.beside(content, writer, texts),
        "conservation": _conservation(content, writer, texts),
        "exposure": _exposure(content, writer, texts),
        "objection_until": _objection_until(content, writer),
        "created": content.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _tables(
    content: StatementContent, writer: Writer, texts: dict[str, str], labels: dict[str, str]
) -> dict[str, object]:
    tables = {
        "lines": lines.counterparty_lines(content, writer),
        "total": lines.total(content, writer),
        "months": lines.month_lines(content, writer),
        "sites": lines.site_parties(content, writer, texts),
        "fees": lines.fee_lines(content, writer),
        "further": lines.further_lines(content, writer, texts),
        "vat": lines.vat_lines(content, writer, texts),
        "documents": lines.document_lines(content, writer, texts),
    }
    return tables | statement_columns(tables, labels)


def _labels(content: StatementContent, writer: Writer, texts: dict[str, str]) -> dict[str, str]:
    """The labels and notes with what they name filled in; texts of the code stay as they are."""
    until = _objection_until(content, writer)
    shown_sites = sum(not line.left_out for line in content.sites)
    values = {
        "currency": content.currency,
        "minus": MINUS,
        "number": content.number,
        "email": content.house.email,
        "until": until,
        "zone": content.time_zone,
        "rows": writer.count(content.annex.rows),
        "count": writer.count(shown_sites),
        "sequence": writer.count(content.ledger.sequence) if content.ledger else "",
        "name": _name(content, texts),
        "partner": content.partner.legal_name,
        "period": writer.period(
            content.supply_starts_at, content.supply_ends_at, content.time_zone
        ),
    }
    return {key: _filled(text, values) for key, text in texts.items()}


def _filled(text: str, values: dict[str, str]) -> str:
    try:
        return text.format(**values)
    except KeyError:
        # One that the code fills in with what it alone knows, such as a country.
        return text


def annex_description(content: StatementContent) -> str:
    texts = texts_of("statement", content.language)
    return texts["annex_description"].format(number=content.number)


def _figures(content: StatementContent, writer: Writer, texts: dict[str, str]) -> dict[str, object]:
    position, currency = content.position, content.currency
    more = {
        "vat_on_services": position.vat_minor,
        "vat_on_fees": -position.fee_vat_minor,
        "adjustments": position.adjustments_minor,
        "carried": position.carried_minor,
        "exchanged": position.exchanged_minor,
    }
    large = writer.amount(abs(_due(content)), currency)
    return {
        "large": large,
        "large_size": "huge" if len(large) > _HUGE else "long" if len(large) > _LONG else "",
        "receivable": writer.amount(position.receivable_minor, currency),
        "payable": writer.amount(-position.payable_minor, currency),
        "fees": writer.amount(-position.fees_minor, currency),
        "net": writer.amount(position.net_minor, currency, signed=True),
        "more": [(texts[key], writer.amount(it, currency)) for key, it in more.items() if it],
        "carried_on": (
            writer.amount(position.carried_on_minor, currency, signed=True)
            if position.carried_on_minor
            else ""
        ),
        "exchanged": _exchanged(content, writer, texts),
    }


def _exchanged(
    content: StatementContent, writer: Writer, texts: dict[str, str]
) -> dict[str, str] | None:
    """What is settled in another currency instead."""
    exchange = content.exchange
    if exchange is None:
        return None
    amount = writer.amount(exchange.amount_minor, exchange.currency, signed=True)
    return {
        "label": texts["settled_in"].format(currency=exchange.currency),
        "amount": f"{amount} {exchange.currency}",
    }


def _due(content: StatementContent) -> int:
    """What moves now."""
    position = content.position
    return position.net_minor - position.carried_on_minor - position.exchanged_on_minor


def _name(content: StatementContent, texts: dict[str, str]) -> str:
    return texts["name_final" if content.status == "FINAL" else "name_provisional"]


def _released(content: StatementContent, writer: Writer, texts: dict[str, str]) -> list[str]:
    """The two persons and the instant; nothing where the window closed without a release."""
    release = content.release
    if release is None:
        return []
    return [
        texts["released_by"].format(maker=release.maker, checker=release.checker),
        writer.instant(release.released_at, content.time_zone),
    ]


def _conservation(
    content: StatementContent, writer: Writer, texts: dict[str, str]
) -> list[tuple[str, str, str]]:
    names = (
        "received", "rejected", "held", "open", "disputed", "withdrawn", "cleared", "credited",
    )  # fmt: skip
    counts = ((name, getattr(content.conservation, name)) for name in names)
    return [(name, texts[name], writer.count(count)) for name, count in counts]


def _exposure(
    content: StatementContent, writer: Writer, texts: dict[str, str]
) -> list[tuple[str, str]]:
    facts, currency = content.exposure, content.currency
    if facts is None:
        return []
    told = [
        (texts["exposure_now"], f"{writer.amount(facts.exposure_minor, currency)} {currency}"),
        (
            texts["exposure_limit"],
            texts["exposure_none"]
            if facts.limit_minor is None
            else f"{writer.amount(facts.limit_minor, currency)} {currency}",
        ),
    ]
    if facts.limit_minor:
        used = Decimal(facts.exposure_minor) / Decimal(facts.limit_minor)
        told.append((texts["exposure_used"], writer.percent(round(used, 3))))
    told.append((texts["exposure_read"], writer.instant(facts.read_at, content.time_zone)))
    return told


def _objection_until(content: StatementContent, writer: Writer) -> str:
    if content.objection_until_at:
        return writer.instant(content.objection_until_at, content.time_zone)
    return writer.day(content.objection_until_date)


def _period(content: StatementContent, writer: Writer, texts: dict[str, str]) -> dict[str, str]:
    """The period's name; its exact bounds stand beside it."""
    zone = ZoneInfo(content.time_zone)
    bounds = texts["period_bounds"].format(
        start=f"{content.supply_starts_at.astimezone(zone):%Y-%m-%d\u00a0%H:%M}",
        end=f"{content.supply_ends_at.astimezone(zone):%Y-%m-%d\u00a0%H:%M}",
    )
    title = writer.period(content.supply_starts_at, content.supply_ends_at, content.time_zone)
    return {"title": title, "bounds": bounds}
