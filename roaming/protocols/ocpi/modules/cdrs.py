"""CDRs: taken from CSOs once and for all, kept, and read by the CSPs they are for (2.2.1 §10).

Stored before they are answered. The same again is answered as before; the same id with other
content is refused and changes nothing (OCPI is silent; the clearing house's rule).
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from django.urls import reverse

from partners.models import Party
from roaming.messages import SdrOutcome
from roaming.models import Delivery, Sdr, SdrKey, SdrState
from roaming.protocols.ocpi import faults
from roaming.protocols.ocpi.cdrs import submission_of
from roaming.protocols.ocpi.faults import Answer, Fault
from roaming.protocols.ocpi.http import Call, ModuleView
from roaming.protocols.ocpi.identity import VERSIONS
from roaming.protocols.ocpi.paging import page_of, period_of
from roaming.protocols.ocpi.record_documents import cdr_documents
from roaming.protocols.ocpi.records import DOOR, basis_between, profile_of
from roaming.protocols.ocpi.registry import Module
from roaming.protocols.ocpi.tokens_known import tokens_of
from roaming.services.intake import Origin, take_in

_CAP = 100
_LONGEST_MESSAGE = 500


class CdrReceiver(ModuleView):
    """POST /ocpi/{version}/receiver/cdrs."""

    caller_role = Party.Role.CSO
    callee_role = Party.Role.CSP

    def post(self, call: Call) -> Answer:
        tree = call.tree()
        if not isinstance(tree, dict):
            raise Fault(faults.INVALID, "Send one CDR object.")
        owner = _owner(call, tree)
        basis = basis_between(owner, _csp_code(tree), tree, now=call.now)
        submission = submission_of(
            call.version, call.raw, owner.code, basis=basis, token_of=tokens_of(call.environment)
        )
        origin = Origin(
            door=DOOR,
            actor=str(call.connection.endpoint),
            profile=profile_of(call.version, owner, basis),
        )
        (outcomes,) = take_in(
            [submission],
            sender=call.connection.endpoint.owner,
            environment=call.environment,
            origin=origin,
            received_at=call.now,
        )
        return _answer(call, owner, outcomes[0])


class KeptCdr(ModuleView):
    """GET /ocpi/{version}/receiver/cdrs/{country}/{party}/{id}: the CSO's own, as we hold it."""

    caller_role = Party.Role.CSO

    def get(self, call: Call, country: str, party: str, cdr_id: str) -> Answer:
        owner = call.owned_party(country, party, Party.Role.CSO)
        record_id = _record_of(owner, cdr_id)
        documents = cdr_documents([record_id], parties=[owner], version=call.version)
        if not documents:
            raise _unknown(cdr_id)
        return Answer(documents[0])


class CdrSender(ModuleView):
    """GET /ocpi/{version}/sender/cdrs: the records delivered to the caller, in their order."""

    caller_role = Party.Role.CSP

    def get(self, call: Call) -> Answer:
        csp = call.sender
        rows = Delivery.objects.filter(receiver=csp, kind=Delivery.Kind.SDR, sequence__isnull=False)
        since, until = period_of(call)
        if since is not None or until is not None:
            told = Sdr.objects.filter(buyer=csp)
            told = told.filter(issued_at__gte=since) if since else told
            told = told.filter(issued_at__lt=until) if until else told
            rows = rows.filter(subject_id__in=told.values("id"))

        def render(page: list[Delivery]) -> Iterable[Any]:
            ids = [one.subject_id for one in page]
            return cdr_documents(ids, parties=[csp], version=call.version)

        return page_of(call, rows, render=render, cap=_CAP, by="", order="sequence")


def _owner(call: Call, tree: dict[str, Any]) -> Party:
    """The CSO whose CDR it is: the sender, whom the CDR must name where its version can.

    :raises Fault: 2001, it names another
    """
    sender = call.sender
    if call.version == "2.1.1":
        return sender
    named = f"{tree.get('country_code', '')}*{tree.get('party_id', '')}".upper()
    if named not in ("*", sender.code):
        raise Fault(faults.INVALID, f"country_code, party_id: a CDR of {named} from {sender.code}.")
    return sender


def _csp_code(tree: dict[str, Any]) -> str:
    token = tree.get("cdr_token")
    token = token if isinstance(token, dict) else {}
    return f"{token.get('country_code', '')}*{token.get('party_id', '')}"


def _answer(call: Call, owner: Party, outcome: SdrOutcome) -> Answer:
    if outcome.outcome == "conflict":
        raise Fault(
            faults.INVALID, f"CDR id {outcome.sdr_id} is already used with different content."
        )
    if outcome.outcome == "rejected":
        raise Fault(faults.INVALID, _said(outcome, "REJECT"))
    is_new = outcome.outcome != "duplicate"
    return Answer(
        http=201 if is_new else 200,
        message=_said(outcome, "HOLD") if outcome.outcome == "held" else "",
        headers={"Location": _location(call, owner, outcome.sdr_id)},
    )


def _said(outcome: SdrOutcome, severity: str) -> str:
    """What the rules said, in words; never more than a status message should hold."""
    told = [f"{one.code} {one.message}" for one in outcome.findings if one.severity == severity]
    return "; ".join(told)[:_LONGEST_MESSAGE]


def _location(call: Call, owner: Party, cdr_id: str) -> str:
    path = reverse(f"ocpi:details-{call.version}")
    return call.request.build_absolute_uri(
        f"{path}/receiver/cdrs/{owner.country_code}/{owner.party_id}/{quote(cdr_id, safe='')}"
    )


def _record_of(owner: Party, cdr_id: str) -> Any:
    """The live record under this id, else the newest that was under it."""
    key = SdrKey.objects.filter(cso=owner, sdr_id=cdr_id).first()
    if key is not None:
        return key.record_id
    newest = Sdr.objects.filter(seller=owner, sdr_id=cdr_id).order_by("-attempt").first()
    if newest is None or SdrState.objects.filter(id=newest.id, state="REJECTED").exists():
        raise _unknown(cdr_id)
    return newest.id


def _unknown(cdr_id: str) -> Fault:
    return Fault(faults.CLIENT_ERROR, f"There is no CDR {cdr_id} of yours here.", http=404)


MODULE = Module(
    name="cdrs",
    versions=VERSIONS,
    sides={"SENDER": "sender/cdrs", "RECEIVER": "receiver/cdrs"},
    routes=(
        ("sender/cdrs", CdrSender.as_view()),
        ("receiver/cdrs", CdrReceiver.as_view()),
        # Ids may hold a slash, which a web server hands over like those of the path.
        ("receiver/cdrs/<str:country>/<str:party>/<path:cdr_id>", KeptCdr.as_view()),
    ),
    owner_role=Party.Role.CSO,
)
