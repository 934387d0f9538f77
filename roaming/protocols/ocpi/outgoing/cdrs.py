"""Hand one record to its CSP's system as a CDR of the version that it speaks."""

from uuid import UUID

from roaming.gateways import NotReached, Route
from roaming.models import Delivery
from roaming.protocols.ocpi.objects import Untranslatable
from roaming.protocols.ocpi.outgoing.calling import Request, send
from roaming.protocols.ocpi.record_documents import cdr_document

_ATTEMPTS = 1
_LONGEST_URL = 500


def deliver(route: Route, *, record_id: UUID) -> str:
    """POST it; return where the CSP's system says it keeps it, or "".

    The hub retries by the delivery, not by the call.

    :raises NotReached: as ``calling.send``; ``UNTOLD`` where it cannot be told in that version
    """
    version = route.endpoint.protocol_version
    try:
        document = cdr_document(record_id, parties=[route.receiver], version=version)
    except Untranslatable as error:
        raise NotReached("UNTOLD", f"no CDR of OCPI {version}: {error}") from error
    heard = send(
        route,
        Request(
            verb="POST",
            module="cdrs",
            side="RECEIVER",
            body=document,
            attempts=_ATTEMPTS,
            subject=(Delivery.Kind.SDR, record_id),
        ),
    )
    return heard.headers.get("location", "")[:_LONGEST_URL]
