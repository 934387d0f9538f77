"""From what was supplied to what is taxed: one sum per VAT breakdown line, or a blocked pair.

Tax is computed once on a sum, half-up (finance.md 2.4). Money is integer minor units. A pair of
which one supply cannot be decided is left out whole: half an invoice is worse than none.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

from billing.rules.vat.amounts import vat_on
from billing.rules.vat.decision import VatDecision
from billing.rules.vat.facts import Evidence, RateRow

INCL_TAX = "INCL_TAX"
NOT_APPLIED = "NA"
SERVICE = "SERVICE"


class Supplied(NamedTuple):
    """What one partner supplied another on a day; ``amount_minor`` on its price basis.

    ``is_credit``: of records that take back what others charged.
    """

    supplier: UUID
    customer: UUID
    tax_date: date
    kind: str
    charge_country: str
    price_basis: str
    sdrs: int
    energy_kwh: Decimal
    amount_minor: int
    is_credit: bool = False

    @property
    def is_service(self) -> bool:
        """A fee of the clearing house: always on a document of its own."""
        return self.kind == SERVICE


class TaxKey(NamedTuple):
    """What may stand in one VAT breakdown line; ``self_assessed_rate`` is the house's, mostly 0."""

    supplier: UUID
    customer: UUID
    place: str
    category: str
    rate: Decimal
    price_basis: str
    ground: str = ""
    is_service: bool = False
    self_assessed_rate: Decimal = Decimal(0)
    is_credit: bool = False


@dataclass(slots=True)
class Taxed:
    """One breakdown line: ``amount_minor`` is what was added up, with tax for INCL_TAX.

    ``decisions`` are those of all supplies in it, by kind, country of charging and tax date.
    """

    key: TaxKey
    amount_minor: int = 0
    sdrs: int = 0
    lines: dict[tuple[str, str, str], list] = field(default_factory=dict)
    decisions: dict[tuple[str, str, date], VatDecision] = field(default_factory=dict)

    @property
    def net_minor(self) -> int:
        """Half-up of gross / (1 + rate) where the amounts include tax."""
        if self.key.price_basis != INCL_TAX:
            return self.amount_minor
        exact = Fraction(abs(self.amount_minor)) / (1 + Fraction(self.key.rate))
        net = (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
        return net if self.amount_minor >= 0 else -net

    @property
    def vat_minor(self) -> int:
        if self.key.price_basis == INCL_TAX:
            return self.amount_minor - self.net_minor
        return vat_on(self.amount_minor, rate=self.key.rate)

    @property
    def exemption_code(self) -> str:
        return next((one.vatex_code for one in self.decisions.values()), "")

    def add(self, row: Supplied, decision: VatDecision | None) -> None:
        self.amount_minor += row.amount_minor
        self.sdrs += row.sdrs
        at = (f"{row.tax_date:%Y-%m}", row.kind, row.charge_country)
        line = self.lines.setdefault(at, [0, Decimal(0), 0])
        line[0] += row.sdrs
        line[1] += row.energy_kwh
        line[2] += row.amount_minor
        if decision:
            self.decisions[row.kind, row.charge_country, row.tax_date] = decision

    def told_lines(self) -> list[dict[str, object]]:
        """By supply month, kind and country of charging, as stored and printed."""
        return [
            {
                "month": month,
                "kind": kind,
                "charge_country": country,
                "sdrs": sdrs,
                "energy_kwh": str(energy),
                "amount_minor": amount,
            }
            for (month, kind, country), (sdrs, energy, amount) in sorted(self.lines.items())
        ]

    def told_evidence(self) -> list[Evidence]:
        """What decided, of every supply; those that differ in nothing but the day share one."""
        told: list[Evidence] = []
        days: list[list[object]] = []
        for _at, decision in sorted(self.decisions.items(), key=lambda item: item[0]):
            one = {
                **decision.evidence,
                "supplier_vat_id": decision.supplier_vat_id,
                "customer_vat_id": decision.customer_vat_id,
            }
            day = one.pop("tax_date")
            if not told or told[-1] != one:
                told.append(one)
                days.append([])
            days[-1].append(day)
        return [{**one, "tax_dates": dates} for one, dates in zip(told, days, strict=True)]

    def rates_used(self) -> dict[RateRow, date]:
        """The rows of rates that were asked, each with the last tax date for which it was."""
        used: dict[RateRow, date] = {}
        for (_kind, _country, day), decision in self.decisions.items():
            if row := decision.rate_row:
                used[row] = max(day, used.get(row, day))
        return used


@dataclass(slots=True)
class Blocked:
    """A pair that waits for facts, with the reasons, each told once."""

    supplier: UUID
    customer: UUID
    is_service: bool = False
    amount_minor: int = 0
    sdrs: int = 0
    reasons: list[dict[str, str]] = field(default_factory=list)


def tax_supplies(
    rows: Iterable[Supplied], decide: Callable[[Supplied], VatDecision | None]
) -> tuple[list[Taxed], list[Blocked]]:
    """Decide each supply and add up what is taxed alike; ``None`` means that taxes are not applied.

    Σ amounts of both lists is that of the rows; the order of the rows is irrelevant.
    """
    pairs: dict[tuple, list[tuple[Supplied, VatDecision | None]]] = defaultdict(list)
    for row in rows:
        pairs[row.supplier, row.customer, row.is_service].append((row, decide(row)))
    taxed: dict[TaxKey, Taxed] = {}
    blocked: list[Blocked] = []
    for _pair, decided in sorted(pairs.items()):
        if any(decision and decision.is_blocked for _, decision in decided):
            blocked.append(_block(decided))
            continue
        for row, decision in sorted(decided, key=lambda item: item[0]):
            key = _key(row, decision)
            taxed.setdefault(key, Taxed(key)).add(row, decision)
    return [taxed[key] for key in sorted(taxed)], blocked


def _key(row: Supplied, decision: VatDecision | None) -> TaxKey:
    pair = (row.supplier, row.customer)
    if decision is None:
        return TaxKey(
            *pair,
            "",
            NOT_APPLIED,
            Decimal(0),
            row.price_basis,
            "",
            row.is_service,
            Decimal(0),
            row.is_credit,
        )
    return TaxKey(
        *pair,
        decision.place or "",
        decision.category,
        decision.rate or Decimal(0),
        row.price_basis,
        decision.ground,
        row.is_service,
        decision.self_assessed_rate,
        row.is_credit,
    )


def _block(decided: list[tuple[Supplied, VatDecision | None]]) -> Blocked:
    first = decided[0][0]
    block = Blocked(first.supplier, first.customer, first.is_service)
    for row, decision in sorted(decided, key=lambda item: item[0]):
        block.amount_minor += row.amount_minor
        block.sdrs += row.sdrs
        if decision and decision.is_blocked:
            reason = {"code": decision.block_code, "what_to_do": decision.what_to_do}
            if reason not in block.reasons:
                block.reasons.append(reason)
    return block
