"""A statement's content in the words and figures that a person reads."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.documents.content import Company, CounterpartyLine, StatementContent
from clearinghouse.money import from_minor_units

MINUS = "\N{MINUS SIGN}"
_DASH = "\N{EN DASH}"

# Characters beyond which the large figure is set smaller, and beyond which the table is.
_LONG, _HUGE, _WIDE = 10, 14, 13

_HEADLINES = {
    "RECEIVES": "You receive",
    "PAYS": "You pay",
    "BALANCED": "Nothing to pay or receive",
}
_PARTNER_TO_PARTNER = "Payment is from partner to partner: the clearing house holds nobody's money."
_BANK_TEXTS = {
    ("INSTRUCTION_ONLY", "RECEIVES"): (
        f"{_PARTNER_TO_PARTNER} The partners that owe are instructed to pay you."
    ),
    ("INSTRUCTION_ONLY", "PAYS"): (
        f"{_PARTNER_TO_PARTNER} Your payment instructions name each creditor, its account and"
        " amount. Please do not pay on this statement alone."
    ),
    (
        "HELD",
        "RECEIVES",
    ): "The amount is paid out once the payments of the owing partners are final.",
    ("HELD", "PAYS"): "Please pay the amount to the clearing house and quote the reference.",
}
_NOT_FINAL = f"PROVISIONAL {_DASH} not final"
_PAY_LATER = (
    "Please pay nothing on a provisional statement. The final one replaces it, may differ from it,"
    " and says who pays and where to."
)
_NO_PAYMENT = "The position is balanced: no payment is due in either direction."


def shown(content: StatementContent) -> dict:
    """Return what the template prints, as strings, keyed by the part of the page."""
    return {
        "title": f"{_name(content)} {content.number}",
        "name": _name(content),
        "mark": "" if content.status == "FINAL" else _NOT_FINAL,
        "headline": _HEADLINES[content.position.direction],
        "amount": _figures(content),
        "period": _period(content),
        "house_lines": _address(content.house),
        "partner_lines": _address(content.partner),
        "issued": _instant(content.issued_at, content.time_zone),
        "cut_off": _instant(content.cut_off_at, content.time_zone),
        "lines": [_line(line, content.currency) for line in content.counterparties],
        "total": _total(content),
        "months": _months(content),
        "fees": _fees(content),
        "further": _further(content),
        "bank_text": _bank_text(content),
        "conservation": _conservation(content),
        "annex_rows": f"{content.annex.rows:,}",
        "objection_until": (
            _instant(content.objection_until_at, content.time_zone)
            if content.objection_until_at
            else _day(content.objection_until_date)
        ),
        "minus": MINUS,
        "is_wide": _is_wide(content),
        "created": content.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def amount(minor: int, currency: str, *, signed: bool = False) -> str:
    """Write minor units without the currency's name: ``−1,234.56``; ``signed`` shows + as well."""
    sign = MINUS if minor < 0 else "+" if signed and minor > 0 else ""
    return f"{sign}{from_minor_units(abs(minor), currency=currency):,f}"


def energy(kwh: str) -> str:
    """Write an energy with thousands separators and at least three decimals."""
    value = Decimal(kwh)
    exponent = value.as_tuple().exponent
    decimals = max(3, -exponent) if isinstance(exponent, int) else 3
    return f"{value:,.{decimals}f}".replace("-", MINUS)


def _figures(content: StatementContent) -> dict[str, object]:
    position, currency = content.position, content.currency
    return {
        "large": (large := amount(abs(_due(content)), currency)),
        "large_size": "huge" if len(large) > _HUGE else "long" if len(large) > _LONG else "",
        "receivable": amount(position.receivable_minor, currency),
        "payable": amount(-position.payable_minor, currency),
        "fees": amount(-position.fees_minor, currency),
        "net": amount(position.net_minor, currency, signed=True),
        "more": [
            (name, amount(figure, currency))
            for name, figure in (
                ("VAT on services", position.vat_minor),
                ("VAT on fees", -position.fee_vat_minor),
                ("Manual adjustments", position.adjustments_minor),
                ("Carried from before", position.carried_minor),
                ("From another currency", position.exchanged_minor),
            )
            if figure
        ],
        "carried_on": (
            amount(position.carried_on_minor, currency, signed=True)
            if position.carried_on_minor
            else ""
        ),
        "exchanged": _exchanged(content),
    }


def _exchanged(content: StatementContent) -> dict[str, str] | None:
    """What is settled in another currency instead."""
    if content.exchange is None:
        return None
    return {
        "currency": content.exchange.currency,
        "amount": amount(content.exchange.amount_minor, content.exchange.currency, signed=True),
        "rates": content.exchange.rates,
    }


def _due(content: StatementContent) -> int:
    """What moves now."""
    position = content.position
    return position.net_minor - position.carried_on_minor - position.exchanged_on_minor


def _further(content: StatementContent) -> list[dict[str, str]]:
    return [
        {
            "text": line.text,
            "basis": "" if line.basis_minor is None else amount(line.basis_minor, content.currency),
            "amount": amount(line.amount_minor, content.currency),
        }
        for line in content.further
    ]


