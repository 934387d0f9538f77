"""The tables of a statement as strings, in the language of its reader."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Protocol

from billing.documents.content import CounterpartyLine, FurtherLine, SiteLine, StatementContent
from billing.documents.languages import DASH, NARROW, Writer

# Characters of a town that are kept together.
_SHORT_PLACE = 28

Cells = dict[str, str]
Texts = dict[str, str]


class _Figures(Protocol):
    """What lines by counterparty, by site and by month have in common."""

    @property
    def sdrs(self) -> int: ...
    @property
    def billed_sdrs(self) -> int: ...
    @property
    def energy_kwh(self) -> str: ...
    @property
    def sold_claim_minor(self) -> int: ...
    @property
    def bought_claim_minor(self) -> int: ...
    @property
    def commission_minor(self) -> int: ...
    @property
    def net_minor(self) -> int: ...


def counterparty_lines(content: StatementContent, writer: Writer) -> list[dict[str, str | bool]]:
    return [_counterparty(line, content.currency, writer) for line in content.counterparties]


def _counterparty(line: CounterpartyLine, currency: str, writer: Writer) -> dict[str, str | bool]:
    cells: dict[str, str | bool] = {
        "name": line.name,
        "code": line.code,
        "is_own_network": line.is_own_network,
        **_sum([line], currency, writer),
    }
    return cells | {"sold": DASH, "bought": DASH} if line.is_own_network else cells


def total(content: StatementContent, writer: Writer) -> Cells:
    return _sum(content.counterparties, content.currency, writer)


def month_lines(content: StatementContent, writer: Writer) -> list[Cells]:
    """A line per supply month; none where all services are of one, which the title names."""
    if len(content.months) < 2:
        return []
    return [
        {"name": writer.month(line.month), **_sum([line], content.currency, writer)}
        for line in content.months
    ]


def site_parties(content: StatementContent, writer: Writer, texts: Texts) -> list[dict]:
    """Per party of the partner its lines by site and month, and their sum where there are more."""
    parties = []
    for (party, role), lines in groupby(content.sites, key=lambda line: (line.party, line.role)):
        own = list(lines)
        parties.append(
            {
                "code": party,
                "role": role,
                "lines": [_site(line, content.currency, writer, texts) for line in own],
                "sum": _sum(own, content.currency, writer) if len(own) > 1 else None,
            }
        )
    return parties


def _site(line: SiteLine, currency: str, writer: Writer, texts: Texts) -> Cells:
    if line.left_out:
        key = "site_rest_one" if line.left_out == 1 else "site_rest_many"
        name, place = texts[key].format(count=writer.count(line.left_out)), ""
    else:
        name = line.site or texts["site_unknown"]
        place = _whole(", ".join(part for part in (line.city, line.country_code) if part))
    return {
        "site": name,
        "place": place,
        "month": writer.month(line.month) if line.month else "",
        **_sum([line], currency, writer),
    }


def _whole(place: str) -> str:
    """A short place stays on one line."""
    return place.replace(" ", NARROW) if len(place) <= _SHORT_PLACE else place


def fee_lines(content: StatementContent, writer: Writer) -> list[Cells]:
    return [
        {
            "rate": writer.percent(fee.rate),
            "sdrs": writer.count(fee.sdrs),
            "claim": writer.amount(fee.claim_minor, content.currency),
            "amount": writer.amount(fee.amount_minor, content.currency),
        }
        for fee in content.fees
    ]


def further_lines(content: StatementContent, writer: Writer, texts: Texts) -> list[Cells]:
    currency = content.currency
    return [
        {
            "text": _phrase(line, writer, texts),
            "basis": (
                "" if line.basis_minor is None else writer.amount(line.basis_minor, currency)
            ),
            "amount": writer.amount(line.amount_minor, currency),
        }
        for line in content.further
    ]


def _phrase(line: FurtherLine, writer: Writer, texts: Texts) -> str:
    """The line in the reader's language; what was frozen in English alone stays English."""
    if not line.phrase:
        return line.text
    values = dict(line.values)
    if rate := values.get("rate"):
        values["rate"] = writer.percent(rate)
    if month := values.get("month"):
        values["month"] = writer.month(month)
    if sdrs := values.get("sdrs"):
        values["sdrs"] = writer.count(int(sdrs))
    if minor := values.get("amount_minor"):
        values["amount"] = writer.amount(int(minor), values["currency"])
    if starts_at := values.get("starts_at"):
        bounds = (datetime.fromisoformat(starts_at), datetime.fromisoformat(values["ends_at"]))
        values["period"] = writer.period(*bounds, values["time_zone"])
    if quoted := values.get("per_euro"):
        rates = dict(pair.split("=") for pair in quoted.split())
        day = date.fromisoformat(values["rate_date"])
        values["rates"] = told_rates(rates, day, writer, texts)
    return texts[f"line_{line.phrase}"].format(**values)


def told_rates(per_euro: dict[str, str], day: date, writer: Writer, texts: Texts) -> str:
    """``at 0.9371 CHF for 1 EUR (ECB, 8 February 2027)``; through the euro with both rates."""
    told = f" {texts['and']} ".join(
        f"{writer.rate(rate)} {currency}" for currency, rate in per_euro.items()
    )
    return texts["rates"].format(rates=told, day=writer.day(day))


def vat_lines(content: StatementContent, writer: Writer, texts: Texts) -> list[Cells]:
    currency = content.currency
    return [
        {
            "supply": texts[f"vat_{line.supply.lower()}"].format(country=line.country_code or DASH),
            "ground": line.ground,
            "category": line.category,
            "rate": writer.percent(line.rate),
            "basis": writer.amount(line.basis_minor, currency),
            "vat": writer.amount(line.vat_minor, currency),
        }
        for line in content.vat
    ]


def document_lines(content: StatementContent, writer: Writer, texts: Texts) -> list[Cells]:
    currency = content.currency
    return [
        {
            "number": line.number,
            "kind": texts[f"document_{line.kind.lower()}"],
            "date": writer.day(line.issued_date),
            "net": writer.amount(line.net_minor, currency),
            "vat": writer.amount(line.vat_minor, currency),
            "gross": writer.amount(line.gross_minor, currency),
        }
        for line in content.documents
    ]


def _sum(lines: Iterable[_Figures], currency: str, writer: Writer) -> Cells:
    lines = list(lines)
    energy = sum((Decimal(line.energy_kwh) for line in lines), Decimal(0))
    return {
        "sdrs": writer.count(sum(line.sdrs for line in lines)),
        "billed": writer.count(sum(line.billed_sdrs for line in lines)),
        "energy": writer.energy(str(energy)),
        "sold": writer.amount(sum(line.sold_claim_minor for line in lines), currency),
        "bought": writer.amount(sum(line.bought_claim_minor for line in lines), currency),
        "commission": writer.amount(sum(line.commission_minor for line in lines), currency),
        "net": writer.amount(sum(line.net_minor for line in lines), currency),
    }
