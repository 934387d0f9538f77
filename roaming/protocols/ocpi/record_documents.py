"""Records as CDRs of one version: as they came where that is theirs, else translated or written."""

from collections.abc import Collection, Sequence
from uuid import UUID

from django.utils import timezone

from partners.models import Party
from roaming.protocols.ocpi import objects, other_doors
from roaming.protocols.ocpi.objects import Known, Untranslatable
from roaming.protocols.ocpi.other_doors import OtherDoors
from roaming.protocols.ocpi.records import known_kept, version_kept
from roaming.protocols.ocpi.trees.exact import Tree
from roaming.services.received_bytes import Received, received


def cdr_documents(
    record_ids: Sequence[UUID], *, parties: Collection[Party], version: str
) -> list[Tree]:
    """CDRs of those records of which one of ``parties`` is a side, in the order of the ids.

    What the version has no words for, or what nobody told that it requires, is left out.
    """
    told = []
    kept, doors = _loaded(record_ids, parties)
    for record_id in record_ids:
        try:
            if record_id in kept:
                told.append(_document(record_id, kept[record_id], doors, version))
        except Untranslatable:
            continue
    return told


def cdr_document(record_id: UUID, *, parties: Collection[Party], version: str) -> Tree:
    """:raises Untranslatable: why it cannot be told, or that its bytes are gone"""
    kept, doors = _loaded([record_id], parties)
    if record_id not in kept:
        raise Untranslatable("", "what was received is not kept any more")
    return _document(record_id, kept[record_id], doors, version)


def _loaded(
    record_ids: Sequence[UUID], parties: Collection[Party]
) -> tuple[dict[UUID, Received], OtherDoors]:
    kept = received(record_ids, parties=[party.pk for party in parties])
    others = [record_id for record_id, one in kept.items() if not version_kept(one.profile)]
    return kept, other_doors.load(others, now=timezone.now())


def _document(record_id: UUID, one: Received, doors: OtherDoors, version: str) -> Tree:
    kept = version_kept(one.profile)
    if kept:
        tree, known = objects.decode(one.raw), known_kept(one.profile)
    else:
        kept, tree = other_doors.VERSION, doors.cdr(record_id, one)
        known = Known(owner=f"{tree['country_code']}*{tree['party_id']}")
    return objects.translate("CDR", tree, kept, version, known).tree
