"""What moves a partner's position beyond its services: VAT, fees, adjustments, what was carried
or came from another currency.

Set-based: a query per kind for all partners of a settlement.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Literal, TypeAlias
from uuid import UUID

from msgspec.structs import replace

from billing.documents.content import FurtherLine
from billing.models import (
    CurrencyExchange,
    FeeLine,
    ManualAdjustment,
    Settlement,
    SupplyBlock,
    TaxedSupply,
)
from billing.rules.conversion import EURO, told_rates
from billing.rules.supply_period import supply_title
from clearinghouse.money import format_amount

Line: TypeAlias = tuple[UUID, FurtherLine]


def further_lines(settlement: Settlement) -> dict[UUID, list[FurtherLine]]:
    """The lines of each partner, in the order in which a statement lists them.

    With the nets of its counterparties they add up to the partner's position.
    """
    lines: dict[UUID, list[FurtherLine]] = defaultdict(list)
    for source in (_vat, _fees, _adjustments, _carried, _exchanged, _blocked, _resolved):
        for partner, line in source(settlement):
            lines[partner].append(line)
    return lines


def _vat(settlement: Settlement) -> Iterator[Line]:
    """VAT that comes on top; of amounts that include it nothing more moves."""
    rows = TaxedSupply.objects.filter(settlement=settlement).select_related("supplier", "customer")
    for row in rows.exclude(vat_minor=0).order_by("supplier__name", "customer__name", "pk"):
        if row.price_basis == "INCL_TAX" and not row.is_service:
            continue
        percent = f"{(row.rate * 100).normalize():f} %"
        what = f"VAT {percent} {row.place_country_code}"
        on = "fees of the clearing house" if row.is_service else "services"
        phrase = "vat_fees" if row.is_service else "vat_services"
        values = {"rate": str(row.rate), "country": row.place_country_code}
        yield (
            row.supplier_id,
            FurtherLine(
                kind="VAT",
                text=f"{what} on {on} to {row.customer.name}",
                basis_minor=row.net_minor,
                amount_minor=row.vat_minor,
                phrase=f"{phrase}_to",
                values=values | {"name": row.customer.name},
            ),
        )
        yield (
            row.customer_id,
            FurtherLine(
                kind="VAT",
                text=f"{what} on {on} of {row.supplier.name}",
                basis_minor=row.net_minor,
                amount_minor=-row.vat_minor,
                phrase=f"{phrase}_of",
                values=values | {"name": row.supplier.name},
            ),
        )


def _fees(settlement: Settlement) -> Iterator[Line]:
    lines = FeeLine.objects.filter(settlement=settlement).select_related("component", "payee")
    for row in lines.order_by("component__name", "month", "pk"):
        month = f", {row.month:%B %Y}" if row.month else ""
        sdrs = row.sdrs_after - row.sdrs_before
        count = f" ({sdrs:,} SDRs)" if sdrs else ""
        text = f"{row.component.name}{month}{count}"
        values = {"name": row.component.name}
        if row.month:
            values["month"] = f"{row.month:%Y-%m}"
        if sdrs:
            values["sdrs"] = str(sdrs)
        kind: Literal["FEE", "REDUCTION"] = "FEE" if row.payee_id is None else "REDUCTION"
        line = FurtherLine(
            kind=kind,
            text=text,
            amount_minor=row.amount_minor,
            phrase="fee" + "_month" * bool(row.month) + "_sdrs" * bool(sdrs),
            values=values,
        )
        yield row.payer_id, replace(line, amount_minor=-row.amount_minor)
        if row.payee_id is not None:
            yield row.payee_id, line


def _adjustments(settlement: Settlement) -> Iterator[Line]:
    rows = ManualAdjustment.objects.filter(
        window=settlement.window, state=ManualAdjustment.State.POSTED
    )
    for row in rows.order_by("pk"):
        yield (
            row.partner_id,
            FurtherLine(
                kind="ADJUSTMENT",
                text=f"Manual adjustment: {row.reason}",
                amount_minor=row.amount_minor,
                phrase="adjustment",
                values={"reason": row.reason},
            ),
        )


def _carried(settlement: Settlement) -> Iterator[Line]:
    for row in settlement.positions.exclude(carried_minor=0):
        text = "Carried from the settlement before"
        yield (
            row.partner_id,
            FurtherLine(
                kind="CARRIED", text=text, amount_minor=row.carried_minor, phrase="carried"
            ),
        )


def _exchanged(settlement: Settlement) -> Iterator[Line]:
    """What was due in another currency and is settled here, at which rates."""
    rows = settlement.exchanges_taken.filter(partner__is_clearing_house=False)
    for row in rows.select_related("settlement__window__group").order_by("pk"):
        window = row.settlement.window
        period = supply_title(
            window.supply_starts_at, window.supply_ends_at, time_zone=window.group.time_zone
        )
        due = format_amount(row.from_minor, row.from_currency)
        text = f"From {window.group}, {period}: {due}, {rates_text(row)}"
        yield (
            row.partner_id,
            FurtherLine(
                kind="EXCHANGED",
                text=text,
                amount_minor=row.to_minor,
                phrase="exchanged",
                values={
                    "group": str(window.group),
                    "starts_at": window.supply_starts_at.isoformat(),
                    "ends_at": window.supply_ends_at.isoformat(),
                    "time_zone": window.group.time_zone,
                    "amount_minor": str(row.from_minor),
                    "currency": row.from_currency,
                    "per_euro": " ".join(f"{it}={rate}" for it, rate in rates_of(row).items()),
                    "rate_date": row.rate_date.isoformat(),
                },
            ),
        )


def rates_text(row: CurrencyExchange) -> str:
    """``at 0.9371 CHF for 1 EUR (ECB, 2027-02-08)``; through the euro with both rates."""
    sides = ((row.from_per_euro, row.from_currency), (row.to_per_euro, row.to_currency))
    return f"at {told_rates(*sides)} for 1 EUR (ECB, {row.rate_date})"


def rates_of(row: CurrencyExchange) -> dict[str, str]:
    """The ECB's rates of both currencies in units per euro, the euro itself left out."""
    sides = ((row.from_currency, row.from_per_euro), (row.to_currency, row.to_per_euro))
    return {currency: f"{rate.normalize():f}" for currency, rate in sides if currency != EURO}


def _blocked(settlement: Settlement) -> Iterator[Line]:
    """What the lines of services and fees hold, and this settlement could not settle."""
    for row in settlement.blocks.select_related("supplier", "customer").order_by("pk"):
        yield from _pair(row, -row.amount_minor, "Not settled yet", "blocked")


def _resolved(settlement: Settlement) -> Iterator[Line]:
    rows = settlement.resolved_blocks.select_related("supplier", "customer").order_by("pk")
    for row in rows:
        yield from _pair(row, row.amount_minor, "Settled now", "resolved")


def _pair(row: SupplyBlock, amount: int, word: str, phrase: str) -> Iterator[Line]:
    why = "its VAT treatment had to be decided"
    yield (
        row.supplier_id,
        FurtherLine(
            kind="BLOCKED",
            text=f"{word}, {why}: to {row.customer.name}",
            amount_minor=amount,
            phrase=f"{phrase}_to",
            values={"name": row.customer.name},
        ),
    )
    yield (
        row.customer_id,
        FurtherLine(
            kind="BLOCKED",
            text=f"{word}, {why}: of {row.supplier.name}",
            amount_minor=-amount,
            phrase=f"{phrase}_of",
            values={"name": row.supplier.name},
        ),
    )
