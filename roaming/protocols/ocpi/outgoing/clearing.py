"""Tell a partner's system that agreed to our clearing module how a record or dispute stands."""

from uuid import UUID

from partners.models import EndpointInterface, RoamingEndpoint
from roaming.gateways import NotReached, Route
from roaming.models import Delivery, Dispute, SdrState
from roaming.protocols.ocpi.clearing_words import disputes_of, module_name, standing_of
from roaming.protocols.ocpi.outgoing.calling import Request, send
from roaming.protocols.ocpi.trees.exact import Tree

_SIDE = "RECEIVER"


def is_taken_by(endpoint: RoamingEndpoint) -> bool:
    """It agreed, and its version details offer the module to push to."""
    return (
        RoamingEndpoint.Capability.CLEARING in endpoint.capabilities
        and EndpointInterface.objects.filter(
            endpoint=endpoint, module=module_name(), side=_SIDE
        ).exists()
    )


def tell(route: Route, *, kind: str, subject_id: UUID) -> None:
    """PUT the newest state; an older one that is still owed says the same again.

    :raises NotReached: as ``calling.send``; ``UNABLE`` what is told of is no record or dispute
    """
    path, body = _dispute(subject_id) if kind == Delivery.Kind.DISPUTE else _record(subject_id)
    send(
        route,
        Request(
            verb="PUT",
            module=module_name(),
            side=_SIDE,
            path=path,
            body=body,
            subject=(kind, subject_id),
        ),
    )


def _dispute(dispute_id: UUID) -> tuple[tuple[str, ...], Tree]:
    dispute = Dispute.objects.select_related("seller", "buyer").get(pk=dispute_id)
    [tree] = disputes_of([dispute])
    return ("disputes", str(dispute_id)), tree


def _record(record_id: UUID) -> tuple[tuple[str, ...], Tree]:
    state = SdrState.objects.filter(pk=record_id).first()
    if state is None:
        raise NotReached("UNABLE", f"there is no record {record_id}")
    tree = standing_of(state)
    return ("cdrs", tree["country_code"], tree["party_id"], tree["cdr_id"]), tree
