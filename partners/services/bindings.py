"""Which connections serve which parties: bound by staff, and let go when the right to it ends."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from partners.models import Mandate, PartyOwnership, RoamingEndpoint
from partners.services import audit


def release_lapsed(*, now: datetime) -> int:
    """Take parties from connections whose owner neither owns them any more nor has a mandate.

    What is for such a party would still be handed to the system of its former owner or agent. A
    mandate or an ownership that is yet to begin keeps it; how many were taken.
    """
    theirs = {"party": OuterRef("party")}
    still = Q(ends_at__isnull=True) | Q(ends_at__gt=now)
    owner = OuterRef("roamingendpoint__owner")
    owned = PartyOwnership.objects.filter(still, partner=owner, **theirs)
    mandated = Mandate.objects.filter(still, agent=owner, parties=OuterRef("party"))
    serves = RoamingEndpoint.parties.through
    with transaction.atomic():
        lapsed = list(
            serves.objects.filter(~Exists(owned), ~Exists(mandated))
            .select_related("roamingendpoint", "party")
            .select_for_update(of=("self",), skip_locked=True)
        )
        for one in lapsed:
            audit.record(
                "roamingendpoint.party_released",
                one.roamingendpoint,
                actor="clock",
                at=now,
                reason="Its owner neither owns the party any more nor has a mandate.",
                before={"party": one.party.code},
            )
        serves.objects.filter(pk__in=[one.pk for one in lapsed]).delete()
    return len(lapsed)
