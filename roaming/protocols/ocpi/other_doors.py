"""Records that came by our own API or a file, as CDRs of OCPI 2.2.1: a page in a few queries.

Where each charged is read off the location that its CSO published; what OCPI requires and nobody
told is never made up.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from roaming.intake.readers import read_kept
from roaming.messages import InboundSdr
from roaming.models import LocationEvse, Sdr, SdrState
from roaming.protocols.ocpi.cdrs import Cost, cdr_of
from roaming.protocols.ocpi.locations import location_tree
from roaming.protocols.ocpi.objects import Untranslatable
from roaming.protocols.ocpi.trees.exact import Tree
from roaming.services.received_bytes import Received

VERSION = "2.2.1"


@dataclass(slots=True)
class OtherDoors:
    """What the tables know about some records: their rows, price basis and EVSEs."""

    now: datetime
    sdrs: dict[UUID, Sdr] = field(default_factory=dict)
    with_tax: set[UUID] = field(default_factory=set)
    evses: dict[str, list[LocationEvse]] = field(default_factory=dict)

    def cdr(self, record_id: UUID, one: Received) -> Tree:
        """:raises Untranslatable: OCPI requires what the record or its location does not tell."""
        submission = read_kept(one.raw, door=one.door, profile=one.profile)
        row = self.sdrs.get(record_id)
        if submission is None or row is None:
            raise Untranslatable("", "the record cannot be read again")
        claim = row.claim_amount
        cost = Cost(None, claim) if record_id in self.with_tax else Cost(claim, None)
        return cdr_of(
            submission.sdr,
            location=self._location(submission.sdr, row),
            cost=cost,
            issued_at=row.received_at,
        )

    def _location(self, sdr: InboundSdr, row: Sdr) -> Tree:
        """The seller's own EVSE before another's of the same id, which a reseller sells."""
        told = self.evses.get(row.evse_id, [])
        evse = min(told, key=lambda one: (one.cso_id != row.seller_id, -one.id.int), default=None)
        if evse is None:
            text = f"its CSO told of no location with EVSE {sdr.evse_id or 'unnamed'}"
            raise Untranslatable("cdr_location", text)
        tree = location_tree(evse.location, [evse], VERSION, now=self.now)
        if not tree["evses"][0].get("connectors"):
            raise Untranslatable("cdr_location", f"EVSE {sdr.evse_id} has no connector")
        return tree


def load(record_ids: Collection[UUID], *, now: datetime) -> OtherDoors:
    """Three queries, whatever the number of records; none where there are none."""
    if not record_ids:
        return OtherDoors(now)
    sdrs = Sdr.objects.filter(id__in=list(record_ids)).in_bulk()
    with_tax = SdrState.objects.filter(
        id__in=list(record_ids), agreement__price_basis="INCL_TAX"
    ).values_list("id", flat=True)
    doors = OtherDoors(now, sdrs, set(with_tax))
    named = {one.evse_id for one in sdrs.values() if one.evse_id}
    environments = {one.environment for one in sdrs.values()}
    found = LocationEvse.objects.filter(
        evse_id__in=named, location__environment__in=environments
    ).select_related("location__cso")
    for evse in found:
        doors.evses.setdefault(evse.evse_id, []).append(evse)
    return doors