def _is_wide(content: StatementContent) -> bool:
    """Tell whether the table needs small print for its figures to fit."""
    return any(len(figure) > _WIDE for figure in _total(content).values())


def _line(line: CounterpartyLine, currency: str) -> dict[str, str | bool]:
    own = line.is_own_network
    return {
        "name": line.name,
        "code": line.code,
        "is_own_network": own,
        "sdrs": f"{line.sdrs:,}",
        "billed": f"{line.billed_sdrs:,}",
        "energy": energy(line.energy_kwh),
        "sold": _DASH if own else amount(line.sold_claim_minor, currency),
        "bought": _DASH if own else amount(line.bought_claim_minor, currency),
        "commission": amount(line.commission_minor, currency),
        "net": amount(line.net_minor, currency),
    }


def _months(content: StatementContent) -> list[dict[str, str]]:
    """A line per supply month; none where all services are of one, which the title names."""
    if len(content.months) < 2:
        return []
    currency = content.currency
    return [
        {
            "name": f"{date.fromisoformat(f'{line.month}-01'):%B %Y}",
            "sdrs": f"{line.sdrs:,}",
            "billed": f"{line.billed_sdrs:,}",
            "energy": energy(line.energy_kwh),
            "sold": amount(line.sold_claim_minor, currency),
            "bought": amount(line.bought_claim_minor, currency),
            "commission": amount(line.commission_minor, currency),
            "net": amount(line.net_minor, currency),
        }
        for line in content.months
    ]


def _total(content: StatementContent) -> dict[str, str]:
    lines, currency = content.counterparties, content.currency
    return {
        "sdrs": f"{sum(line.sdrs for line in lines):,}",
        "billed": f"{sum(line.billed_sdrs for line in lines):,}",
        "energy": energy(str(sum((Decimal(line.energy_kwh) for line in lines), Decimal(0)))),
        "sold": amount(sum(line.sold_claim_minor for line in lines), currency),
        "bought": amount(sum(line.bought_claim_minor for line in lines), currency),
        "commission": amount(sum(line.commission_minor for line in lines), currency),
        "net": amount(sum(line.net_minor for line in lines), currency),
    }


def _fees(content: StatementContent) -> list[dict[str, str]]:
    return [
        {
            "rate": f"{(Decimal(fee.rate) * 100).normalize():f} %",
            "sdrs": f"{fee.sdrs:,}",
            "claim": amount(fee.claim_minor, content.currency),
            "amount": amount(fee.amount_minor, content.currency),
        }
        for fee in content.fees
    ]


def _name(content: StatementContent) -> str:
    return "Settlement statement" if content.status == "FINAL" else "Provisional statement"


def _bank_text(content: StatementContent) -> str:
    if content.status != "FINAL":
        return _PAY_LATER
    if exchanged := content.exchange:
        return (
            f"Nothing is paid in {content.currency}: as agreed, your position is settled in"
            f" {exchanged.currency} with the group {exchanged.group}, {exchanged.rates}."
        )
    flow = "INSTRUCTION_ONLY" if content.bank.money_flow == "INSTRUCTION_ONLY" else "HELD"
    return _BANK_TEXTS.get((flow, content.position.direction), _NO_PAYMENT)


def _conservation(content: StatementContent) -> list[tuple[str, str]]:
    line = content.conservation
    parts = ("rejected", "held", "open", "disputed", "withdrawn", "cleared", "credited")
    return [("received", f"{line.received:,}")] + [
        (part, f"{getattr(line, part):,}") for part in parts
    ]


def _address(company: Company) -> list[str]:
    town = f"{company.postal_code} {company.city}".strip()
    lines = [company.street, f"{town}, {company.country_code}" if town else company.country_code]
    return [line for line in lines if line]


def _period(content: StatementContent) -> dict[str, str]:
    """Whole days as first and last day; else instants. The exact bounds stand beside them."""
    zone = ZoneInfo(content.time_zone)
    starts_at = content.supply_starts_at.astimezone(zone)
    ends_at = content.supply_ends_at.astimezone(zone)
    bounds = f"{starts_at:%Y-%m-%d %H:%M} up to {ends_at:%Y-%m-%d %H:%M}"
    if (starts_at.hour, starts_at.minute, ends_at.hour, ends_at.minute) != (0, 0, 0, 0):
        return {"title": bounds, "bounds": bounds}
    last = ends_at - timedelta(days=1)
    if starts_at.day == 1 and ends_at.day == 1 and starts_at.month == last.month:
        return {"title": f"{starts_at:%B %Y}", "bounds": bounds}
    same_month = (starts_at.year, starts_at.month) == (last.year, last.month)
    first = str(starts_at.day) if same_month else _day(starts_at)
    return {"title": f"{first} {_DASH} {_day(last)}", "bounds": bounds}


def _day(day) -> str:
    return f"{day.day} {day:%B %Y}"


def _instant(instant: datetime, time_zone: str) -> str:
    local = instant.astimezone(ZoneInfo(time_zone))
    offset = f"{local:%z}"
    return f"{_day(local)}, {local:%H:%M} (UTC{offset[:3]}:{offset[3:]})"
