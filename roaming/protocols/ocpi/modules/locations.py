"""Locations: CSOs tell of them and of their EVSEs, CSPs read what they may see."""

from uuid import UUID

from django.db.models import Prefetch, QuerySet

from partners.models import Party
from roaming import queries_locations
from roaming.models import Location, LocationEvse
from roaming.protocols.ocpi import location_changes, objects
from roaming.protocols.ocpi.bodies import check_id, check_owner, object_of
from roaming.protocols.ocpi.faults import INVALID, UNKNOWN_LOCATION, Answer, Fault
from roaming.protocols.ocpi.http import Call, ModuleView
from roaming.protocols.ocpi.identity import VERSIONS, format_of
from roaming.protocols.ocpi.locations import location_tree, location_trees, ordered, part
from roaming.protocols.ocpi.objects import Tree
from roaming.protocols.ocpi.paging import page_of
from roaming.protocols.ocpi.registry import Module
from roaming.protocols.ocpi.trees.location_reading import VOLATILE, location_facts
from roaming.services import locations
from roaming.services.locations import Put

_EVSES = Prefetch("evses", queryset=LocationEvse.objects.order_by("id"))


class Locations(ModuleView):
    """All that the caller may see, or of one CSO: the one it is addressed to."""

    callee_role = Party.Role.CSO

    def get(self, call: Call) -> Answer:
        return page_of(
            call,
            _visible(call).prefetch_related(_EVSES),
            render=lambda page: location_trees(page, call.version, now=call.now),
        )


class OneLocation(ModuleView):
    """A location, an EVSE or a connector; the address names no owner, the headers may."""

    callee_role = Party.Role.CSO

    def get(
        self, call: Call, location_id: str, evse_uid: str = "", connector_id: str = ""
    ) -> Answer:
        found = list(_visible(call).filter(location_id__iexact=location_id)[:2])
        if not found:
            raise _unknown(f"location {location_id}")
        if len(found) > 1:
            raise Fault(INVALID, f"Several CSOs have a location {location_id}: name one in TO.")
        return Answer(_part_of(_tree(call, found[0]), evse_uid, connector_id))


class LocationReceiver(ModuleView):
    """A CSO's own location, with its EVSEs and their connectors."""

    caller_role = callee_role = None

    def get(
        self,
        call: Call,
        country: str,
        party: str,
        location_id: str,
        evse_uid: str = "",
        connector_id: str = "",
    ) -> Answer:
        cso = owner_of(call, country, party)
        place = Location.objects.filter(cso=cso, location_id__iexact=location_id).first()
        if place is None:
            raise _unknown(f"location {location_id}")
        return Answer(_part_of(_tree(call, place), evse_uid, connector_id))

    def put(self, call: Call, country: str, party: str, location_id: str) -> Answer:
        cso = owner_of(call, country, party)
        tree = object_of(call, "Location")
        check_id(tree, "id", location_id)
        check_owner(tree, country, party)
        facts = location_facts(tree, format_of(call.version))
        return _answer(locations.put_location(facts, cso, now=call.now, volatile=VOLATILE))

    def patch(self, call: Call, country: str, party: str, location_id: str) -> Answer:
        cso = owner_of(call, country, party)
        patch = object_of(call, "Location", is_patch=True)
        check_id(patch, "id", location_id)
        check_owner(patch, country, party)
        return _answer(location_changes.patch_location(call, cso, location_id, patch))


class EvseReceiver(LocationReceiver):
    """One EVSE of a CSO's own location; its location is as new as it is."""

    def put(  # type: ignore[override]
        self, call: Call, country: str, party: str, location_id: str, evse_uid: str
    ) -> Answer:
        cso = owner_of(call, country, party)
        tree = object_of(call, "EVSE")
        check_id(tree, "uid", evse_uid)
        return _answer(location_changes.put_evse(call, cso, location_id, tree))

    def patch(  # type: ignore[override]
        self, call: Call, country: str, party: str, location_id: str, evse_uid: str
    ) -> Answer:
        cso = owner_of(call, country, party)
        patch = object_of(call, "EVSE", is_patch=True)
        check_id(patch, "uid", evse_uid)
        return _answer(location_changes.patch_evse(call, cso, location_id, evse_uid, patch))


