"""Held records follow new master data within a minute: read what is new, check what it may cure.

Facts move up by being read: the partners' floor does not know that records wait for it. Each look
goes back a little further than the last one; looking twice is harmless, and whatever is missed
(a clock that stood still) the longer round of ``holds.heal`` finds.
"""

from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from clearinghouse.uuid7 import floor_of
from partners.models import Mandate, PartnerState, Party, PartyOwnership, RoamingAgreement
from partners.queries import in_period
from roaming.models import Authorization, Credential, Evse, MeterKey, RuleOverride
from roaming.services import holds

LOOK_BACK = timedelta(seconds=90)


def heal_news(*, now: datetime) -> Counter[str]:
    """Check again what the master data of the last 90 seconds may cure; verdicts and how many."""
    parties = parties_with_news(since=now - LOOK_BACK, now=now)
    if not parties:
        return Counter()
    return holds.heal(actor="new master data", now=now, party_ids=parties)


def parties_with_news(*, since: datetime, now: datetime) -> set[UUID]:
    """Parties of whom something came into force, was set up or was listed in (since, now].

    A correction of a registry entry is not among them; it waits for the longer round.
    """
    came = Q(starts_at__gt=since, starts_at__lte=now) | Q(id__gte=floor_of(since))
    found: set[UUID] = set()
    in_force = RoamingAgreement.objects.filter(
        Q(in_force_at__gt=since) | Q(starts_at__gt=since), in_force_at__lte=now, starts_at__lte=now
    )
    for agreement in in_force:
        found |= {agreement.seller_id, agreement.buyer_id}
    found.update(Party.objects.filter(id__gte=floor_of(since)).values_list("id", flat=True))
    found |= {one.party_id for one in PartyOwnership.objects.filter(came)}
    named = Mandate.parties.through.objects.filter(mandate__in=Mandate.objects.filter(came))
    found |= {one.party_id for one in named}
    states = PartnerState.objects.filter(came)
    found |= _parties_of(states.values_list("partner", flat=True), now)
    for registry in (Evse, MeterKey):
        found.update(registry.objects.filter(came).values_list("cso", flat=True))
    found.update(Credential.objects.filter(came).values_list("csp", flat=True))
    granted = Authorization.objects.filter(id__gte=floor_of(since))
    found.update(granted.values_list("cso", flat=True))
    return found | _overridden(since, now)


def _parties_of(partner_ids, now: datetime) -> set[UUID]:
    owned = PartyOwnership.objects.filter(in_period(now), partner__in=list(partner_ids))
    return {one.party_id for one in owned}


def _overridden(since: datetime, now: datetime) -> set[UUID]:
    overrides = RuleOverride.objects.filter(
        Q(activated_at__gt=since) | Q(starts_at__gt=since),
        activated_at__lte=now,
        starts_at__lte=now,
    )
    found: set[UUID] = set()
    for override in overrides:
        if override.partner_id is not None:
            found |= _parties_of([override.partner_id], now)
    numbers = [one.agreement_number for one in overrides if one.agreement_number]
    for agreement in RoamingAgreement.objects.filter(number__in=numbers):
        found |= {agreement.seller_id, agreement.buyer_id}
    return found
