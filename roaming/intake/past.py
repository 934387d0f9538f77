"""Stored records as intake met them: each with the facts that the tables told when it came in.

A record met what was entered, and what lived, before its batch: the order is that of batches, then
of positions. Of rows that were changed in place (a registry's entry that was corrected) only the
last word is known, and a batch that took minutes is taken to have seen what stood at its start.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from partners.models import Partner
from roaming.intake.enrich import (
    Surroundings,
    priced,
    what_to_ask,
    with_readings,
    with_registries,
)
from roaming.intake.facts import Sides, World, load_world
from roaming.intake.judge import Known, Ledgers, billed_session, facts_in
from roaming.intake.overrides import RuleSet
from roaming.intake.past_reads import (
    Came,
    PastLedgers,
    gaps_before,
    load_past_ledgers,
    run_statement,
)
from roaming.intake.pricing import load_prices
from roaming.intake.registries import Asked, Registries, load_registries
from roaming.intake.signed_facts import SignedData, load_signed_data
from roaming.intake.structure import Submission
from roaming.messages import InboundSdr
from roaming.rules.findings import Facts, Override
from roaming.rules.neighbours import Place, Session


class Recalled(NamedTuple):
    """A record's facts as they were, and what another rule set says in place of the one in force.

    ``overrides`` is None where the record had no agreement.
    """

    facts: Facts
    overrides: Mapping[str, Override] | None

    def under_the_other_rules(self) -> Facts:
        if self.facts.terms is None or self.overrides is None:
            return self.facts
        return replace(self.facts, terms=replace(self.facts.terms, overrides=self.overrides))


@dataclass(slots=True)
class _Chunk:
    """Records of one sender in the order given, with their sides and what to ask about each."""

    came: list[Came]
    prepared: list[tuple[Submission, Sides, str]]
    asked: dict[int, Asked]
    sessions: dict[int, Session]
    overrides: list[Mapping[str, Override] | None]


def recall(
    records: Sequence[tuple[Came, Submission]],
    *,
    sender: Partner,
    environment: str,
    rule_set: RuleSet,
) -> list[Recalled]:
    """The facts of stored records of one sender, in the same order, by a fixed number of queries.

    Where parties, agreements or overrides changed within the span of the records, they are read
    once for each stretch between two changes.
    """
    if not records:
        return []
    chunk = _sides(records, sender=sender, environment=environment, rule_set=rule_set)
    ledgers = load_past_ledgers(
        chunk.prepared, chunk.came, list(chunk.sessions.values()), environment=environment
    )
    asked = list(chunk.asked.values())
    registries = load_registries(asked, environment=environment, near=ledgers.near())
    ledgers.drifts = registries.drifts((*ledgers.near(), *chunk.sessions.values()))
    chunk.prepared = [
        (
            submission,
            with_registries(
                submission, sides, chunk.asked.get(id(submission.sdr)), registries, day
            ),
            "",
        )
        for (submission, sides, _), day in zip(chunk.prepared, ledgers.days, strict=True)
    ]
    prices = load_prices(asked, environment=environment)
    chunk.prepared = priced(chunk.prepared, chunk.asked, prices, registries)
    signed = load_signed_data(
        ((submission.sdr, sides.facts.meter_key) for submission, sides, _ in chunk.prepared),
        environment=environment,
    )
    chunk.prepared = with_readings(chunk.prepared, signed)
    ledgers.load_signatures(signed, environment=environment)
    places = _Places(registries)
    return [
        Recalled(_facts(chunk, index, ledgers, places, signed), chunk.overrides[index])
        for index in range(len(records))
    ]


def _facts(
    chunk: _Chunk, index: int, ledgers: PastLedgers, places: "_Places", signed: SignedData
) -> Facts:
    came = chunk.came[index]
    submission, sides, _ = chunk.prepared[index]
    sdr = submission.sdr
    session = chunk.sessions.get(id(sdr))
    neighbourhood = ledgers.neighbourhood_of(session, came, places.before(came.batch_id))
    then = SignedData(
        signed.readings, ledgers.signatures_before(came, sdr, signed), signed.with_another_key
    )
    met = Ledgers(
        live={},
        rejected={},
        sessions=ledgers.session_before(came, billed_session(sides, sdr)),
        originals=ledgers.original_before(came, sides, sdr),
        surroundings=Surroundings(chunk.sessions, neighbourhood, then),
    )
    return facts_in(met, sides, sdr, live=_live(ledgers, came, sides, sdr))


def _live(ledgers: PastLedgers, came: Came, sides: Sides, sdr: InboundSdr) -> Known | None:
    taken_by = ledgers.taken_before(came, sides, sdr)
    return Known(taken_by, "", 0) if taken_by else None


def _sides(
    records: Sequence[tuple[Came, Submission]],
    *,
    sender: Partner,
    environment: str,
    rule_set: RuleSet,
) -> _Chunk:
    chunk = _Chunk([came for came, _ in records], [], {}, {}, [])
    gaps = gaps_before(chunk.came)
    sides: dict[int, tuple[Sides, Mapping[str, Override] | None]] = {}
    for indexes in _stretches(chunk.came):
        moment = chunk.came[indexes[0]]
        sdrs = [records[index][1].sdr for index in indexes]
        world, other = (
            load_world(
                sdrs,
                sender=sender,
                environment=environment,
                received_at=moment.received_at,
                known_before=moment.batch_id,
                **chosen,
            )
            for chosen in ({}, {"rule_set": rule_set})
        )
        overrides = _overrides_of(other)
        prepared = []
        for index in indexes:
            came, submission = records[index]
            own = world.sides_of(submission.sdr)
            facts = replace(
                own.facts,
                received_at=came.received_at,
                batch_gap=gaps.get(came.batch_id, ""),
            )
            own = replace(own, facts=facts)
            sides[index] = (own, overrides.get(own.terms.agreement_id) if own.terms else None)
            prepared.append((submission, own, ""))
        asked, sessions = what_to_ask(prepared, world)
        for index in indexes:
            key = id(records[index][1].sdr)
            if key in asked:
                came = chunk.came[index]
                chunk.asked[key] = asked[key]._replace(
                    known_before=came.batch_id, known_at=came.received_at
                )
        chunk.sessions |= sessions
    chunk.prepared = [(records[index][1], sides[index][0], "") for index in range(len(records))]
    chunk.overrides = [sides[index][1] for index in range(len(records))]
    return chunk


def _overrides_of(world: World) -> dict[str, Mapping[str, Override]]:
    return {
        terms.agreement_id: terms.overrides
        for versions in world.versions.values()
        for terms in versions
    }


def _stretches(came: Sequence[Came]) -> Iterable[list[int]]:
    """The records, by index, between which nothing changed about parties, agreements and rules."""
    first, last = min(one.batch_id for one in came), max(one.batch_id for one in came)
    instants = [one.received_at for one in came]
    ids: list[UUID] = []
    dates: list[datetime] = []
    if first != last:
        cuts = run_statement(
            "past_cuts",
            {
                "first_batch": first,
                "last_batch": last,
                "first_at": min(instants),
                "last_at": max(instants),
            },
        )
        ids = sorted(row_id for row_id, _ in cuts if row_id)
        dates = sorted(at for _, at in cuts if at)
    stretches: dict[tuple[int, int], list[int]] = defaultdict(list)
    for index, one in enumerate(came):
        stretches[bisect_left(ids, one.batch_id), bisect_right(dates, one.received_at)].append(
            index
        )
    return stretches.values()


class _Places:
    """Where EVSEs stood as far as it was told; told once for each batch."""

    def __init__(self, registries: Registries):
        self._registries = registries
        self._by_batch: dict[UUID, dict[str, Place]] = {}
        rows = [row.id for rows in registries.evses.values() for row in rows]
        self._newest = max(rows, default=None)
        self._all = registries.places()

    def before(self, batch_id: UUID) -> dict[str, Place]:
        if self._newest is None or self._newest < batch_id:
            return self._all
        if batch_id not in self._by_batch:
            self._by_batch = {batch_id: self._registries.places(known_before=batch_id)}
        return self._by_batch[batch_id]
