"""The live sessions around a chunk: those in the tables by one statement, then the chunk's own."""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
from django.db import connection

from clearinghouse.statements import load_statement
from roaming.intake.normal import normal_evse_id
from roaming.messages import InboundSdr
from roaming.rules.facts import Neighbours
from roaming.rules.neighbours import Place, Session, neighbours_of

_SQL = Path(__file__).parent / "sql" / "neighbours.sql"
LOOK_BACK = timedelta(hours=48)
MOST_NEIGHBOURS = 30


@dataclass(slots=True)
class Neighbourhood:
    """Sessions by EVSE and by contract, each in the order of their start."""

    places: Mapping[str, Place] = field(default_factory=dict)
    on_evse: dict[str, list[Session]] = field(default_factory=lambda: defaultdict(list))
    of_contract: dict[str, list[Session]] = field(default_factory=lambda: defaultdict(list))
    known: set[tuple[UUID, str]] = field(default_factory=set)

    def around(self, one: Session) -> Neighbours:
        return neighbours_of(
            one,
            on_evse=_near(self.on_evse.get(one.evse_id, ()), one),
            of_contract=_near(self.of_contract.get(one.pseudonym, ()), one),
            places=self.places,
        )

    def add(self, one: Session) -> None:
        if (one.seller_id, one.sdr_id) in self.known:
            return
        self.known.add((one.seller_id, one.sdr_id))
        if one.evse_id:
            insort(self.on_evse[one.evse_id], one, key=_order)
        if one.pseudonym:
            insort(self.of_contract[one.pseudonym], one, key=_order)


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
        sdr.replaces_sdr_id,
        normal_evse_id(sdr.evse_id),
        pseudonym,
        sdr.started_at,
        sdr.ended_at,
        sdr.energy_kwh,
        sdr.meter_id,
        sdr.meter_end_kwh,
    )


def load_neighbourhood(sessions: Sequence[Session], *, environment: str) -> Neighbourhood:
    """What the tables know around ``sessions``; the chunk adds its own as it is judged."""
    neighbourhood = Neighbourhood()
    for one, _ in read_neighbours(sessions, environment=environment):
        neighbourhood.add(one)
    return neighbourhood


def read_neighbours(
    sessions: Sequence[Session], *, environment: str, is_past: bool = False
) -> list[tuple[Session, UUID]]:
    """The sessions around ``sessions`` with their records' ids, some of them twice.

    ``is_past``: those too whose records are dead by now, and room for what came in later.
    """
    wanted = _windows(sessions)
    if not wanted:
        return []
    parameters = {
        "wanted": msgspec.json.encode(wanted).decode(),
        "oldest": min(window["since"] for window in wanted),
        "environment": environment,
        "is_past": is_past,
        "more": 10 if is_past else 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL), parameters)
        return [(Session(*row), record_id) for *row, record_id in cursor.fetchall()]


def _windows(sessions: Iterable[Session]) -> list[dict]:
    """One window per key and day: neighbouring sessions ask for the same rows."""
    keys = set()
    for one in sessions:
        day = datetime.combine(one.started_at.date(), time(), one.started_at.tzinfo)
        keys.add((one.evse_id, "", day))
        keys.add(("", one.pseudonym, day))
    keys -= {key for key in keys if not key[0] and not key[1]}
    return [
        {
            "evse_id": evse_id,
            "pseudonym": pseudonym,
            "since": day - LOOK_BACK,
            "until": day + LOOK_BACK,
        }
        for evse_id, pseudonym, day in sorted(keys)
    ]


def _near(sessions: Sequence[Session], one: Session) -> Sequence[Session]:
    """Those that start in the window around it, the last ones where there are too many."""
    since = bisect_left(sessions, one.started_at - LOOK_BACK, key=_start)
    until = bisect_right(sessions, one.ended_at + LOOK_BACK, key=_start)
    return sessions[max(since, until - MOST_NEIGHBOURS) : until]


def _start(one: Session) -> datetime:
    return one.started_at


def _order(one: Session) -> tuple[datetime, str, UUID]:
    """By start; equal starts by id, so that the order of arrival does not matter."""
    return one.started_at, one.sdr_id, one.seller_id
