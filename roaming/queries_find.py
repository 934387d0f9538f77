"""Records by any id that stands in one: exact, by the small key tables and by indexes."""

from uuid import UUID

from django.db.models import QuerySet

from clearinghouse.identifiers import MalformedEvseId, parse_evse_id
from partners.models import Party
from roaming.models import RejectedKey, Sdr, SdrKey, SessionKey

# A search by vehicle or station may match many records; the newest ones are told.
MOST = 500


def records_named(term: str) -> list[UUID]:
    """Ids of records by SDR id, session id, our own id, pseudonym or EVSE id: the first that fits.

    By the session id of the CSO the records are found that hold the session, and rejected ones; a
    withdrawn one is found by its SDR id.
    """
    for find in (_by_key, _by_own_id, _by_pseudonym, _by_evse):
        if found := find(term):
            return found
    return []


def records_of_driver(pseudonym: str) -> QuerySet[Sdr]:
    """Newest first."""
    return Sdr.objects.filter(pseudonym=pseudonym).order_by("-started_at", "-id")


def records_at_evse(evse_id: str) -> QuerySet[Sdr]:
    """Newest first; an id that is none is compared as it was received."""
    try:
        stands = Sdr.objects.filter(evse_id=parse_evse_id(evse_id).normal)
    except MalformedEvseId:
        stands = Sdr.objects.filter(evse_id="", evse_id_received=evse_id)
    return stands.order_by("-ended_at", "-id")


def _by_key(term: str) -> list[UUID]:
    # Each key starts with the CSO: naming all of them makes it a look-up.
    parties = Party.objects.values("pk")
    keys: list[QuerySet] = [
        SdrKey.objects.filter(cso__in=parties, sdr_id=term).values_list("record_id"),
        RejectedKey.objects.filter(cso__in=parties, sdr_id=term).values_list("record_id"),
        SessionKey.objects.filter(cso__in=parties, session_id=term).values_list("record_id"),
        Sdr.objects.filter(rejected_at_intake=True, service_session_id=term).values_list("id"),
    ]
    found = keys[0].union(*keys[1:])[:MOST]
    return sorted((record_id for (record_id,) in found), reverse=True)


def _by_own_id(term: str) -> list[UUID]:
    try:
        return [UUID(term)]
    except ValueError:
        return []


def _by_pseudonym(term: str) -> list[UUID]:
    return list(records_of_driver(term).values_list("id", flat=True)[:MOST]) if term else []


def _by_evse(term: str) -> list[UUID]:
    return list(records_at_evse(term).values_list("id", flat=True)[:MOST])
