"""Offers in few words, for tests: Nordlicht sells to Voltaire from January on."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from partners.models import AgreementOffer, GroupMembership, ParticipationContract, Party, User
from partners.rules.offers import Terms
from partners.services import offers
from partners.services.offers import Wanted
from tests.makers import (
    LONG_AGO,
    NOON,
    GroupMaker,
    PartnerUserMaker,
    nordlicht,
    partner_of,
    voltaire,
)

JANUARY = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
FEBRUARY = datetime(2027, 1, 31, 23, 0, tzinfo=UTC)
TERMS = Terms(
    mode="CLEARED_PO",
    service_class="CHARGING",
    price_basis="EXCL_TAX",
    acceptance="DEEMED",
    acceptance_days=5,
    warn_after_days=7,
    refuse_after_days=60,
    tariff_notice_days=30,
    reduction=Decimal("0.02"),
    starts_at=JANUARY,
)


def person_of(party: Party, role: str = "partner-admin") -> User:
    partner = partner_of(party)
    name = f"{partner.name.lower()}-{role}"
    return PartnerUserMaker(username=name, partner=partner, role=role)


def joined(*parties: Party) -> None:
    """Their contracts join the group in euros."""
    for party in parties:
        contract, _ = ParticipationContract.objects.get_or_create(
            partner=partner_of(party),
            ends_at=None,
            defaults={"number": f"P-{party.code}", "starts_at": LONG_AGO},
        )
        GroupMembership.objects.get_or_create(contract=contract, group=GroupMaker())


def wanted(**changes: object) -> Wanted:
    terms = {name: changes.pop(name) for name in list(changes) if hasattr(TERMS, name)}
    fields: dict = {
        "maker": nordlicht(),
        "taker_code": "FR*VOL",
        "taker_role": "CSP",
        "maker_sells": True,
        "group": GroupMaker(),
        "terms": replace(TERMS, **terms),
    }
    return Wanted(**(fields | changes))


def offered(*, by: User | None = None, at: datetime = NOON, **changes: object) -> AgreementOffer:
    """Offered by Nordlicht's administrator; both sides have joined the group."""
    joined(nordlicht(), voltaire())
    return offers.make(wanted(**changes), by=by or person_of(nordlicht()), now=at)
