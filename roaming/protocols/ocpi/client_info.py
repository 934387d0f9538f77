"""ClientInfo objects: how a party stands, in OCPI's words (2.2.1 §14)."""

from typing import Any

from partners.models import PartyPresence
from roaming.protocols.ocpi.identity import word_of
from roaming.protocols.ocpi.trees import times


def client_info(row: PartyPresence) -> dict[str, Any]:
    """Who left for good stays listed as SUSPENDED."""
    return {
        "party_id": row.party.party_id,
        "country_code": row.party.country_code,
        "role": word_of(row.party.role),
        "status": row.state,
        "last_updated": times.written(row.changed_at),
    }
