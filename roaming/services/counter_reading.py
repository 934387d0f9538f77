"""Counter-records and matches as their parties read them.

A counter-record is its CSP's alone. Of a match both sides see the outcome and both values; which
counter-record it is, the CSP alone.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias, cast
from uuid import UUID

import msgspec
from django.db.models import Q

from roaming.messages import plain
from roaming.models import AgeingStep, CounterKey, CounterRecord, Delivery, Match, Sdr
from roaming.queries import Reader

OutcomeName: TypeAlias = Literal[
    "MATCHED", "MATCHED_TOLERANCE", "MISMATCH", "CSO_ONLY", "CSP_ONLY", "AMBIGUOUS", "DUPLICATE"
]
_ABOUT_MATCHES = (Delivery.Kind.MATCH, Delivery.Kind.REMINDER)
_CLOSING_STAGE = "CSP_ONLY_30"
_HINTS = ("service_session_id", "evse_id", "currency")
_COPIED = (
    "counter_id replaces_counter_id service_session_id authorization_reference evse_id"
    " location_id pseudonym tariff_id started_at ended_at currency received_at"
).split()
_NUMBERS = (
    "sdr_energy_kwh counter_energy_kwh energy_tolerance_kwh sdr_amount counter_amount"
    " amount_tolerance"
).split()
_PLAIN = (
    "is_current step differences ended_at start_difference_s end_difference_s time_tolerance_s"
    " matched_at"
).split()
_encode = msgspec.json.Encoder(decimal_format="string").encode


class MatchRow(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides of one session and what was found."""

    match_id: UUID
    outcome: OutcomeName
    is_current: bool
    is_held_for_csp: bool
    step: int
    differences: list[str]
    cso_id: str
    csp_id: str
    record_id: UUID | None
    sdr_id: str
    counter_record_id: UUID | None
    counter_id: str
    service_session_id: str
    evse_id: str
    started_at: datetime | None
    ended_at: datetime
    sdr_energy_kwh: Decimal | None
    counter_energy_kwh: Decimal | None
    energy_tolerance_kwh: Decimal | None
    sdr_amount: Decimal | None
    counter_amount: Decimal | None
    amount_tolerance: Decimal | None
    currency: str
    start_difference_s: int | None
    end_difference_s: int | None
    time_tolerance_s: int | None
    matched_at: datetime
    closed_at: datetime | None


