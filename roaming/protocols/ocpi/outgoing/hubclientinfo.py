"""Tell a partner's system how a party stands that it may talk to (2.2.1 §14)."""

from uuid import UUID

from partners.models import PartyPresence
from roaming.gateways import Route
from roaming.protocols.ocpi.client_info import client_info
from roaming.protocols.ocpi.outgoing.calling import Request, send


def push(route: Route, subject_id: UUID) -> None:
    """PUT the ClientInfo of the party with this id.

    :raises NotReached: as ``calling.send``
    """
    presence = PartyPresence.objects.select_related("party").get(party=subject_id)
    party = presence.party
    send(
        route,
        Request(
            verb="PUT",
            module="hubclientinfo",
            side="RECEIVER",
            path=(party.country_code, party.party_id),
            body=client_info(presence),
            is_routed=False,
        ),
    )
