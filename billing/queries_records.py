"""A partner's records as a person looks at them: page by page, with why and what to do."""

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import msgspec
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject

from billing.models import ClearedSdr, Document
from billing.queries_whereabouts import records_under
from billing.rules.supply_period import supply_title
from partners.models import Party, RoamingAgreement
from roaming.models import Finding, Sdr, SdrState
from roaming.queries import Reader, readable_states
from roaming.rules.catalog import REMEDIES

State = SdrState.State
# What a person may filter by, and the states of a record behind each.
STAGES: dict[str, tuple[State, ...]] = {
    "held": (State.HELD,),
    "refused": (State.REJECTED,),
    "waiting": (State.RECEIVED, State.VALIDATED, State.RATED, State.DELIVERED),
    "disputed": (State.DISPUTED,),
    "accepted": (State.ACCEPTED,),
    "withdrawn": (State.WITHDRAWN, State.SUPERSEDED),
}
_MOST_TOLD = 1_000
_STAGE_OF = {state: stage for stage, states in STAGES.items() for state in states}


class RecordSelection(NamedTuple):
    """What is looked for; empty fields select everything. The period is of service ends."""

    stage: str = ""
    counterparty_id: UUID | None = None
    ended_from: datetime | None = None
    ended_before: datetime | None = None
    sdr_id: str = ""


class Reason(msgspec.Struct, frozen=True):
    """Why a record is held or refused, and the remedy."""

    code: str
    message: str
    remedy: str


class RecordLine(msgspec.Struct, frozen=True, kw_only=True):
    """One record in a list. ``stage`` is a key of ``STAGES``, or cleared or settled."""

    record_id: UUID
    sdr_id: str
    attempt: int
    direction: str
    counterparty: str
    received_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    energy_kwh: Decimal | None
    claim_amount: Decimal | None
    currency: str
    stage: str
    window: str
    statement: str
    reasons: list[Reason]


class RecordPage(NamedTuple):
    """Lines newest first; the cursors are empty at either end of the list."""

    lines: list[RecordLine]
    older: UUID | None
    newer: UUID | None


def counterparties_of(reader: Reader) -> list[Party]:
    """The other sides of every agreement that the reader's parties ever had."""
    mine = list(reader.party_ids | {former.party_id for former in reader.former})
    bought_from = RoamingAgreement.objects.filter(buyer__in=mine).values("seller")
    sold_to = RoamingAgreement.objects.filter(seller__in=mine).values("buyer")
    others = Party.objects.filter(Q(pk__in=bought_from) | Q(pk__in=sold_to))
    return list(others.order_by("name", "country_code", "party_id"))


class Attention(NamedTuple):
    """How many records wait for the partner; ``is_more`` says that there are more than told."""

    held: int
    refused: int
    is_more: bool


def attention_of(reader: Reader, *, now: datetime) -> Attention:
    """Records held now, and those refused in the last 30 days; looks at most at 1,000 of each.

    Each walks an index of its own: together they would read all that the partner may see.
    """
    since, states = now - timedelta(days=30), readable_states(reader)
    held = states.filter(state=State.HELD).order_by("id")
    refused = SdrState.objects.filter(
        sender=reader.partner_id,
        environment=reader.environment,
        state=State.REJECTED,
        changed_at__gte=since,
    ).order_by("changed_at")
    of_both = [some.values_list("state", flat=True)[: _MOST_TOLD + 1] for some in (held, refused)]
    counts = Counter(of_both[0].union(of_both[1], all=True))
    return Attention(
        held=min(counts[State.HELD], _MOST_TOLD),
        refused=min(counts[State.REJECTED], _MOST_TOLD),
        is_more=max(counts.values(), default=0) > _MOST_TOLD,
    )


def select_records(reader: Reader, selection: RecordSelection) -> QuerySet[SdrState]:
    """The reader's records that match, in no order."""
    states = readable_states(reader)
    if selection.stage:
        states = states.filter(state__in=STAGES[selection.stage])
    if selection.counterparty_id:
        other = selection.counterparty_id
        states = states.filter(Q(seller=other) | Q(buyer=other))
    if selection.ended_from:
        states = states.filter(ended_at__gte=selection.ended_from)
    if selection.ended_before:
        states = states.filter(ended_at__lt=selection.ended_before)
    if selection.sdr_id:
        ids = records_under(selection.sdr_id, environment=reader.environment)
        states = states.filter(id__in=ids)
    return states


