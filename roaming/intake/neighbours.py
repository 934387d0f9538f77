"""The live sessions around a chunk: those in the tables by one statement, then the chunk's own."""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import msgspec
from django.db import connection

from clearinghouse.statements import load_statement
from roaming.intake.normal import normal_evse_id
from roaming.messages import InboundSdr
from roaming.rules.facts import Neighbours
from roaming.rules.neighbours import SAME_START, SESSIONS_BEFORE, Place, Session, neighbours_of

_SQL = Path(__file__).parent / "sql" / "neighbours.sql"
# How far apart two sessions of a contract can be and still tell of an impossible journey:
# half the earth's girth at 150 km/h takes longer, Europe from end to end does not.
JOURNEY = timedelta(hours=48)
# A longer session is refused or held for itself (V107).
LONGEST_SESSION = timedelta(days=7)
# The statement's own look-back for the sessions before a window.
BEFORE = timedelta(days=30)
# Windows of one key that lie nearer are read as one.
APART = timedelta(hours=12)
# Where more sessions than this lie on one side, the nearest tell enough: no EVSE is that busy.
MOST_ON_A_SIDE = 200


@dataclass(slots=True)
class Row:
    """Sessions of one EVSE or contract in the order of their start."""

    sessions: list[Session] = field(default_factory=list)
    longest: timedelta = timedelta(0)

    def add(self, one: Session) -> None:
        insort(self.sessions, one, key=_order)
        self.longest = max(self.longest, one.ended_at - one.started_at)

    def around(self, one: Session, *, reach: timedelta, before: int = 0) -> Sequence[Session]:
        """Those within ``reach`` of it, whenever they began, and at least ``before`` earlier."""
        sessions = self.sessions
        here = bisect_left(sessions, one.started_at, key=_start)
        first = bisect_left(sessions, one.started_at - reach - self.longest, key=_start)
        last = bisect_right(sessions, one.ended_at + reach, key=_start)
        first = max(min(first, here - before), here - MOST_ON_A_SIDE, 0)
        return sessions[first : min(last, here + MOST_ON_A_SIDE)]


@dataclass(slots=True)
class Neighbourhood:
    """Sessions by EVSE and by contract; ``drifts``: how far clocks were from authorizations."""

    places: Mapping[str, Place] = field(default_factory=dict)
    drifts: dict[tuple[UUID, str], Decimal] = field(default_factory=dict)
    on_evse: dict[str, Row] = field(default_factory=lambda: defaultdict(Row))
    of_contract: dict[str, Row] = field(default_factory=lambda: defaultdict(Row))
    known: dict[tuple[UUID, str], Session] = field(default_factory=dict)

    def around(self, one: Session) -> Neighbours:
        there, theirs = self.on_evse.get(one.evse_id), self.of_contract.get(one.pseudonym)
        return neighbours_of(
            one,
            on_evse=there.around(one, reach=SAME_START, before=SESSIONS_BEFORE) if there else (),
            of_contract=theirs.around(one, reach=JOURNEY) if theirs else (),
            places=self.places,
            drifts=self.drifts,
        )

    def add(self, one: Session) -> None:
        if (one.seller_id, one.sdr_id) in self.known:
            return
        self.known[one.seller_id, one.sdr_id] = one
        if one.evse_id:
            self.on_evse[one.evse_id].add(one)
        if one.pseudonym:
            self.of_contract[one.pseudonym].add(one)


def session_of(
    sdr: InboundSdr, *, seller_id: UUID | None, sender_id: UUID, pseudonym: str
) -> Session | None:
    """The record as a session; None where it lacks what makes one, or takes one back."""
    if seller_id is None or sdr.credits_sdr_id or sdr.energy_kwh is None:
        return None
    if sdr.started_at is None or sdr.ended_at is None or sdr.ended_at < sdr.started_at:
        return None
    return Session(
        seller_id,
        sender_id,
        sdr.sdr_id,
        sdr.service_session_id,
        sdr.split_no,
        sdr.replaces_sdr_id,
        sdr.authorization_reference,
        normal_evse_id(sdr.evse_id),
        pseudonym,
        sdr.started_at,
        sdr.ended_at,
        sdr.energy_kwh,
        sdr.meter_id,
        sdr.meter_end_kwh,
    )


def load_neighbourhood(
    sessions: Sequence[Session], *, contracts: Iterable[Session], environment: str
) -> Neighbourhood:
    """What the tables know around ``sessions``; the chunk adds its own as it is judged.

    ``contracts``: those of them that state a contract; a card's number alone may be shared.
    """
    neighbourhood = Neighbourhood()
    for one, _ in read_neighbours(sessions, contracts=contracts, environment=environment):
        neighbourhood.add(one)
    return neighbourhood


def read_neighbours(
    sessions: Sequence[Session],
    *,
    contracts: Iterable[Session],
    environment: str,
    is_past: bool = False,
) -> list[tuple[Session, UUID]]:
    """The sessions around ``sessions`` with their records' ids, some of them twice.

    ``is_past``: those too whose records are dead by now, and room for what came in later.
    """
    if not sessions:
        return []
    evses = [
        {"evse_id": evse_id, "since": since - SAME_START, "until": until + SAME_START}
        for evse_id, since, until in _windows((one.evse_id, one) for one in sessions)
    ]
    journeys = [
        {"pseudonym": key, "since": since - JOURNEY - LONGEST_SESSION, "until": until + JOURNEY}
        for key, since, until in _windows((one.pseudonym, one) for one in contracts)
    ]
    parameters: dict[str, str | int | datetime] = {
        "evses": msgspec.json.encode(evses).decode(),
        "contracts": msgspec.json.encode(journeys).decode(),
        "oldest": min(one.started_at for one in sessions) - BEFORE,
        "environment": environment,
        "is_past": is_past,
        "more": 10 if is_past else 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL), parameters)
        return [(Session(*row), record_id) for *row, record_id in cursor.fetchall()]


def _windows(
    sessions: Iterable[tuple[str, Session]],
) -> list[tuple[str, datetime, datetime]]:
    """From when to when each key's sessions ran; what lies near is one window."""
    windows: list[tuple[str, datetime, datetime]] = []
    keyed = sorted((key, one.started_at, one.ended_at) for key, one in sessions if key)
    for key, start, end in keyed:
        if windows and windows[-1][0] == key and start - windows[-1][2] <= APART:
            windows[-1] = (key, windows[-1][1], max(end, windows[-1][2]))
        else:
            windows.append((key, start, end))
    return windows


def _start(one: Session) -> datetime:
    return one.started_at


def _order(one: Session) -> tuple[datetime, str, UUID]:
    """By start; equal starts by id, so that the order of arrival does not matter."""
    return one.started_at, one.sdr_id, one.seller_id
