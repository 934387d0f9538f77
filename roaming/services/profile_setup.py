"""Set up what a profile declares: its seller, counterparties, group and agreements."""

from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.db import transaction

from partners.models import Environment, Partner, Party, SettlementGroup
from partners.queries import agreements_between, current_owner
from partners.services import onboarding
from roaming.intake.profile import Profile, Side

_WHY = "declared by an import profile"


class PartiesMissing(Exception):
    """The profile names parties that are not set up; ``--create-parties`` would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Who does it, when, and from when on it holds."""

    actor: str
    now: datetime
    since: datetime
    environment: str = Environment.LIVE


def seller_of(profile: Profile, *, now: datetime, environment: str = Environment.LIVE) -> Partner:
    """The partner that owns the profile's seller party.

    :raises PartiesMissing: the party is not set up, or nobody owns it.
    """
    country_code, _, party_id = profile.seller.party.partition("*")
    party = Party.objects.filter(
        country_code=country_code, party_id=party_id, role="CSO", environment=environment
    ).first()
    owner = current_owner(party, at=now) if party else None
    if owner is None:
        raise PartiesMissing(
            f"party {profile.seller.party} is not set up: run again with --create-parties,"
            " or set it up under Partners"
        )
    return owner


@transaction.atomic
def set_up(profile: Profile, *, actor: str, now: datetime) -> Partner:
    """Create whatever the profile declares and is missing; return the seller's partner."""
    terms = profile.agreement
    zone = ZoneInfo(terms.group.time_zone)
    setup = Setup(actor=actor, now=now, since=datetime.combine(terms.starts_on, time(), zone))
    group = onboarding.open_group(
        terms.group.name,
        currency=terms.currency,
        cycle=terms.group.cycle,
        time_zone=terms.group.time_zone,
        environment=setup.environment,
    )
    seller = _party(profile.seller, "CSO", group, setup)
    for counterparty in profile.counterparties:
        side = Side(party=counterparty.party, name=counterparty.name)
        buyer = _party(side, "CSP", group, setup)
        _agree(profile, seller, buyer, group, setup)
    return seller_of(profile, now=now)


def _party(side: Side, role: str, group: SettlementGroup, setup: Setup) -> Party:
    """The party as it is, whoever owns it; a missing one is opened for the partner named."""
    country_code, _, party_id = side.party.partition("*")
    party = Party.objects.filter(
        country_code=country_code, party_id=party_id, role=role, environment=setup.environment
    ).first()
    owner = current_owner(party, at=setup.now) if party else None
    partner = owner or onboarding.open_partner(
        side.name,
        facts={"country_code": side.party[:2]},
        since=setup.since,
        actor=setup.actor,
        reason=_WHY,
    )
    onboarding.join_group(partner, group=group, since=setup.since)
    return party or onboarding.open_party(
        side.party,
        role=role,
        name=side.name,
        partner=partner,
        since=setup.since,
        environment=setup.environment,
    )


def _agree(
    profile: Profile, seller: Party, buyer: Party, group: SettlementGroup, setup: Setup
) -> None:
    """Agree as the profile declares, unless anything is agreed in that currency already."""
    agreed = agreements_between([seller.pk], [buyer.pk])
    if any(agreement.currency == profile.agreement.currency for agreement in agreed):
        return
    more = agreed_fields(profile)
    onboarding.agree(
        onboarding.Terms(
            seller=seller,
            buyer=buyer,
            group=group,
            starts_at=setup.since,
            commission_rate=profile.agreement.commission_rate,
            more={name: value for name, value in more.items() if name != "commission_rate"},
        ),
        actor=setup.actor,
        now=setup.now,
    )


def agreed_fields(profile: Profile) -> dict[str, object]:
    """What the profile declares of its agreements, by the names of ``RoamingAgreement``."""
    terms = profile.agreement
    return {
        "commission_rate": terms.commission_rate,
        "commission_beneficiary": terms.commission_beneficiary,
        "acceptance": terms.acceptance,
        "acceptance_days": terms.acceptance_days,
        "price_basis": terms.price_basis,
        "evse_registry": terms.evse_registry,
        "meter_key_registry": terms.meter_key_registry,
        "credential_registry": terms.credential_registry,
        "authorization_registry": terms.authorization_registry,
        "warn_after_days": _days(terms.warn_after_days),
        "refuse_after_days": _days(terms.refuse_after_days),
        "rule_overrides": {
            override.code: {"severity": override.severity, "reason": override.reason}
            for override in terms.overrides
        },
    }


def _days(value: int | str) -> int | None:
    return None if value == "never" else int(value)