class ConnectorReceiver(LocationReceiver):
    """One connector; its EVSE and its location are as new as it is."""

    def put(  # type: ignore[override]
        self,
        call: Call,
        country: str,
        party: str,
        location_id: str,
        evse_uid: str,
        connector_id: str,
    ) -> Answer:
        cso = owner_of(call, country, party)
        tree = object_of(call, "Connector")
        check_id(tree, "id", connector_id)
        change = location_changes.connector_put(connector_id, tree)
        return _answer(location_changes.change_evse(call, cso, location_id, evse_uid, change))

    def patch(  # type: ignore[override]
        self,
        call: Call,
        country: str,
        party: str,
        location_id: str,
        evse_uid: str,
        connector_id: str,
    ) -> Answer:
        cso = owner_of(call, country, party)
        patch = object_of(call, "Connector", is_patch=True)
        check_id(patch, "id", connector_id)
        change = location_changes.connector_patched(connector_id, patch)
        return _answer(location_changes.change_evse(call, cso, location_id, evse_uid, change))


def owner_of(call: Call, country: str, party: str) -> Party:
    """The CSO of the address; FROM and TO, where stated, must be who they say.

    :raises Fault: it is not the caller's, or TO is not known
    """
    cso = call.owned_party(country, party, Party.Role.CSO)
    if call.stated_sender:
        call.sender_in(Party.Role.CSO)
    _ = call.receiver
    return cso


def parties_asking(call: Call) -> list[UUID]:
    """The caller's party in each of its roles; 2.1.1 names none, so all of them."""
    code = None if call.version == "2.1.1" else call.sender.code
    return [party.pk for party in call.parties if code in (None, party.code)]


def _visible(call: Call) -> QuerySet[Location]:
    """What the caller's party may see, in the order of receipt."""
    found = queries_locations.visible_locations(
        parties_asking(call), environment=call.environment, now=call.now
    )
    return found if call.receiver is None else found.filter(cso=call.receiver)


def _tree(call: Call, place: Location) -> Tree:
    try:
        return location_tree(place, ordered(place.evses.all()), call.version, now=call.now)
    except objects.Untranslatable as error:
        raise Fault(INVALID, f"OCPI {call.version} has no words for it: {error}") from error


def _part_of(tree: Tree, evse_uid: str, connector_id: str) -> Tree:
    """The location itself, or the EVSE or connector in it."""
    for name, id_name, id_ in (("evses", "uid", evse_uid), ("connectors", "id", connector_id)):
        if id_:
            found = part(tree.get(name) or (), id_name, id_)
            if found is None:
                raise _unknown(f"{id_name} {id_}")
            tree = found
    return tree


def _unknown(what: str) -> Fault:
    return Fault(UNKNOWN_LOCATION, f"There is no {what}.", http=404)


def _answer(put: Put) -> Answer:
    """What is older than what we have is answered as taken: the sender need not know."""
    return Answer(http=201 if put.word == "created" else 200)


_OWN = "receiver/locations/<country>/<party>/<location_id>"
_SEEN = "sender/locations/<location_id>"
MODULE = Module(
    name="locations",
    versions=VERSIONS,
    sides={"SENDER": "sender/locations", "RECEIVER": "receiver/locations"},
    routes=[
        ("sender/locations", Locations.as_view()),
        (_SEEN, OneLocation.as_view()),
        (f"{_SEEN}/<evse_uid>", OneLocation.as_view()),
        (f"{_SEEN}/<evse_uid>/<connector_id>", OneLocation.as_view()),
        (_OWN, LocationReceiver.as_view()),
        (f"{_OWN}/<evse_uid>", EvseReceiver.as_view()),
        (f"{_OWN}/<evse_uid>/<connector_id>", ConnectorReceiver.as_view()),
    ],
    owner_role=Party.Role.CSO,
)
