"""Tariffs: CSOs publish and withdraw them, CSPs read what is offered to them."""

from partners.models import Party
from roaming import queries_locations
from roaming.models import Tariff
from roaming.protocols.ocpi import objects
from roaming.protocols.ocpi.bodies import check_id, check_owner, checked, object_of
from roaming.protocols.ocpi.faults import CLIENT_ERROR, INVALID, Answer, Fault
from roaming.protocols.ocpi.http import Call, ModuleView
from roaming.protocols.ocpi.identity import VERSIONS, format_of
from roaming.protocols.ocpi.modules.locations import owner_of, parties_asking
from roaming.protocols.ocpi.objects import Tree
from roaming.protocols.ocpi.paging import page_of
from roaming.protocols.ocpi.registry import Module
from roaming.protocols.ocpi.tariffs import tariff_tree, tariff_trees, with_newest
from roaming.services import tariffs
from roaming.services.tariffs import Publication, TariffRefused


class Tariffs(ModuleView):
    """All that is offered to the caller, or by one CSO: the one it is addressed to."""

    callee_role = Party.Role.CSO

    def get(self, call: Call) -> Answer:
        offered = queries_locations.offered_tariffs(
            parties_asking(call), environment=call.environment, now=call.now
        )
        if call.receiver is not None:
            offered = offered.filter(seller=call.receiver)
        return page_of(
            call, with_newest(offered), render=lambda page: tariff_trees(page, call.version)
        )


class TariffReceiver(ModuleView):
    """A CSO's own tariff. Addressed to one CSP it is for that CSP, else for everyone agreed."""

    callee_role = Party.Role.CSP

    def get(self, call: Call, country: str, party: str, tariff_id: str) -> Answer:
        tariff = _stored(call, owner_of(call, country, party), tariff_id)
        return Answer(_tree(call, tariff))

    def put(self, call: Call, country: str, party: str, tariff_id: str) -> Answer:
        seller = owner_of(call, country, party)
        tree = object_of(call, "Tariff")
        check_id(tree, "id", tariff_id)
        check_owner(tree, country, party)
        known = Tariff.objects.filter(seller=seller, tariff_id__iexact=tariff_id).exists()
        _publish(call, seller, call.raw)
        return Answer(http=200 if known else 201)

    def patch(self, call: Call, country: str, party: str, tariff_id: str) -> Answer:
        """Only 2.1.1 knows it."""
        if call.version != "2.1.1":
            raise Fault(CLIENT_ERROR, "PATCH is not possible here.", http=405)
        seller = owner_of(call, country, party)
        patch = object_of(call, "Tariff", is_patch=True)
        check_id(patch, "id", tariff_id)
        tree = checked(call, "Tariff", _tree(call, _stored(call, seller, tariff_id)) | patch)
        _publish(call, seller, objects.write(tree))
        return Answer()

    def delete(self, call: Call, country: str, party: str, tariff_id: str) -> Answer:
        tariffs.withdraw(_stored(call, owner_of(call, country, party), tariff_id), now=call.now)
        return Answer()


def _publish(call: Call, seller: Party, text: bytes) -> None:
    buyers = frozenset() if call.receiver is None else frozenset([call.receiver.pk])
    given = Publication(
        seller=seller,
        text=text,
        may_replace=True,
        content_format=format_of(call.version),
        buyers=buyers,
    )
    try:
        tariffs.publish(given, now=call.now)
    except TariffRefused as refused:
        raise Fault(INVALID, str(refused)) from refused


def _stored(call: Call, seller: Party, tariff_id: str) -> Tariff:
    """:raises Fault: 404, it is not there, or was withdrawn"""
    found = Tariff.objects.filter(
        seller=seller, tariff_id__iexact=tariff_id, withdrawn_at__isnull=True
    ).select_related("seller")
    tariff = found.first()
    if tariff is None:
        raise Fault(INVALID, f"There is no tariff {tariff_id}.", http=404)
    return tariff


def _tree(call: Call, tariff: Tariff) -> Tree:
    newest = tariff.versions.order_by("-version").first()
    if newest is None:
        raise Fault(INVALID, f"There is no tariff {tariff.tariff_id}.", http=404)
    try:
        return tariff_tree(tariff, newest, call.version)
    except objects.Untranslatable as error:
        raise Fault(INVALID, f"OCPI {call.version} has no words for it: {error}") from error


MODULE = Module(
    name="tariffs",
    versions=VERSIONS,
    sides={"SENDER": "sender/tariffs", "RECEIVER": "receiver/tariffs"},
    routes=[
        ("sender/tariffs", Tariffs.as_view()),
        ("receiver/tariffs/<country>/<party>/<tariff_id>", TariffReceiver.as_view()),
    ],
    owner_role=Party.Role.CSO,
)
