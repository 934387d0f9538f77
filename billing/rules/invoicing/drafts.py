"""From taxed supplies to invoices and credit notes, before they have a number.

Source: finance.md 3.3 and 3.4. One invoice per window, pair, place of taxation and price basis:
so each category and rate stands once, with the VAT that was settled. Fees stand apart, and so does
what is outside the scope of VAT (BR-O-11). What is below zero is a credit note with positive
amounts (BR-27). Money is integer minor units.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

FEE, OWN, SELLER_ISSUES, ON_BEHALF, SELF_BILLING = "FEE", "B", "A0", "A1", "A2"
INVOICE, CREDIT_NOTE, SELF_BILLED, SELF_BILLED_CREDIT = "380", "381", "389", "261"

# What a series is called in its numbers.
_SERIES = {
    INVOICE: "INV",
    CREDIT_NOTE: "CN",
    SELF_BILLED: "SB",
    SELF_BILLED_CREDIT: "SC",
}


class Line(NamedTuple):
    """A part of a supply; ``amount_minor`` on its price basis."""

    month: str
    kind: str
    charge_country: str
    sdrs: int
    energy_kwh: Decimal
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxedSum:
    """A TaxedSupply as invoices see it."""

    id: UUID
    window: UUID
    supplier: UUID
    customer: UUID
    place: str
    category: str
    rate: Decimal
    price_basis: str
    is_service: bool
    is_credit: bool
    sdrs: int
    net_minor: int
    vat_minor: int
    ground: str = ""
    exemption_code: str = ""
    lines: tuple[Line, ...] = ()


class DraftKey(NamedTuple):
    """What one document may hold; ``takes_back``: it is a credit note."""

    window: UUID
    supplier: UUID
    customer: UUID
    is_service: bool
    takes_back: bool
    place: str
    price_basis: str
    is_outside: bool
    is_credit: bool


class Breakdown(NamedTuple):
    """One category and rate of a document, in positive amounts where it is a credit note."""

    category: str
    rate: Decimal
    basis_minor: int
    vat_minor: int
    code: str
    ground: str


@dataclass(frozen=True, slots=True)
class Draft:
    """The supplies of one document to be."""

    key: DraftKey
    supplies: tuple[TaxedSum, ...]

    @property
    def sign(self) -> int:
        return -1 if self.key.takes_back else 1

    @property
    def net_minor(self) -> int:
        return self.sign * sum(one.net_minor for one in self.supplies)

    @property
    def vat_minor(self) -> int:
        return self.sign * sum(one.vat_minor for one in self.supplies)

    @property
    def sdrs(self) -> int:
        return sum(one.sdrs for one in self.supplies)

    def breakdown(self) -> list[Breakdown]:
        """Per category and rate, sorted; no tax is computed here, it was settled already."""
        found: dict[tuple[str, Decimal], list[TaxedSum]] = {}
        for one in self.supplies:
            found.setdefault((one.category, one.rate), []).append(one)
        return [
            Breakdown(
                category,
                rate,
                self.sign * sum(one.net_minor for one in sums),
                self.sign * sum(one.vat_minor for one in sums),
                next((one.exemption_code for one in sums if one.exemption_code), ""),
                next((one.ground for one in sums if one.ground), ""),
            )
            for (category, rate), sums in sorted(found.items())
        ]

    def lines(self) -> list[tuple[TaxedSum, Line]]:
        """Lines without VAT that add up to the net; empty ones are left out."""
        return [
            (one, line._replace(amount_minor=self.sign * amount))
            for one in self.supplies
            for line, amount in zip(one.lines, net_of_lines(one), strict=True)
            if amount
        ]


def drafts_of(supplies: Iterable[TaxedSum]) -> list[Draft]:
    """Group supplies into documents; those of which nobody decided the VAT (NA) are left out.

    Σ net and Σ VAT of the drafts, signed, are those of the supplies. Invoices come before the
    credit notes that may correct them.
    """
    found: dict[DraftKey, list[TaxedSum]] = {}
    for one in supplies:
        if one.category in ("S", "AE", "O", "E") and one.net_minor:
            found.setdefault(_key(one), []).append(one)
    drafts = [
        Draft(key, tuple(sorted(sums, key=lambda one: one.id))) for key, sums in found.items()
    ]
    return sorted(drafts, key=lambda draft: (draft.key.takes_back, draft.key))


def net_of_lines(supply: TaxedSum) -> list[int]:
    """What each line is without VAT: its own amount, or its share of the sum's net (INCL_TAX).

    Shares are rounded down and the rest goes to the largest remainders, so that they add up.
    """
    amounts = [line.amount_minor for line in supply.lines]
    total = sum(amounts)
    if supply.price_basis != "INCL_TAX" or not total:
        return amounts
    exact = [Fraction(amount * supply.net_minor, total) for amount in amounts]
    shares = [part.numerator // part.denominator for part in exact]
    rest = supply.net_minor - sum(shares)
    largest = sorted(range(len(exact)), key=lambda i: (shares[i] - exact[i], i))
    for i in largest[:rest]:
        shares[i] += 1
    return shares


def mode_of(key: DraftKey, *, house: UUID, agreed: str | None) -> str:
    """Who issues: the house for its own service or supplies, else as the two agreed."""
    if key.is_service:
        return FEE
    if house in (key.supplier, key.customer):
        return OWN
    return agreed or SELLER_ISSUES


def type_of(key: DraftKey, *, mode: str, house: UUID) -> str:
    """Who bills what it bought self-bills: the house under CCP, and the buyer of mode A2."""
    if mode == SELF_BILLING or (mode == OWN and key.customer == house):
        return SELF_BILLED_CREDIT if key.takes_back else SELF_BILLED
    return CREDIT_NOTE if key.takes_back else INVOICE


def series_of(issuer_code: str, type_code: str, *, environment: str) -> str:
    """A series of numbers: legal issuer and type. A test never takes a number of a live one."""
    return f"{issuer_code}-{'' if environment == 'LIVE' else 'T'}{_SERIES[type_code]}"


def issuer_code(name: str, taken: Sequence[str]) -> str:
    """A code for a legal issuer: the capitals of its name, with a figure where they are taken."""
    plain = "".join(char for char in name.upper() if char.isascii() and char.isalnum())
    stem = plain.lstrip("0123456789")[:6].ljust(2, "X")
    codes = (stem if not n else f"{stem[:4]}{n}" for n in range(10_000))
    return next(code for code in codes if code not in taken)


def _key(one: TaxedSum) -> DraftKey:
    return DraftKey(
        window=one.window,
        supplier=one.supplier,
        customer=one.customer,
        is_service=one.is_service,
        takes_back=one.net_minor < 0,
        place=one.place,
        price_basis=one.price_basis,
        is_outside=one.category == "O",
        is_credit=one.is_credit,
    )
