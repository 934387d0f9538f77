"""Charging profiles of running sessions: set, read, cleared from afar (2.2.1 §14)."""

from partners.models import Party
from roaming.messages.sessions import RemoteAsk
from roaming.protocols.ocpi import faults
from roaming.protocols.ocpi.bodies import object_of
from roaming.protocols.ocpi.faults import Answer, Fault
from roaming.protocols.ocpi.http import Call, ModuleView
from roaming.protocols.ocpi.identity import format_of
from roaming.protocols.ocpi.modules.commands import relay, take_result
from roaming.protocols.ocpi.registry import Module
from roaming.protocols.ocpi.remote_words import active_profile_of, profile_of
from roaming.services import active_profiles
from roaming.services.remote_routes import RemoteRefused

_LONGEST_S = 7 * 24 * 3600
# What the result that comes to each of our addresses is.
_RESULTS = {
    "GET_PROFILE": "ActiveChargingProfileResult",
    "SET_PROFILE": "ChargingProfileResult",
    "CLEAR_PROFILE": "ClearProfileResult",
}


class ProfileReceiver(ModuleView):
    """{GET, PUT, DELETE} receiver/chargingprofiles/{session}: a CSP asks."""

    caller_role = Party.Role.CSP
    callee_role = Party.Role.CSO

    def get(self, call: Call, session_id: str) -> Answer:
        text = call.request.GET.get("duration", "")
        if not (text.isdecimal() and len(text) < 8 and 0 < int(text) <= _LONGEST_S):
            raise Fault(faults.INVALID, f"duration: send seconds from 1 to {_LONGEST_S}.")
        return _relay(call, "GET_PROFILE", session_id, _response_url(call), duration_s=int(text))

    def put(self, call: Call, session_id: str) -> Answer:
        tree = object_of(call, "SetChargingProfile")
        profile = profile_of(tree["charging_profile"])
        return _relay(call, "SET_PROFILE", session_id, tree["response_url"], profile=profile)

    def delete(self, call: Call, session_id: str) -> Answer:
        return _relay(call, "CLEAR_PROFILE", session_id, _response_url(call))


class ProfileResult(ModuleView):
    """POST sender/chargingprofiles/{kind}/{key}: a CSO tells what became of it."""

    caller_role = Party.Role.CSO
    callee_role = Party.Role.CSP

    def post(self, call: Call, kind: str, key: str) -> Answer:
        if kind not in _RESULTS:
            raise Fault(faults.CLIENT_ERROR, "No request waits at this address.", http=404)
        return take_result(call, key, _RESULTS[kind])


class ActiveProfile(ModuleView):
    """PUT sender/chargingprofiles/{session}: the profile of a session has changed."""

    caller_role = Party.Role.CSO
    callee_role = Party.Role.CSP

    def put(self, call: Call, session_id: str) -> Answer:
        profile = active_profile_of(object_of(call, "ActiveChargingProfile"))
        if profile is None:
            raise Fault(faults.INVALID, "This is no ActiveChargingProfile.")
        try:
            active_profiles.pass_on(
                session_id, profile, cso=call.sender, correlation_id=call.correlation_id
            )
        except RemoteRefused as refused:
            raise Fault(faults.INVALID, str(refused), http=404) from refused
        return Answer()


def _relay(call: Call, kind, session_id: str, response_url: str, **asked) -> Answer:
    return relay(
        call,
        RemoteAsk(
            kind=kind,
            session_id=session_id,
            response_url=response_url,
            correlation_id=call.correlation_id,
            document_format=format_of(call.version),
            **asked,
        ),
        is_profile=True,
    )


def _response_url(call: Call) -> str:
    url = call.request.GET.get("response_url", "").strip()
    if not 0 < len(url) <= 255:
        raise Fault(faults.INVALID, "response_url is missing: where should the result go?")
    return url


MODULE = Module(
    name="chargingprofiles",
    versions=("2.2.1", "2.3.0"),
    sides={"SENDER": "sender/chargingprofiles", "RECEIVER": "receiver/chargingprofiles"},
    routes=(
        ("receiver/chargingprofiles/<str:session_id>", ProfileReceiver.as_view()),
        ("sender/chargingprofiles/<str:session_id>", ActiveProfile.as_view()),
        ("sender/chargingprofiles/<str:kind>/<str:key>", ProfileResult.as_view()),
    ),
    owner_role=Party.Role.CSP,
)