def page_of_records(
    states: QuerySet[SdrState],
    *,
    reader: Reader,
    size: int,
    before: UUID | None = None,
    after: UUID | None = None,
) -> RecordPage:
    """The page of records older than ``before`` or newer than ``after``; nothing is counted."""
    if after:
        found = list(states.filter(id__gt=after).order_by("id")[: size + 1])
        more, page = len(found) > size, found[:size][::-1]
        has_newer, has_older = more, True
    else:
        older = states.filter(id__lt=before) if before else states
        found = list(older.order_by("-id")[: size + 1])
        has_newer, has_older, page = before is not None, len(found) > size, found[:size]
    return RecordPage(
        lines=lines_of(page, reader=reader),
        older=page[-1].id if page and has_older else None,
        newer=page[0].id if page and has_newer else None,
    )


def lines_of(page: list[SdrState], *, reader: Reader) -> list[RecordLine]:
    """The lines of a page in its order, by one query."""
    if not page:
        return []
    sdrs = Sdr.objects.filter(
        sender__in={state.sender_id for state in page}, id__in=[state.id for state in page]
    ).annotate(found=_findings(), booked=_booking(reader.partner_id))
    rows = {
        row["id"]: row
        for row in sdrs.values(
            *("id", "sdr_id", "attempt", "cso_code", "csp_code", "received_at", "started_at"),
            *("ended_at", "energy_kwh", "claim_amount", "currency", "seller_id", "buyer_id"),
            *("found", "booked"),
        )
    }
    return [_line(state, rows[state.id], reader) for state in page]


def _findings() -> ArraySubquery:
    found = Finding.objects.filter(sender=OuterRef("sender"), record_id=OuterRef("id"))
    ordered = found.order_by("version", "code", "field")
    return ArraySubquery(
        ordered.values(
            json=JSONObject(code="code", severity="severity", message="message", version="version")
        )
    )


def _booking(partner_id: UUID) -> Subquery:
    """The window it was cleared into, and the number of the partner's own statement."""
    own = Document.objects.filter(
        settlement__window=OuterRef("window"),
        partner=partner_id,
        kind=Document.Kind.STATEMENT,
    )
    cleared = ClearedSdr.objects.filter(seller=OuterRef("seller"), id=OuterRef("id"))
    return Subquery(
        cleared.values(
            json=JSONObject(
                starts_at="window__supply_starts_at",
                ends_at="window__supply_ends_at",
                time_zone="window__group__time_zone",
                statement=Subquery(own.values("number")[:1]),
            )
        )[:1]
    )


def _line(state: SdrState, row: dict, reader: Reader) -> RecordLine:
    booked = row["booked"] or {}
    sells, buys = _is_own(row["seller_id"], reader), _is_own(row["buyer_id"], reader)
    if not sells and not buys:
        sells = True
    return RecordLine(
        record_id=state.id,
        sdr_id=row["sdr_id"],
        attempt=row["attempt"],
        direction="own network" if sells and buys else "sold" if sells else "bought",
        counterparty=row["csp_code"] if sells else row["cso_code"],
        received_at=row["received_at"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        energy_kwh=row["energy_kwh"],
        claim_amount=row["claim_amount"],
        currency=row["currency"],
        stage=_stage(state, booked),
        window=_window(booked),
        statement=booked.get("statement") or "",
        reasons=_reasons(state, row["found"]),
    )


def _is_own(party_id: UUID | None, reader: Reader) -> bool:
    return party_id in reader.party_ids or any(
        former.party_id == party_id for former in reader.former
    )


def _stage(state: SdrState, booked: dict) -> str:
    if not booked:
        return _STAGE_OF[State(state.state)]
    return "settled" if booked["statement"] else "cleared"


def _window(booked: dict) -> str:
    if not booked:
        return ""
    starts_at = datetime.fromisoformat(booked["starts_at"])
    ends_at = datetime.fromisoformat(booked["ends_at"])
    return supply_title(starts_at, ends_at, time_zone=booked["time_zone"])


def _reasons(state: SdrState, found: list[dict]) -> list[Reason]:
    """What stops the record now: the findings of its newest check that hold or refuse it."""
    stopping = {State.REJECTED: "REJECT", State.HELD: "HOLD"}.get(State(state.state))
    newest = max((one["version"] for one in found), default=0)
    return [
        Reason(one["code"], one["message"], REMEDIES.get(one["code"], ""))
        for one in found
        if one["severity"] == stopping and one["version"] == newest
    ]
