"""The clearing house's own module: accept, decline, withdraw, counter-records and disputes.

For connections that agreed to it; the same services and the same rules as the native API. Each
refusal is 2001 or 2000 with the API's code before its words.
"""

import dataclasses
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Max, QuerySet

from partners.models import Party, RoamingEndpoint
from roaming import queries, queries_disputes
from roaming.models import Dispute, Sdr, SdrKey, SdrState
from roaming.protocols.ocpi import clearing_words as words
from roaming.protocols.ocpi import faults
from roaming.protocols.ocpi.faults import Answer, Fault
from roaming.protocols.ocpi.http import Call, ModuleView
from roaming.protocols.ocpi.paging import page_of
from roaming.protocols.ocpi.records import DOOR, basis_between
from roaming.protocols.ocpi.registry import Module
from roaming.rules import dispute as rules
from roaming.rules.dispute import DisputeRefused
from roaming.services import counter_records, disputes, record_verbs
from roaming.services.dispute_steps import Actor
from roaming.services.disputes import Complaint
from roaming.services.intake import Origin

_CLEARING = RoamingEndpoint.Capability.CLEARING
_WRONG = ("REASON_UNKNOWN", "TEXT_TOO_SHORT", "TEXT_MISSING", "AMOUNT_WRONG", "AMOUNT_MISSING")
_LONGEST_TEXT = 2000


class _Decline(msgspec.Struct, frozen=True):
    """Why, by code D01 to D15; ``amount``: how much of it, missing: all."""

    reason: str
    text: str = ""
    amount: Any = None


class _Act(msgspec.Struct, frozen=True):
    amount: Any = None
    text: str = ""


class _View(ModuleView):
    needs = _CLEARING

    def own(self, call: Call) -> set[UUID]:
        """The parties that the caller acts for: its owner's own, as with the API."""
        endpoint = call.connection.endpoint
        owned = queries_disputes.owned_parties(
            endpoint.owner, environment=call.environment, now=call.now
        )
        return owned & {party.pk for party in self.speaking(call)}

    def speaking(self, call: Call) -> list[Party]:
        """Those that the request comes from: the one it states, else all of the connection."""
        stated = call.stated_sender
        if not stated or stated.is_hub:
            return list(call.parties)
        call.sender_in(None)  # refuses what was not approved
        code = (stated.country_code, stated.party_id)
        return [one for one in call.parties if (one.country_code, one.party_id) == code]

    def reader(self, call: Call) -> queries.Reader:
        endpoint = call.connection.endpoint
        whole = queries.reader_of(endpoint.owner, environment=call.environment, now=call.now)
        here = {party.pk for party in self.speaking(call)}
        return dataclasses.replace(whole, party_ids=whole.party_ids & here, former=())

    def record(self, call: Call, country: str, party: str, cdr_id: str) -> SdrState:
        """:raises Fault: 404, the caller is no side of such a CDR"""
        sellers = Party.objects.filter(
            country_code=country.upper(), party_id=party.upper(), environment=call.environment
        ).values_list("pk", flat=True)
        named = {"sdr_id": cdr_id}
        ids = list(
            SdrKey.objects.filter(cso__in=list(sellers), **named).values_list(
                "record_id", flat=True
            )
        ) or list(
            # Withdrawn or superseded: the newest that was under this id.
            Sdr.objects.filter(seller__in=list(sellers), **named)
            .order_by("-attempt")
            .values_list("id", flat=True)[:1]
        )
        state = queries.readable_states(self.reader(call)).filter(id__in=ids).first()
        if state is None:
            raise Fault(
                faults.CLIENT_ERROR, f"You have no CDR {country}*{party} {cdr_id} here.", http=404
            )
        return state

    def dispute(self, call: Call, dispute_id: str) -> Dispute:
        """:raises Fault: 404, the caller is no side of such a dispute"""
        try:
            wanted = UUID(dispute_id)
        except ValueError:
            wanted = None
        found = queries_disputes.readable_disputes(self.reader(call))
        dispute = found.filter(pk=wanted).first() if wanted else None
        if dispute is None:
            raise Fault(faults.CLIENT_ERROR, f"You have no dispute {dispute_id} here.", http=404)
        return dispute


class Disputes(_View):
    """GET …/sender/clearing/disputes: those of the caller's parties, in the order of opening."""

    def get(self, call: Call) -> Answer:
        rows: QuerySet[Dispute] = queries_disputes.readable_disputes(self.reader(call))
        moved = rows.annotate(moved_at=Max("events__at"))
        return page_of(call, moved, render=words.disputes_of, by="moved_at")


class DisputeOne(_View):
    """GET …/sender/clearing/disputes/{id}."""

    def get(self, call: Call, dispute_id: str) -> Answer:
        [tree] = words.disputes_of([self.dispute(call, dispute_id)])
        return Answer(tree)


class DisputeVerb(_View):
    """POST …/receiver/clearing/disputes/{id}/{verb}: a verb of the one table of stages."""

    def post(self, call: Call, dispute_id: str, verb: str) -> Answer:
        told = _body(call, _Act)
        dispute = self.dispute(call, dispute_id)
        if verb not in rules.PARTNER_VERBS:
            raise Fault(faults.CLIENT_ERROR, f"There is no verb {verb}.", http=404)
        sides = queries_disputes.sides_of(dispute.seller_id, dispute.buyer_id, self.own(call))
        if not sides:
            raise _not_yours("You may read this, but only a side may act.")
        moved = _refusing(
            disputes.act,
            dispute.pk,
            verb,
            by=_actor(call, rules.side_of(dispute.stage, verb, sides)),
            now=call.now,
            amount=told.amount,
            text=told.text[:_LONGEST_TEXT],
        )
        [tree] = words.disputes_of([moved])
        return Answer(tree)


