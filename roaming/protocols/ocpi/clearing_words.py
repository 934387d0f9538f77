"""Our custom module's objects: how a record and a dispute stand, and a CSP's counter-record.

OCPI has no word for declining a CDR (ocpi/ocpi#416); custom modules are named after the party that
made them, and are announced to those alone that agreed.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Max

from roaming.intake.counter_structure import CounterSubmission, read_counter_record
from roaming.models import Dispute, Sdr, SdrState
from roaming.protocols.ocpi import faults
from roaming.protocols.ocpi.cdrs import cost_on
from roaming.protocols.ocpi.faults import Fault
from roaming.protocols.ocpi.identity import hub_code
from roaming.protocols.ocpi.trees import times
from roaming.protocols.ocpi.trees.cdr_reading import Basis
from roaming.protocols.ocpi.trees.exact import Tree
from roaming.rules.dispute import next_step

VERSIONS = ("2.3.0", "2.2.1")
# Of a counter-record: OCPI's word, and ours.
_WORDS = {
    "id": "counter_id",
    "replaces_id": "replaces_counter_id",
    "session_id": "service_session_id",
    "authorization_reference": "authorization_reference",
    "evse_id": "evse_id",
    "location_id": "location_id",
    "tariff_id": "tariff_id",
    "start_date_time": "started_at",
    "end_date_time": "ended_at",
    "total_energy": "energy_kwh",
    "total_cost": "amount",
    "currency": "currency",
}
_TIMES = ("start_date_time", "end_date_time")
_OCPI_WORD = {ours: theirs for theirs, ours in _WORDS.items()} | {
    "cso_id": "country_code, party_id",
    "csp_id": "cdr_token.country_code, cdr_token.party_id",
    "contract_id": "cdr_token.contract_id",
}
_encode = msgspec.json.Encoder(decimal_format="string").encode


def module_name() -> str:
    """``declh-clearing`` for the clearing house DE*CLH."""
    return f"{''.join(hub_code())}-clearing".lower()


def standing_of(state: SdrState) -> Tree:
    """How a CDR stands here."""
    [tree] = standings_of([state])
    return tree


def standings_of(states: Iterable[SdrState]) -> list[Tree]:
    """In two queries."""
    rows = list(states)
    ids = [one.pk for one in rows]
    sdrs = Sdr.objects.filter(id__in=ids).in_bulk()
    open_ones = Dispute.objects.filter(record_id__in=ids, closed_at__isnull=True)
    disputes = dict(open_ones.values_list("record_id", "id"))
    return [_standing(one, sdrs[one.pk], disputes.get(one.pk)) for one in rows]


def _standing(state: SdrState, sdr: Sdr, dispute_id: UUID | None) -> Tree:
    return _told(
        {
            **_party(sdr.cso_code),
            "cdr_id": sdr.sdr_id,
            "state": state.state,
            "dispute_id": dispute_id and str(dispute_id),
            "answer_by": state.accept_by_at and times.written(state.accept_by_at),
            "accepted": state.accepted_at and times.written(state.accepted_at),
            "last_updated": times.written(state.changed_at),
        }
    )


def disputes_of(rows: Iterable[Dispute]) -> list[Tree]:
    """As both of their sides read them; in two queries."""
    found = list(rows)
    moved = dict(
        Dispute.objects.filter(pk__in=[one.pk for one in found])
        .annotate(moved_at=Max("events__at"))
        .values_list("pk", "moved_at")
    )
    named = {id_ for one in found for id_ in (one.record_id, one.replacement_id) if id_}
    ids = dict(Sdr.objects.filter(id__in=named).values_list("id", "sdr_id"))
    return [_dispute(one, ids, moved.get(one.pk) or one.opened_at) for one in found]


def _dispute(one: Dispute, cdr_ids: dict[UUID, str], moved_at: Any) -> Tree:
    return _told(
        {
            "id": str(one.pk),
            "number": one.number,
            **_party(one.seller.code),
            "emsp_country_code": one.buyer.country_code,
            "emsp_party_id": one.buyer.party_id,
            "cdr_id": one.record_id and cdr_ids.get(one.record_id),
            "replacement_cdr_id": one.replacement_id and cdr_ids.get(one.replacement_id),
            "reason": one.reason,
            "text": one.text,
            "stage": one.stage,
            "outcome": one.outcome,
            "version": one.version,
            "currency": one.currency,
            "claim_amount": one.claim_amount,
            "disputed_amount": one.disputed_amount,
            "offered_amount": one.offered_amount,
            "decided_amount": one.decided_amount,
            "next_step": next_step(
                one.stage,
                one.outcome,
                is_confirmed=one.is_confirmed,
                is_replaced=one.replacement_id is not None,
            ),
            "opened": times.written(one.opened_at),
            "answer_by": one.deadline_at and times.written(one.deadline_at),
            "closed": one.closed_at and times.written(one.closed_at),
            "last_updated": times.written(moved_at),
        }
    )


def counter_record_of(tree: Tree, raw: bytes, *, version: str, basis: Basis) -> CounterSubmission:
    """A CSP's own record of a session, read as ours; ``basis``: which of its prices is compared."""
    token = tree.get("cdr_token")
    token = token if isinstance(token, dict) else {}
    given = {ours: _value(tree, theirs) for theirs, ours in _WORDS.items()}
    given["amount"] = cost_on(tree.get("total_cost"), version=version, basis=basis)
    given |= {
        "cso_id": code_of(tree),
        "csp_id": code_of(token),
        "contract_id": token.get("contract_id"),
    }
    stated = {name: value for name, value in given.items() if value is not None}
    return read_counter_record(_encode(stated))._replace(raw=raw)


def decimal_of(value: Any) -> Decimal:
    """A JSON number, exactly.

    :raises ValueError: it is none
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError(f"amount is a number, not {value!r}")
    return Decimal(value)


def code_of(tree: Tree) -> str | None:
    country, party = tree.get("country_code"), tree.get("party_id")
    return f"{country}*{party}" if country and party else None


def fault_of(submission_faults: Iterable[Any]) -> Fault:
    """What is wrong with a counter-record, in OCPI's words."""
    told = [f"{_OCPI_WORD.get(one.field, one.field)} {one.message}" for one in submission_faults]
    return Fault(faults.INVALID, "; ".join(told)[:500])


def _value(tree: Tree, name: str) -> Any:
    """A time without a designator is UTC (OCPI); what is no time is told as it stands."""
    value = tree.get(name)
    if name in _TIMES and isinstance(value, str):
        instant = times.instant(value)
        return instant.isoformat() if instant else value
    return value


def _party(code: str) -> Tree:
    country, _, party = code.partition("*")
    return {"country_code": country, "party_id": party}


def _told(tree: Tree) -> Tree:
    """Without what is empty; 5.500000 as the column holds it is told as 5.5."""
    return {
        name: Decimal(f"{value.normalize():f}") if isinstance(value, Decimal) else value
        for name, value in tree.items()
        if value is not None and value != ""
    }
