"""Commands: CSPs ask, the hub asks on and relays the result (2.2.1 §13, protocols.md §1.10).

The CSO never sees where the CSP wants its result: it gets an address of the hub's.
"""

from django.utils import timezone

from partners.models import Party
from roaming.messages.sessions import RemoteAnswer
from roaming.protocols.ocpi import faults
from roaming.protocols.ocpi.bodies import checked, object_of
from roaming.protocols.ocpi.faults import Answer, Fault
from roaming.protocols.ocpi.http import Call, ModuleView
from roaming.protocols.ocpi.identity import VERSIONS
from roaming.protocols.ocpi.objects import Tree
from roaming.protocols.ocpi.registry import Module
from roaming.protocols.ocpi.remote_words import OBJECT_OF, ask_of, outcome_of, response_of
from roaming.rules.remote_outcomes import OutcomeVerdict
from roaming.services import remote, remote_outcomes
from roaming.services.remote_outcomes import OutcomeUnknown
from roaming.services.remote_routes import RemoteRefused

FAULT_OF = {
    "UNKNOWN_LOCATION": faults.UNKNOWN_LOCATION,
    "AMBIGUOUS": faults.UNKNOWN_LOCATION,
    "NO_AGREEMENT": faults.UNKNOWN_RECEIVER,
}


class CommandReceiver(ModuleView):
    """POST receiver/commands/{command}: a CSP asks; the CSO's answer is the answer."""

    caller_role = Party.Role.CSP
    callee_role = Party.Role.CSO

    def post(self, call: Call, command: str) -> Answer:
        if command not in OBJECT_OF or (
            command == "CANCEL_RESERVATION" and call.version == "2.1.1"
        ):
            raise Fault(faults.CLIENT_ERROR, f"There is no command {command}.", http=404)
        tree = object_of(call, OBJECT_OF[command])
        check_token(call, tree)
        asked = ask_of(command, tree, call.version, correlation_id=call.correlation_id)
        return relay(call, asked)


class CommandResult(ModuleView):
    """POST sender/commands/{command}/{key}: a CSO tells what became of a command."""

    caller_role = Party.Role.CSO
    callee_role = Party.Role.CSP

    def post(self, call: Call, command: str, key: str) -> Answer:
        kind = "CommandResponse" if call.version == "2.1.1" else "CommandResult"
        return take_result(call, key, kind)


def check_token(call: Call, tree: Tree) -> None:
    """A CSP may only use its own drivers' tokens; a 2.1.1 token names no owner.

    :raises Fault: 2001, it is another's
    """
    token = tree.get("token") or {}
    owner = f"{token.get('country_code', '')}*{token.get('party_id', '')}".upper()
    if owner not in ("*", call.sender.code):
        raise Fault(faults.INVALID, f"token: it is of {owner}, not of {call.sender.code}.")


def relay(call: Call, asked, *, is_profile: bool = False) -> Answer:
    """Ask on and answer as the CSO does.

    :raises Fault: it cannot be passed on
    :raises NotReached: the CSO could not be asked, or refused in its own words
    """
    try:
        found = remote.ask(asked, csp=call.sender, cso=call.receiver, clock=timezone.now)
    except RemoteRefused as refused:
        if refused.code == "UNKNOWN_SESSION":
            unknown = RemoteAnswer(answer="UNKNOWN_SESSION", timeout_s=0)
            return Answer(response_of(unknown, call.version, is_profile=is_profile))
        raise Fault(FAULT_OF.get(refused.code, faults.INVALID), str(refused)) from refused
    if found.failure is not None:
        raise found.failure
    return Answer(response_of(found.answer, call.version, is_profile=is_profile))


def take_result(call: Call, key: str, kind: str) -> Answer:
    """A result, bare as OCPI says, or wrapped as many send it.

    :raises Fault: 404, no request of the caller waits there
    """
    tree = call.tree()
    if isinstance(tree, dict) and isinstance(tree.get("data"), dict):
        tree = tree["data"]
    if isinstance(tree, dict) and isinstance(tree.get("message"), list):
        tree = tree | {"message": next(iter(tree["message"]), None)}
    told = outcome_of(checked(call, kind, tree))
    if told is None:
        raise Fault(faults.INVALID, "result: it is none that is known.")
    csos = [party for party in call.parties if party.role == Party.Role.CSO]
    try:
        taken = remote_outcomes.outcome(key, told, csos=csos, now=call.now)
    except OutcomeUnknown as unknown:
        raise Fault(faults.CLIENT_ERROR, str(unknown), http=404) from unknown
    if taken.verdict is OutcomeVerdict.NOTHING_WAITS:
        raise Fault(faults.CLIENT_ERROR, "This request was not accepted: it has no result.")
    return Answer()


MODULE = Module(
    name="commands",
    versions=VERSIONS,
    sides={"SENDER": "sender/commands", "RECEIVER": "receiver/commands"},
    routes=(
        ("receiver/commands/<str:command>", CommandReceiver.as_view()),
        ("sender/commands/<str:command>/<str:key>", CommandResult.as_view()),
    ),
    owner_role=Party.Role.CSP,
)
