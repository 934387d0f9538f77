"""What a VAT decision may be founded on: facts and rows of rules, each valid for some days.

A fact holds from ``from_date`` up to, but without, ``until_date`` (None: no end is known). Which
of two facts holds is asked of the tax date alone, never of today.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias, TypeVar

Kind: TypeAlias = Literal["ELECTRICITY", "PARKING", "RESERVATION", "SERVICE"]
Treatment: TypeAlias = Literal[
    "AS_ELECTRICITY",  # Art. 38 and 39: part of the supply of electricity
    "AS_SERVICE",  # Art. 44: a service, taxed where the customer is
    "AT_THE_SITE",  # Art. 47: connected with immovable property; the supplier pays the tax
    "AT_THE_SITE_REVERSED",  # Art. 47, and the state shifts the tax to the customer by Art. 194
]
Evidence: TypeAlias = dict[str, object]


class FactsContradict(ValueError):
    """Two facts that exclude each other hold on one day; the registers must be put right first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """Valid on the days ``from_date`` ≤ day < ``until_date``."""

    from_date: date
    until_date: date | None = None

    def holds_on(self, day: date) -> bool:
        return self.from_date <= day and (self.until_date is None or day < self.until_date)

    def as_evidence(self) -> Evidence:
        """All its fields in JSON's own types: days as ISO 8601, decimals as strings."""
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Establishment(Dated):
    """Where a company is established, ISO 3166-1 alpha-2; exactly one is the seat.

    One that is not the seat is recorded only where it takes part in these supplies: one that does
    not counts as none (Art. 192a).
    """

    country: str
    is_seat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VatId(Dated):
    """A VAT registration. ``country`` is ISO 3166-1: GR, though Greek numbers begin with EL.

    ``check_number`` and ``check_date`` are the consultation of the tax register (VIES) that
    confirmed it. A right check digit is no consultation.
    """

    country: str
    number: str
    check_number: str = ""
    check_date: date | None = None

    @property
    def is_checked(self) -> bool:
        return bool(self.check_number.strip()) and self.check_date is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class DealerProof(Dated):
    """That the company buys electricity to resell it (Art. 38 (2)); in Germany form USt 1 TH."""

    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption(Dated):
    """In this country the supplier's supplies are exempt, e.g. as a small enterprise."""

    country: str
    ground: str
    vatex_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxParty:
    """A supplier or customer with all that was ever recorded of it."""

    name: str
    establishments: tuple[Establishment, ...] = ()
    vat_ids: tuple[VatId, ...] = ()
    dealer_proofs: tuple[DealerProof, ...] = ()
    exemptions: tuple[Exemption, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRow(Dated):
    """``rate`` is a fraction: 0.21 is 21 %."""

    country: str
    kind: Kind
    rate: Decimal
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRow(Dated):
    """How a state treats a kind. For SERVICE the state of the customer, else of the site."""

    country: str
    kind: Kind
    treatment: Treatment
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DomesticRow(Dated):
    """Does a state shift the tax between two resellers at home (Art. 199a (1) (e))?

    A state that does not is a row with ``applies`` false. No row means: nobody has looked.
    """

    country: str
    applies: bool
    law: str = ""
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRules:
    """All rows of rules; overlapping ones are refused when they are asked."""

    rates: tuple[RateRow, ...] = ()
    kinds: tuple[KindRow, ...] = ()
    domestic: tuple[DomesticRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """One supply to be judged.

    ``tax_date`` is the day on which the tax becomes due. ``charge_country`` is the state of the
    site, None for a fee of the house. ``buys_for`` names the customer's establishment that buys;
    None is its seat. ``is_to_the_house``: the customer is the house, in whose books a tax that is
    shifted to it is posted; so its rate must be known too.
    """

    kind: Kind
    tax_date: date
    charge_country: str | None = None
    buys_for: str | None = None
    is_to_the_house: bool = False


Fact = TypeVar("Fact", bound=Dated)


def only_one(facts: Iterable[Fact], *, on: date, about: str) -> Fact | None:
    """Return the fact that holds on the day, or None.

    :raises FactsContradict: more than one does.
    """
    found = [fact for fact in facts if fact.holds_on(on)]
    if len(found) > 1:
        raise FactsContradict(f"{about}: {len(found)} rows hold on {on}. End all but one.")
    return found[0] if found else None


def plain(value: object) -> object:
    """A value of a fact in JSON's own types."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return value