class MatchPage(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first. ``next`` is the address of the next page, null on the last one."""

    results: list[MatchRow]
    next: str | None


class CounterRow(msgspec.Struct, frozen=True, kw_only=True):
    """A counter-record as its CSP sent it, and what matching found."""

    record_id: UUID
    counter_id: str
    replaces_counter_id: str
    is_replaced: bool
    csp_id: str
    cso_id: str
    service_session_id: str
    authorization_reference: str
    evse_id: str
    location_id: str
    pseudonym: str
    tariff_id: str
    started_at: datetime
    ended_at: datetime
    energy_kwh: Decimal | None
    amount: Decimal | None
    currency: str
    received_at: datetime
    match: MatchRow | None


class CounterPage(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first. ``next`` is the address of the next page, null on the last one."""

    results: list[CounterRow]
    next: str | None


def counter_rows(counters: Iterable[CounterRecord], reader: Reader) -> list[CounterRow]:
    """In the same order, in a number of queries that does not depend on the page."""
    counters = list(counters)
    ids = [one.pk for one in counters]
    replaced = set(
        CounterKey.objects.filter(record_id__in=ids, is_replaced=True).values_list(
            "record_id", flat=True
        )
    )
    current = Match.objects.filter(counter_id__in=ids, is_current=True)
    matches = {
        row.counter_record_id: row
        for row in match_rows(current.select_related("seller", "buyer"), shown_to=reader.every_id)
    }
    return [
        CounterRow(
            record_id=one.pk,
            is_replaced=one.pk in replaced,
            csp_id=one.csp.code,
            cso_id=one.cso.code,
            energy_kwh=plain(one.energy_kwh),
            amount=plain(one.amount),
            match=matches.get(one.pk),
            **_copied(one),
        )
        for one in counters
    ]


def _copied(counter: CounterRecord) -> dict[str, Any]:
    return {name: getattr(counter, name) for name in _COPIED}


def match_rows(matches: Iterable[Match], *, shown_to: frozenset[UUID]) -> list[MatchRow]:
    """Matches as the parties ``shown_to`` may see them, by at most four queries.

    ``seller`` and ``buyer`` must be selected with them.
    """
    matches = list(matches)
    sources = _sources(matches)
    closed = _closed(matches)
    return [_match_row(one, sources, closed, one.buyer_id in shown_to) for one in matches]


def matches_told(deliveries: Sequence[Delivery]) -> dict[UUID, MatchRow]:
    """By delivery: the match it tells of, or reminds of, as its receiver may see it."""
    told: dict[UUID, MatchRow] = {}
    news = [one for one in deliveries if one.kind in _ABOUT_MATCHES]
    for receiver_id in {one.receiver_id for one in news}:
        mine = [one for one in news if one.receiver_id == receiver_id]
        found = _by_subject({one.subject_id for one in mine})
        shown = match_rows(set(found.values()), shown_to=frozenset({receiver_id}))
        rows = {row.match_id: row for row in shown}
        told |= {one.pk: rows[found[one.subject_id].pk] for one in mine if one.subject_id in found}
    return told


def _by_subject(subjects: set[UUID]) -> dict[UUID, Match]:
    """Matches under their own id, and current ones under those of their two records."""
    either = Q(record_id__in=subjects) | Q(counter_id__in=subjects)
    found = Match.objects.filter(Q(pk__in=subjects) | either & Q(is_current=True))
    named: dict[UUID, Match] = {}
    for match in found.select_related("seller", "buyer"):
        for subject in (match.record_id, match.counter_id, match.pk):
            if subject in subjects:
                named[subject] = match
    return named


def encode(answer: msgspec.Struct) -> bytes:
    """The answer as JSON: decimals as strings, instants in UTC."""
    return _encode(answer)


class _Sources(msgspec.Struct, frozen=True):
    """The records that matches are about, by id; for duplicates the SDR of what they repeat."""

    sdrs: dict[UUID, dict]
    counters: dict[UUID, CounterRecord]
    repeated: dict[UUID, UUID]


def _sources(matches: Sequence[Match]) -> _Sources:
    repeated = _repeated([one.duplicate_of_id for one in matches if one.duplicate_of_id])
    sdr_ids = {one.record_id for one in matches if one.record_id} | set(repeated.values())
    sdrs: dict[UUID, dict[str, Any]] = {
        row["id"]: dict(row)
        for row in Sdr.objects.filter(id__in=sdr_ids).values("id", "sdr_id", "started_at", *_HINTS)
    }
    counters = CounterRecord.objects.filter(
        id__in=[one.counter_id for one in matches if one.counter_id]
    )
    return _Sources(sdrs, {one.pk: one for one in counters}, repeated)


def _repeated(originals: Sequence[UUID]) -> dict[UUID, UUID]:
    """The SDRs of the counter-records that duplicates repeat."""
    if not originals:
        return {}
    found = Match.objects.filter(counter_id__in=originals, is_current=True)
    pairs = found.values_list("counter_id", "record_id")
    return {counter: record for counter, record in pairs if counter and record}


def _closed(matches: Sequence[Match]) -> dict[UUID, datetime]:
    """When those that the CSP alone knows were closed."""
    alone = [
        one.counter_id
        for one in matches
        if one.outcome == Match.Outcome.CSP_ONLY and one.counter_id
    ]
    if not alone:
        return {}
    steps = AgeingStep.objects.filter(subject_id__in=alone, stage=_CLOSING_STAGE)
    return dict(steps.values_list("subject_id", "done_at"))


def _match_row(
    match: Match, sources: _Sources, closed: dict[UUID, datetime], shows_counter: bool
) -> MatchRow:
    record_id = match.record_id
    if record_id is None and match.duplicate_of_id:
        record_id = sources.repeated.get(match.duplicate_of_id)
    sdr = sources.sdrs.get(record_id, {}) if record_id else {}
    counter = sources.counters.get(match.counter_id) if match.counter_id else None
    # What the CSP says of a session that the CSO never billed is all that there is to find it by.
    told: dict[str, Any] = sdr or (
        {name: getattr(counter, name) for name in (*_HINTS, "started_at")} if counter else {}
    )
    fields: dict[str, Any] = {name: told.get(name, "") for name in _HINTS}
    fields |= {name: plain(getattr(match, name)) for name in _NUMBERS}
    fields |= {name: getattr(match, name) for name in _PLAIN}
    return MatchRow(
        match_id=match.pk,
        outcome=cast(OutcomeName, match.outcome),
        is_held_for_csp=match.is_held_for_csp,
        cso_id=match.seller.code,
        csp_id=match.buyer.code,
        record_id=record_id,
        sdr_id=sdr.get("sdr_id", ""),
        counter_record_id=match.counter_id if shows_counter else None,
        counter_id=counter.counter_id if counter and shows_counter else "",
        started_at=told.get("started_at"),
        closed_at=closed.get(match.counter_id) if match.counter_id else None,
        **fields,
    )
