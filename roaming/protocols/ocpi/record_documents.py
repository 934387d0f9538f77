"""Records as CDRs of one version: as they came where that is theirs, else translated."""

from collections.abc import Collection, Sequence
from uuid import UUID

from partners.models import Party
from roaming.protocols.ocpi import objects
from roaming.protocols.ocpi.records import known_kept, version_kept
from roaming.protocols.ocpi.trees.exact import Tree
from roaming.services.received_bytes import Received, received


def cdr_documents(
    record_ids: Sequence[UUID], *, parties: Collection[Party], version: str
) -> list[Tree]:
    """CDRs of those records of which one of ``parties`` is a side, in the order of the ids."""
    kept = received(record_ids, parties=[party.pk for party in parties])
    return [
        document
        for record_id in record_ids
        if record_id in kept and (document := _document(kept[record_id], version)) is not None
    ]


def _document(one: Received, version: str) -> Tree | None:
    """None where the record came in another way, or cannot be told in that version."""
    kept = version_kept(one.profile)
    if not kept:
        return None
    tree: Tree = objects.decode(one.raw)
    try:
        return objects.translate("CDR", tree, kept, version, known_kept(one.profile)).tree
    except objects.Untranslatable:
        return None
