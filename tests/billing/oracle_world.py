"""The worked example of finance.md 4.4 in the database: A (NL), B (DE), C (NL) and the house (DE).

240 records of January 2027 pass the real intake; the last of them ends on 31 January at 23:40.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from billing.services.tax_rows import load_default_rows
from billing.services.windows import ensure_windows
from partners.models import (
    FeeComponent,
    GroupMembership,
    ParticipationContract,
    Partner,
    Party,
    SettlementGroup,
    TaxRegistration,
    TaxStatus,
)
from partners.queries import clearing_house
from tests.makers import (
    LONG_AGO,
    AgreementMaker,
    GroupMaker,
    PartnerMaker,
    PartyMaker,
    record,
    take,
)

JANUARY = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
LAST_END = datetime(2027, 1, 31, 22, 40, tzinfo=UTC)
BUSINESS_DAY_3 = datetime(2027, 2, 3, 12, 0, tzinfo=UTC)
BUSINESS_DAY_6 = datetime(2027, 2, 8, 17, 0, tzinfo=UTC)
SINCE = date(2026, 1, 1)

COUNTRIES = {"A": "NL", "B": "DE", "C": "NL"}
# Seller, buyer: records and their sum in cent.
SALES = {
    ("A", "B"): (80, 100_000),
    ("A", "C"): (30, 40_000),
    ("B", "A"): (50, 60_000),
    ("B", "C"): (20, 30_000),
    ("C", "A"): (20, 20_000),
    ("C", "B"): (40, 50_000),
}


@dataclass
class Oracle:
    """The cast by letter, and their group."""

    group: SettlementGroup
    partners: dict[str, Partner]
    sellers: dict[str, Party]
    buyers: dict[str, Party]

    def names(self, figures: dict[Partner, int]) -> dict[str, int]:
        letters = {partner: letter for letter, partner in self.partners.items()}
        return {letters.get(partner, "CH"): amount for partner, amount in figures.items()}


def an_oracle(*, with_fees: bool = True, **group: object) -> Oracle:
    """The cast with agreements between all, tax facts and the price list; no record yet."""
    load_default_rows()
    settled = GroupMaker(name="EUR monthly", **{"taxes": "DECIDED", **group})
    partners = {letter: PartnerMaker(name=letter) for letter in COUNTRIES}
    for letter, country in COUNTRIES.items():
        tax_facts(partners[letter], country, is_dealer=True)
        contract = ParticipationContract.objects.create(
            partner=partners[letter],
            number=f"PC-{letter}",
            has_netting_clause=True,
            starts_at=LONG_AGO,
        )
        GroupMembership.objects.create(contract=contract, group=settled)
    tax_facts(clearing_house(), "DE", is_dealer=settled.model == "CCP")
    sellers = {letter: _party(partners[letter], letter, Party.Role.CSO) for letter in COUNTRIES}
    buyers = {letter: _party(partners[letter], letter, Party.Role.CSP) for letter in COUNTRIES}
    for seller, buyer in SALES:
        AgreementMaker(
            seller=sellers[seller],
            buyer=buyers[buyer],
            group=settled,
            commission_rate=Decimal(0),
        )
    if with_fees:
        price_list(settled)
    ensure_windows(settled, now=JANUARY)
    return Oracle(settled, partners, sellers, buyers)


def price_list(group: SettlementGroup) -> None:
    """CSO 1 % of the amount and 0.02 per record, everyone 25.00 a month."""
    common = {"group": group, "from_date": SINCE, "rounding": "PER_WINDOW"}
    FeeComponent.objects.create(
        code="share", name="1 % of sales", kind="BP_OF_AMOUNT", rate=100, payer="CSO", **common
    )
    FeeComponent.objects.create(
        code="record", name="Per record", kind="PER_SDR", rate=2, payer="CSO", **common
    )
    FeeComponent.objects.create(
        code="month", name="Monthly fee", kind="MONTHLY", rate=2500, payer="PARTICIPANT", **common
    )


def january(oracle: Oracle, *, received_at: datetime = BUSINESS_DAY_3) -> None:
    """Send the 240 records, each seller's through its intake."""
    number = 0
    sent = defaultdict(list)
    for (seller, buyer), (count, total) in SALES.items():
        for index in range(count):
            number += 1
            cents = total // count + (total % count if index == count - 1 else 0)
            sent[seller].append(a_record(oracle, seller, buyer, number=number, cents=cents))
    for seller, records in sent.items():
        outcomes = take(*records, sender=oracle.sellers[seller], received_at=received_at)
        assert {outcome.outcome for outcome in outcomes} == {"accepted"}, outcomes[0]


def a_record(
    oracle: Oracle, seller: str, buyer: str, *, number: int, cents: int, **changes: object
) -> dict[str, object]:
    """One session of half an hour at its own station; number 240 is the last of the month."""
    ended_at = LAST_END - timedelta(hours=3 * (240 - number) if number <= 240 else 0)
    country = COUNTRIES[seller]
    amount = str(Decimal(cents) / 100)
    fields = {
        "sdr_id": f"{seller}-{number:04d}",
        "cso_id": oracle.sellers[seller].code,
        "csp_id": oracle.buyers[buyer].code,
        "service_session_id": f"S-{seller}-{number:04d}",
        "evse_id": f"{country}*{seller}{seller}{seller}*E{number:05d}*1",
        "contract_id": None,
        "started_at": (ended_at - timedelta(minutes=50)).isoformat(),
        "ended_at": ended_at.isoformat(),
        "location_country": country,
        "total_amount": amount,
        "items": [{"kind": "ENERGY", "quantity": "18.400", "amount": amount}],
    }
    return record(**(fields | changes))


def _party(partner: Partner, letter: str, role: str) -> Party:
    return PartyMaker(
        country_code=COUNTRIES[letter],
        party_id=letter * 3,
        role=role,
        partner=partner,
        owned_by=partner,
    )


def tax_facts(partner: Partner, country: str, *, is_dealer: bool) -> None:
    TaxStatus.objects.create(
        partner=partner, kind="SEAT", country_code=country, proof="register", from_date=SINCE
    )
    if is_dealer:
        TaxStatus.objects.create(partner=partner, kind="DEALER", proof="USt 1 TH", from_date=SINCE)
    TaxRegistration.objects.create(
        partner=partner,
        country_code=country,
        vat_number=f"{country}{partner.name[:1]}123456",
        check_number="WAPIAAAAX1",
        check_date=SINCE,
        from_date=SINCE,
    )
