"""What a VAT decision says, and why a supply may be blocked.

The codes are stored with tasks and shown to staff and partners, so they are never renamed.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from billing.rules.vat.facts import Evidence, RateRow

Category: TypeAlias = Literal["S", "AE", "O", "E", "BLOCK"]

REVERSE_CHARGE_CODE = "VATEX-EU-AE"
OUT_OF_SCOPE_CODE = "VATEX-EU-O"

# What a person does about it; {place} is the country in question.
BLOCKS = {
    "FACTS_CONTRADICT": "Two facts exclude each other: {detail}",
    "SEAT_UNKNOWN": "Record where {party} has its seat on the tax date.",
    "BUYING_ESTABLISHMENT_UNKNOWN": (
        "The agreement buys for an establishment in {place}, but none of the customer is recorded "
        "there on the tax date. Record it, or correct the agreement."
    ),
    "CHARGE_COUNTRY_UNKNOWN": "Record in which country the charging site lies.",
    "KIND_UNDECIDED": (
        "Nobody has entered how {place} treats {kind}. Have the tax adviser decide, then enter a "
        "row for this country and kind."
    ),
    "RATE_UNKNOWN": "Enter the rate of {place} for {kind} that holds on the tax date.",
    "DOMESTIC_RULE_UNKNOWN": (
        "Both are resellers in {place}, and no row says on the tax date whether their supplies "
        "bear reverse charge (Art. 199a). Enter one: that it applies, or that it does not."
    ),
    "CUSTOMER_NOT_REGISTERED": (
        "The customer has no VAT id in {place} on the tax date. Ask for it and record it with its "
        "check, or have the tax adviser decide."
    ),
    "REGISTRATION_NOT_CHECKED": (
        "The VAT id of the customer in {place} was never confirmed. Check it in the register and "
        "record number and date of the check."
    ),
    "NOBODY_REGISTERED": (
        "The tax is due in {place}, where neither side has a VAT id on the tax date. If the "
        "customer has one, record it with its check; otherwise the supplier must register there."
    ),
    "SUPPLIER_NOT_REGISTERED": (
        "The supplier needs a VAT id in {place} on the tax date. It has to register there, or its "
        "VAT id has to be recorded."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VatDecision:
    """The treatment of one supply, with all it is founded on.

    ``rate`` is a fraction, above 0 for S and 0 for AE and E; O and BLOCK have none. ``place`` is
    where the supply is taxed. ``rate_row`` gave the rate of S, or of an AE that the house owes.
    ``ground`` is printed on the document. ``evidence`` is plain JSON: it is frozen with the
    document, and never computed again.
    """

    category: Category
    rate: Decimal | None = None
    rate_row: RateRow | None = None
    place: str | None = None
    ground: str = ""
    vatex_code: str = ""
    supplier_vat_id: str = ""
    customer_vat_id: str = ""
    block_code: str = ""
    what_to_do: str = ""
    evidence: Evidence

    @property
    def is_blocked(self) -> bool:
        return self.category == "BLOCK"

    @property
    def self_assessed_rate(self) -> Decimal:
        """At which the house owes what was shifted to it, a fraction; 0 where it owes nothing."""
        if self.category != "AE" or self.rate_row is None:
            return Decimal(0)
        return self.rate_row.rate

    @property
    def needs_its_own_document(self) -> bool:
        """O shares no document with another category (EN 16931, BR-O-11 and BR-O-12)."""
        return self.category == "O"