class Cdr(_View):
    """GET …/sender/clearing/cdrs/{country}/{party}/{id}: how a CDR stands, for both sides."""

    def get(self, call: Call, country: str, party: str, cdr_id: str) -> Answer:
        return Answer(words.standing_of(self.record(call, country, party, cdr_id)))


class CdrVerb(_View):
    """POST …/receiver/clearing/cdrs/{country}/{party}/{id}/{accept, decline or withdraw}."""

    def post(self, call: Call, country: str, party: str, cdr_id: str, verb: str) -> Answer:
        if verb not in ("accept", "decline", "withdraw"):
            raise Fault(faults.CLIENT_ERROR, f"There is no verb {verb}.", http=404)
        state = self.record(call, country, party, cdr_id)
        side = state.seller_id if verb == "withdraw" else state.buyer_id
        if side not in self.own(call):
            raise _not_yours(f"The other side may {verb} this CDR.")
        if verb == "decline":
            return self._decline(call, state)
        moved = _refusing(
            record_verbs.act, state.pk, verb, actor=_actor(call, "").name, now=call.now
        )
        return Answer(words.standing_of(moved))

    def _decline(self, call: Call, state: SdrState) -> Answer:
        told = _body(call, _Decline)
        complaint = Complaint(
            reason=told.reason, text=told.text[:_LONGEST_TEXT], amount=told.amount
        )
        opened = _refusing(
            disputes.open_dispute, state.pk, complaint, by=_actor(call, rules.CSP), now=call.now
        )
        [tree] = words.disputes_of([opened])
        return Answer(tree, http=201)


class CounterRecords(_View):
    """POST …/receiver/clearing/counter-records: what a CSP itself knows of a session."""

    caller_role = Party.Role.CSP

    def post(self, call: Call) -> Answer:
        tree = call.tree()
        if not isinstance(tree, dict):
            raise Fault(faults.INVALID, "Send one object.")
        csp = call.sender
        submission = words.counter_record_of(
            tree, call.raw, version=call.version, basis=_basis(call, tree)
        )
        if submission.record.csp_id and submission.record.csp_id.upper() != csp.code:
            raise Fault(faults.INVALID, f"cdr_token: a driver of another one than {csp.code}.")
        origin = Origin(door=DOOR, actor=str(call.connection.endpoint)[:150])
        [outcome] = counter_records.take_in(
            [submission],
            sender=call.connection.endpoint.owner,
            environment=call.environment,
            origin=origin,
            received_at=call.now,
        )
        if outcome.outcome == "conflict":
            raise Fault(faults.INVALID, f"id {outcome.counter_id} was sent with other content.")
        if outcome.outcome == "rejected":
            raise words.fault_of(outcome.faults)
        return Answer(http=201 if outcome.outcome == "accepted" else 200)


def _basis(call: Call, tree: dict[str, Any]) -> Any:
    """Which of its prices is compared: the one that the CSO claims, by their agreement."""
    country, _, party = (words.code_of(tree) or "*").upper().partition("*")
    cso = Party.objects.filter(
        country_code=country, party_id=party, role=Party.Role.CSO, environment=call.environment
    ).first()
    return basis_between(cso, call.sender.code, tree, now=call.now) if cso else "EXCL_TAX"


def _actor(call: Call, side: str) -> Actor:
    return Actor(side=side, name=str(call.connection.endpoint)[:150])


def _body(call: Call, kind: Any) -> Any:
    """The body as ``kind``; none at all is an empty object.

    :raises Fault: HTTP 400, it is no JSON; 2001, it is no such object
    """
    tree = call.tree() if call.raw.strip() else {}
    try:
        told = msgspec.convert(tree, kind, strict=True)
        if told.amount is not None:
            amount = words.decimal_of(told.amount)
            told = msgspec.structs.replace(told, amount=amount)
    except (msgspec.ValidationError, ValueError) as error:
        raise Fault(faults.INVALID, str(error)) from error
    return told


def _refusing(work: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call a service; its refusal goes back under its code."""
    try:
        return work(*arguments, **named)
    except DisputeRefused as refused:
        code = faults.INVALID if refused.code in _WRONG else faults.CLIENT_ERROR
        raise Fault(code, f"{refused.code}: {refused}") from refused


def _not_yours(text: str) -> Fault:
    return Fault(faults.CLIENT_ERROR, f"VERB_NOT_YOURS: {text}", http=403)


MODULE = Module(
    name=words.module_name(),
    versions=words.VERSIONS,
    sides={"SENDER": "sender/clearing", "RECEIVER": "receiver/clearing"},
    routes=(
        ("sender/clearing/disputes", Disputes.as_view()),
        ("sender/clearing/disputes/<str:dispute_id>", DisputeOne.as_view()),
        ("sender/clearing/cdrs/<str:country>/<str:party>/<str:cdr_id>", Cdr.as_view()),
        ("receiver/clearing/counter-records", CounterRecords.as_view()),
        ("receiver/clearing/disputes/<str:dispute_id>/<str:verb>", DisputeVerb.as_view()),
        (
            "receiver/clearing/cdrs/<str:country>/<str:party>/<str:cdr_id>/<str:verb>",
            CdrVerb.as_view(),
        ),
    ),
    needs=_CLEARING,
)
