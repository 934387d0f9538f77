"""A counterpart of the house for TEST parties, so that a partner tries its systems with nobody.

It is a partner like any other, with parties in TEST alone. What is agreed with it goes the whole
way: records are checked, matched, cleared, and stand on a statement of TEST.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from partners.models import Environment, Partner, Party, RoamingAgreement
from partners.queries import current_owner
from partners.services import onboarding
from partners.services.onboarding import Terms

NAME = "Sandbox of the clearing house"
PARTY_ID = "SBX"
CURRENCY = "EUR"
_OTHER = {Party.Role.CSO.value: Party.Role.CSP, Party.Role.CSP.value: Party.Role.CSO}
# Sessions of the last days may be tried too.
_BEFORE = timedelta(days=30)


class NoSandbox(Exception):
    """The party has no counterpart; the text says why."""


def code() -> str:
    return f"{settings.HUB_COUNTRY_CODE}*{PARTY_ID}"


def agreement_with(party: Party) -> RoamingAgreement | None:
    """What the party has agreed with the house's counterpart, if it was made ready."""
    side = "seller" if party.role == Party.Role.CSO else "buyer"
    other = "buyer" if side == "seller" else "seller"
    found = RoamingAgreement.objects.filter(
        **{side: party, f"{other}__party_id": PARTY_ID},
        **{f"{other}__country_code": settings.HUB_COUNTRY_CODE},
        in_force_at__isnull=False,
    )
    return found.select_related("seller", "buyer").order_by("-version").first()


@transaction.atomic
def make_ready(party: Party, *, actor: str, now: datetime) -> RoamingAgreement:
    """The counterpart and the agreement with it; what is there already is left as it is.

    :raises NoSandbox: the party is LIVE, or neither sells nor buys
    """
    if party.environment != Environment.TEST:
        raise NoSandbox(f"{party.code} is LIVE: nothing is tried there.")
    if party.role not in _OTHER:
        raise NoSandbox(f"{party.code} is neither CSO nor CSP.")
    since = now - _BEFORE
    house = _house(actor=actor, since=since)
    other = onboarding.open_party(
        code(),
        role=_OTHER[party.role],
        name=NAME,
        partner=house,
        since=since,
        environment=Environment.TEST,
    )
    group = onboarding.open_group(
        "Sandbox",
        currency=CURRENCY,
        cycle="MONTHLY",
        time_zone=settings.TIME_ZONE,
        environment=Environment.TEST,
    )
    is_seller = party.role == Party.Role.CSO
    terms = Terms(
        seller=party if is_seller else other,
        buyer=other if is_seller else party,
        group=group,
        starts_at=since,
    )
    return onboarding.agree(terms, actor=actor, now=now)


def owner_of(party_id: UUID, *, now: datetime) -> Partner:
    """:raises NoSandbox: nobody owns it"""
    owner = current_owner(Party.objects.get(pk=party_id), at=now)
    if owner is None:
        raise NoSandbox("nobody owns this party")
    return owner


def _house(*, actor: str, since: datetime) -> Partner:
    return onboarding.open_partner(
        NAME,
        facts={"country_code": settings.HUB_COUNTRY_CODE},
        since=since,
        actor=actor,
        reason="counterpart of TEST parties",
    )
