"""Keep what CSOs tell of their locations: static data, and how each EVSE stands.

What is older than what is stored is ignored and answered as taken, since messages overtake one
another. Nothing is deleted: what vanished is marked, because records refer to it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from clearinghouse.retry import KeyTaken, in_transaction
from clearinghouse.uuid7 import uuid7s_at
from partners.models import Party
from roaming.messages.locations import EvseFacts, EvseStatus, LocationFacts
from roaming.models import Location, LocationEvse
from roaming.rules.location_change import PutWord
from roaming.services import location_news, location_rows
from roaming.services.location_rows import run

CHUNK = 500
# When an EVSE was commissioned, where its locations alone are known: before any record.
SINCE_EVER = datetime(2000, 1, 1, tzinfo=UTC)


class LocationUnknown(Exception):
    """The CSO has told of no such location, or of no such EVSE at it."""


class Put(NamedTuple):
    """What became of one location or EVSE: ``word`` as the rule says."""

    id: UUID
    key: str
    word: PutWord

    @property
    def is_news(self) -> bool:
        return self.word in ("created", "updated")


class Loaded(NamedTuple):
    """What a full load did: how many were told, were new or changed, and vanished."""

    told: int
    created: int
    updated: int
    vanished: int


def put_location(
    facts: LocationFacts,
    cso: Party,
    *,
    now: datetime,
    volatile: Sequence[str] = (),
) -> Put:
    """Keep one location; EVSEs that it tells no more are marked as removed.

    ``volatile``: names in its documents that only say when it was told: a repeat that differs in
    nothing else is no news.
    """
    return put_locations([facts], cso, now=now, volatile=volatile)[0]


def put_locations(
    many: Iterable[LocationFacts],
    cso: Party,
    *,
    now: datetime,
    volatile: Sequence[str] = (),
) -> list[Put]:
    """Keep many locations, a chunk per transaction; of two with one id the newer is kept.

    Returns one result per location id.
    """
    return [
        put
        for chunk in _chunks(many)
        for put in in_transaction(
            partial(_put_chunk, chunk, cso, now, volatile),
            also_retry=KeyTaken,
        )
    ]


def replace_all(
    cso: Party, every: Iterable[LocationFacts], *, now: datetime, volatile: Sequence[str] = ()
) -> Loaded:
    """Keep all locations of a CSO as told, and mark as removed what it tells no more."""
    told, created, updated = 0, 0, 0
    keys: set[str] = set()
    for chunk in _chunks(every):
        told += len(chunk)
        for put in put_locations(chunk, cso, now=now, volatile=volatile):
            keys.add(put.key)
            created += put.word == "created"
            updated += put.word == "updated"
    vanished = _remove(cso, keys, now)
    return Loaded(told, created, updated, len(vanished))


def change_location(
    cso: Party,
    location_id: str,
    merge: Callable[[Location], LocationFacts],
    *,
    now: datetime,
    volatile: Sequence[str] = (),
) -> Put:
    """Change a location: ``merge`` is handed what is stored, under lock, and says what it is now.

    :raises LocationUnknown: nothing is stored that could be changed.
    """

    def work() -> Put:
        facts = merge(locked(cso, location_id))
        return _put_chunk([facts], cso, now, volatile)[0]

    return in_transaction(work, also_retry=KeyTaken)


def put_evse(
    facts: EvseFacts, cso: Party, location_id: str, *, now: datetime, volatile: Sequence[str] = ()
) -> Put:
    """Keep one EVSE; its location then counts as updated when the EVSE was.

    :raises LocationUnknown: the CSO has told of no such location.
    """
    return change_evse(cso, location_id, lambda _: facts, now=now, volatile=volatile)


def change_evse(
    cso: Party,
    location_id: str,
    merge: Callable[[Location], EvseFacts],
    *,
    now: datetime,
    volatile: Sequence[str] = (),
) -> Put:
    """Change one EVSE: ``merge`` is handed its location, under lock, and says what it is now.

    :raises LocationUnknown: the CSO has told of no such location.
    """

    def work() -> Put:
        place = locked(cso, location_id)
        facts = merge(place)
        [(_, put)] = _put_evses([(place.pk, [facts])], cso, now, volatile)
        if put.word != "older":
            _bump(place, facts.updated_at, now)
            _register(cso, [place.pk])
        if put.is_news:
            location_news.tell_of_evse(put.id, cso, place, now=now)
        return put

    return in_transaction(work, also_retry=KeyTaken)


def set_status(
    cso: Party,
    location_id: str,
    evse_uid: str,
    status: EvseStatus,
    *,
    status_at: datetime,
    until_at: datetime | None = None,
    now: datetime,
) -> Put:
    """Say how one EVSE stands; from ``until_at`` on it is not known any more.

    :raises LocationUnknown: the CSO has told of no such EVSE.
    """
    with transaction.atomic():
        place = locked(cso, location_id)
        evse = evse_of(place, evse_uid)
        key = evse_uid.upper()
        if evse.status_at is not None and evse.status_at > status_at:
            return Put(evse.pk, key, "older")
        is_news = evse.status != status
        evse.status, evse.status_at, evse.status_until_at = status, status_at, until_at
        evse.updated_at, evse.received_at = max(evse.updated_at, status_at), now
        evse.save(
            update_fields=["status", "status_at", "status_until_at", "updated_at", "received_at"]
        )
        _bump(place, status_at, now)
        if is_news:
            location_news.tell_of_evse(evse.pk, cso, place, now=now)
    return Put(evse.pk, key, "updated" if is_news else "unchanged")


def locked(cso: Party, location_id: str) -> Location:
    """The location, locked until the transaction ends.

    :raises LocationUnknown: the CSO has told of no such location.
    """
    found = Location.objects.select_for_update().filter(cso=cso, location_id__iexact=location_id)
    place = found.first()
    if place is None:
        raise LocationUnknown(location_id)
    return place


def evse_of(place: Location, evse_uid: str) -> LocationEvse:
    """:raises LocationUnknown: there is no such EVSE at the location"""
    found = place.evses.filter(evse_uid__iexact=evse_uid).first()
    if found is None:
        raise LocationUnknown(evse_uid)
    return found


def _put_chunk(
    chunk: Sequence[LocationFacts], cso: Party, now: datetime, volatile: Sequence[str]
) -> list[Put]:
    facts_of = location_rows.newest_by_key(chunk, lambda facts: facts.location_id)
    rows = location_rows.of_locations(facts_of, uuid7s_at(now, len(facts_of)))
    parameters = {"cso_id": cso.pk, "environment": cso.environment, "now": now}
    found = run("put_locations", parameters | {"rows": rows, "volatile": list(volatile)})
    puts = {key: Put(id_, key, word) for key, id_, word, _ in found}
    told_of = {id_ for _, id_, _, is_told in found if is_told}
    if any(put.id is None for put in puts.values()):
        raise KeyTaken("location_id_is_unique_per_cso")
    taken = {key: put.id for key, put in puts.items() if put.word != "older"}
    wholes = [(id_, facts_of[key].evses) for key, id_ in taken.items() if facts_of[key].tells_evses]
    changed: set[UUID] = set()
    if wholes:
        told = _put_evses(wholes, cso, now, volatile)
        changed = {place for place, put in told if put.is_news}
        new = {put.id for put in puts.values() if put.word == "created"}
        changed |= _remove_vanished_evses([one for one in wholes if one[0] not in new], now)
    results = [
        put._replace(word="updated") if put.word == "unchanged" and put.id in changed else put
        for put in puts.values()
    ]
    _register(cso, list(taken.values()))
    news = [put.id for put in results if put.is_news and put.id in told_of]
    location_news.tell_of_locations(news, cso, now=now)
    return results


def _put_evses(
    taken: Sequence[tuple[UUID, Sequence[EvseFacts]]],
    cso: Party,
    now: datetime,
    volatile: Sequence[str],
) -> list[tuple[UUID, Put]]:
    """Each with its location."""
    rows = location_rows.of_evses(taken, now)
    parameters = {"cso_id": cso.pk, "now": now, "rows": rows, "volatile": list(volatile)}
    return [(place, Put(id_, key, word)) for place, key, id_, word in run("put_evses", parameters)]


def _remove_vanished_evses(
    taken: Sequence[tuple[UUID, Sequence[EvseFacts]]], now: datetime
) -> set[UUID]:
    """Returns the locations that lost one."""
    if not taken:
        return set()
    parameters = {
        "now": now,
        "locations": [place for place, _ in taken],
        "rows": location_rows.keys_of_evses(taken),
    }
    return {place for (place,) in run("remove_vanished_evses", parameters)}


def _remove(cso: Party, keys: set[str], now: datetime) -> list[UUID]:
    """Mark as removed what a full load did not tell."""
    with transaction.atomic():
        parameters = {"cso_id": cso.pk, "now": now, "keys": sorted(keys)}
        vanished = [id_ for (id_,) in run("remove_vanished_locations", parameters)]
        location_news.tell_of_locations(vanished, cso, now=now)
    return vanished


def _bump(place: Location, updated_at: datetime, now: datetime) -> None:
    """A location is as new as its newest EVSE."""
    if updated_at > place.updated_at:
        place.updated_at, place.received_at = updated_at, now
        place.save(update_fields=["updated_at", "received_at"])


def _register(cso: Party, locations: Sequence[UUID]) -> None:
    """Under the CSO's own prefix alone: nobody takes another's EVSE by telling of it."""
    if locations:
        parameters = {
            "cso_id": cso.pk,
            "prefix": f"{cso.code}*",
            "locations": list(locations),
            "since": SINCE_EVER,
        }
        run("register_evses", parameters)


def _chunks(many: Iterable[LocationFacts]) -> Iterator[list[LocationFacts]]:
    iterator = iter(many)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk
