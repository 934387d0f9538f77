"""Records corrected many at once: a file goes out, comes back, and is applied.

Staff correct held records, a sender its own held and refused ones. A record is never changed: the
held one is rejected, and what was corrected comes in as the next attempt under the same id, judged
by every rule. What is asked for (currency, total, items) is the
seller's word and is not corrected here.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import QuerySet

from partners.models import Environment, Job, Partner, User
from partners.services import audit
from roaming.intake.structure import NotAnObject, Submission, read_sdr
from roaming.messages import InboundSdr, SdrOutcome
from roaming.models import Finding, HoldCorrection, SdrState
from roaming.rules import findings
from roaming.rules.catalog import REMEDIES
from roaming.services import deliveries, holds, lifecycle
from roaming.services.intake import Origin, take_in
from roaming.services.revalidation import read_again

CHUNK_ROWS = 200
# Personal: never in the download; a value that is filled in takes the place of what is stored.
PERSONAL = ("contract_id", "credential_id")
EDITABLE = (
    "csp_id service_session_id split_no charging_session_id transaction_id evse_id"
    " credential_type authorization_method authorization_reference tariff_id started_at ended_at"
    " charging_started_at charging_ended_at issued_at energy_kwh meter_id meter_start_kwh"
    " meter_end_kwh location_country location_name location_city connector_type current_type"
    " max_power_kw"
).split()
SHOWN = ("record_id", "version", "sdr_id", "codes", "what_is_wrong", "what_to_do", "claim")
COLUMNS = (*SHOWN, *EDITABLE, *PERSONAL)

Word: TypeAlias = Literal["accepted", "held again", "unchanged", "stale", "refused"]


@dataclass(slots=True)
class Corrected:
    """What became (or would become) of one row. ``changes``: field → [before, after]."""

    record_id: str
    sdr_id: str = ""
    outcome: Word = "unchanged"
    changes: dict[str, list[str]] = field(default_factory=dict)
    problem: str = ""
    new_record_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Who corrects and why. ``is_trial``: nothing stays, the answers are those of a real run.

    ``sender``: only LIVE records that it sent, refused ones too; without it staff correct any.
    """

    user: User
    reason: str
    now: datetime
    is_trial: bool
    job: Job | None = None
    sender: Partner | None = None

    @property
    def why(self) -> str:
        return f"corrected by {'its sender' if self.sender else 'staff'}: {self.reason}"


@dataclass(slots=True)
class _Try:
    row: Corrected
    state: SdrState
    submission: Submission


class _OnlyATrial(Exception):
    """Takes back what a trial has written."""


class _WouldBeRefused(Exception):
    """Some records do not pass: take all back and do the others alone."""


def rows_for(states: Sequence[Any]) -> Iterator[dict[str, str]]:
    """The rows of the download, in the order of ``states`` (as ``holds.queue`` annotates them)."""
    submissions = read_again([state.id for state in states])
    reasons = _reasons_of(states)
    for state in states:
        submission = submissions.get(state.id)
        if submission is None:
            continue
        told = {name: _text(getattr(submission.sdr, name)) for name in EDITABLE}
        yield {
            "record_id": str(state.id),
            "version": str(state.version),
            "sdr_id": submission.sdr.sdr_id,
            "codes": " ".join(state.codes),
            "what_is_wrong": " | ".join(reasons.get(state.id, ())),
            "what_to_do": " | ".join(REMEDIES[code] for code in state.codes if code in REMEDIES),
            "claim": f"{_text(submission.sdr.total_amount)} {submission.sdr.currency}".strip(),
            **told,
            **dict.fromkeys(PERSONAL, ""),
        }


def _reasons_of(states: Sequence[Any]) -> dict[UUID, list[str]]:
    """What the newest validation of each record found."""
    codes = {state.id: set(state.codes) for state in states}
    found = Finding.objects.filter(record_id__in=list(codes)).exclude(severity="WARN")
    reasons: dict[UUID, dict[str, str]] = {}
    for finding in found.order_by("version", "code"):
        if finding.code in codes[finding.record_id]:
            reasons.setdefault(finding.record_id, {})[finding.code] = finding.message
    return {record_id: list(told.values()) for record_id, told in reasons.items()}


def correct(rows: Iterable[dict[str, str]], order: Order) -> Iterator[list[Corrected]]:
    """Apply corrected rows (text by column) in chunks; each chunk is one transaction."""
    chunk: list[dict[str, str]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK_ROWS:
            yield _correct_chunk(chunk, order)
            chunk = []
    if chunk:
        yield _correct_chunk(chunk, order)


def _correct_chunk(rows: Sequence[dict[str, str]], order: Order) -> list[Corrected]:
    results, tries = _prepare(rows, order)
    while tries:
        try:
            with transaction.atomic():
                _replace(tries, order)
                if order.is_trial:
                    for one in tries:
                        one.row.new_record_id = ""
                    raise _OnlyATrial
        except _WouldBeRefused:
            tries = [one for one in tries if not one.row.problem]
            continue
        except _OnlyATrial:
            break
        sellers = {one.state.seller_id for one in tries if one.state.seller_id}
        deliveries.publish(sellers)
        break
    return results


def _prepare(rows: Sequence[dict[str, str]], order: Order) -> tuple[list[Corrected], list[_Try]]:
    """Sort out what is stale, unreadable or unchanged; the rest is to be tried."""
    ids = [uuid for row in rows if (uuid := _uuid(row.get("record_id", "")))]
    states = {state.id: state for state in _correctable(ids, order)}
    stored = read_again(states)
    results: list[Corrected] = []
    tries: dict[UUID, _Try] = {}
    for row in rows:
        one = Corrected(row.get("record_id", ""), row.get("sdr_id", ""))
        results.append(one)
        uuid = _uuid(one.record_id)
        state = states.get(uuid) if uuid else None
        if state is None or row.get("version") != str(state.version):
            one.outcome, one.problem = "stale", "moved since the download, or not held: leave it"
        elif state.id not in stored:
            one.outcome, one.problem = "refused", "its bytes were erased; its sender must send it"
        elif state.id in tries:
            one.outcome, one.problem = "refused", "the file has this record twice"
        else:
            submission = _changed(one, stored[state.id].sdr, row)
            if submission is not None:
                tries[state.id] = _Try(one, state, submission)
    return results, list(tries.values())


def _correctable(ids: Sequence[UUID], order: Order) -> QuerySet[SdrState]:
    if order.sender is None:
        return holds.queue().filter(id__in=ids)
    own = SdrState.objects.filter(
        id__in=ids,
        sender=order.sender,
        environment=Environment.LIVE,
        state__in=["HELD", "REJECTED"],
    )
    return own.exclude(id__in=HoldCorrection.objects.filter(record_id__in=ids).values("record_id"))


def _changed(one: Corrected, before: InboundSdr, row: dict[str, str]) -> Submission | None:
    """The corrected record; None where the row changes nothing or cannot be read."""
    fields = msgspec.to_builtins(before)
    for name in EDITABLE:
        old, new = _text(getattr(before, name)), row.get(name)
        if new is not None and new != old:
            one.changes[name] = [old, new]
            fields[name] = new or None
    for name in PERSONAL:
        if row.get(name):
            one.changes[name] = ["(not shown)", "(not shown)"]
            fields[name] = row[name]
    if not one.changes:
        return None
    # What is empty is not stated: a field left out, as a sender would.
    stated = {name: value for name, value in fields.items() if value not in (None, "")}
    try:
        submission = read_sdr(msgspec.json.encode(_typed(stated)))
    except NotAnObject as error:
        one.outcome, one.problem = "refused", str(error)
        return None
    if submission.findings:
        told = (_told(finding) for finding in submission.findings)
        one.outcome, one.problem = "refused", " | ".join(told)
        return None
    return submission


def _told(finding: findings.Finding) -> str:
    """Most messages begin with the field's name."""
    is_named = finding.message.startswith(finding.field)
    return finding.message if is_named else f"{finding.field}: {finding.message}"


def _typed(fields: dict[str, object]) -> dict[str, object]:
    """A count is a number in JSON; everything else may come as text."""
    split = str(fields.get("split_no", ""))
    return fields | ({"split_no": int(split)} if split.isdigit() else {})


def _replace(tries: Sequence[_Try], order: Order) -> None:
    """End the holds and take the corrected records in.

    :raises _WouldBeRefused: a record is not held any more, or its correction is no better.
    """
    held = [one.state.id for one in tries if one.state.state == "HELD"]
    moved = {one.state.id for one in tries} - set(held)
    moved |= set(
        lifecycle.move_many(
            held, "HELD", ["REJECTED"], actor=str(order.user), reason=order.why, now=order.now
        )
    )
    for one in tries:
        if one.state.id not in moved:
            one.row.outcome, one.row.problem = "stale", "moved meanwhile: leave it"
    if len(moved) == len(tries):
        _take_in(tries, order)
    if any(one.row.problem for one in tries):
        raise _WouldBeRefused
    _keep(tries, order)


def _take_in(tries: Sequence[_Try], order: Order) -> None:
    groups: dict[tuple[UUID, str], list[_Try]] = {}
    for one in tries:
        groups.setdefault((one.state.sender_id, one.state.environment), []).append(one)
    door = "PORTAL" if order.sender else "ADMIN"
    origin = Origin(door=door, actor=str(order.user), user=order.user, job=order.job)
    for (sender_id, environment), group in groups.items():
        chunks = take_in(
            [one.submission for one in group],
            sender=Partner.objects.get(pk=sender_id),
            environment=environment,
            origin=origin,
            received_at=order.now,
        )
        outcomes = [outcome for chunk in chunks for outcome in chunk]
        for one, outcome in zip(group, outcomes, strict=True):
            _tell(one.row, outcome)


def _tell(row: Corrected, outcome: SdrOutcome) -> None:
    row.new_record_id = outcome.record_id
    if outcome.outcome in ("accepted", "held"):
        row.outcome = "accepted" if outcome.outcome == "accepted" else "held again"
        row.problem = ""
        return
    row.outcome = "refused"
    told = (f"{finding.code} {finding.message}" for finding in outcome.findings)
    row.problem = f"would be {outcome.outcome}: {' | '.join(told)}"


def _keep(tries: Sequence[_Try], order: Order) -> None:
    """Who, when, what changed per field: in the history of both records and in the audit trail."""
    HoldCorrection.objects.bulk_create(
        HoldCorrection(
            record_id=one.state.id,
            new_record_id=one.row.new_record_id,
            changes=one.row.changes,
            reason=order.reason[:500],
            user=order.user,
            job=order.job,
            corrected_at=order.now,
        )
        for one in tries
    )
    for one in tries:
        audit.record(
            "hold.corrected",
            SdrState(id=one.state.id),
            actor=str(order.user),
            at=order.now,
            reason=order.reason,
            after={"new_record_id": one.row.new_record_id, "fields": sorted(one.row.changes)},
        )


def _text(value: object) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
