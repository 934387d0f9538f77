"""Which versions the hub speaks, and where the modules of one lie. No module of its own."""

from django.http import HttpRequest
from django.urls import reverse

from roaming.protocols.ocpi.faults import CLIENT_ERROR, Answer, Fault
from roaming.protocols.ocpi.http import Call, ModuleView
from roaming.protocols.ocpi.identity import VERSIONS
from roaming.protocols.ocpi.registry import Module, modules_of


class Versions(ModuleView):
    """GET /ocpi/versions."""

    for_registration = True
    is_routed = False

    def get(self, call: Call) -> Answer:
        return Answer(
            [{"version": one, "url": base_url(call.request, one)} for one in reversed(VERSIONS)]
        )


class VersionDetails(ModuleView):
    """GET /ocpi/2.2.1: each module from each side, with its absolute URL.

    Some systems write what they append right behind it: for them it ends in a slash (a quirk).
    """

    for_registration = True
    is_routed = False

    def get(self, call: Call) -> Answer:
        base = base_url(call.request, call.version)
        end = "/" if call.connection.endpoint.quirks.get("addresses") == "SLASH" else ""
        agreed = call.connection.endpoint.capabilities
        modules = [one for one in modules_of(call.version) if not one.needs or one.needs in agreed]
        if call.version == "2.1.1":
            endpoints = [
                {"identifier": module.name, "url": f"{base}/{_route_for(module, call)}{end}"}
                for module in modules
            ]
        else:
            endpoints = [
                {"identifier": module.name, "role": side, "url": f"{base}/{route}{end}"}
                for module in modules
                for side, route in module.sides.items()
            ]
        return Answer({"version": call.version, "endpoints": endpoints})


class NotThere(ModuleView):
    """Whatever else is asked for below /ocpi/: no such thing, in OCPI's envelope."""

    is_routed = False

    def get(self, call: Call, **_path: str) -> Answer:
        raise Fault(CLIENT_ERROR, "There is nothing here.", http=404)

    put = patch = post = delete = get


def base_url(request: HttpRequest, version: str) -> str:
    """Where the modules of ``version`` begin, without a slash at its end."""
    return request.build_absolute_uri(reverse(f"ocpi:details-{version}"))


def _route_for(module: Module, call: Call) -> str:
    """2.1.1 knows no sides: who owns a module's data pushes it, everybody else pulls."""
    owns = any(party.role == module.owner_role for party in call.parties)
    side = "RECEIVER" if owns and module.owner_role else "SENDER"
    return module.sides.get(side) or next(iter(module.sides.values()))


ROUTES = (("versions", Versions.as_view()),)
