"""Stored records checked again: rebuilt from their bytes, judged by what the tables say now.

Whether a record is late is still judged by when it came in.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.conf import settings

from clearinghouse.sealing import Sealer
from partners.models import Partner
from roaming.intake import readers
from roaming.intake.enrich import enrich
from roaming.intake.facts import Sides, World, load_world
from roaming.intake.originals import read_originals
from roaming.intake.structure import Submission
from roaming.models import IntakeBatch, RawRecord, Sdr, SdrLink, SdrState, SessionKey
from roaming.rules.catalog import Verdict, check_sdr, verdict_of
from roaming.rules.facts import OriginalFact
from roaming.rules.findings import Finding


@dataclass(frozen=True, slots=True)
class Rejudged:
    """One stored record with what the rules say of it now.

    ``original``: the record that it answers, where it is not paired with it yet.
    """

    record_id: UUID
    submission: Submission
    sides: Sides
    findings: list[Finding]
    verdict: Verdict
    original: OriginalFact | None = None


@dataclass(frozen=True, slots=True)
class _Stored:
    state: SdrState
    received_at: datetime
    submission: Submission


def judge_again(states: Sequence[SdrState], *, now: datetime) -> list[Rejudged]:
    """Judge stored records by today's facts; one whose bytes cannot be read is left out."""
    by_sender: dict[tuple[UUID, str], list[_Stored]] = defaultdict(list)
    for stored in _read(states):
        by_sender[(stored.state.sender_id, stored.state.environment)].append(stored)
    judged: list[Rejudged] = []
    for (sender_id, environment), group in by_sender.items():
        world = load_world(
            [stored.submission.sdr for stored in group],
            sender=Partner.objects.get(pk=sender_id),
            environment=environment,
            received_at=now,
        )
        judged += _judge(group, world)
    return judged


def _judge(group: Sequence[_Stored], world: World) -> list[Rejudged]:
    holders = _session_holders(stored.state.id for stored in group)
    prepared = [(stored.submission, world.sides_of(stored.submission.sdr), "") for stored in group]
    enriched, surroundings = enrich(prepared, world)
    originals, paired = _originals_of(group)
    judged = []
    for stored, (_, sides, _) in zip(group, enriched, strict=True):
        sdr = stored.submission.sdr
        original = originals.get(stored.state.id)
        facts = replace(
            surroundings.add_to(sides.facts, sdr, sides),
            received_at=stored.received_at,
            session_holder=holders.get(stored.state.id, ""),
        )
        facts = replace(facts, original=original) if original else facts
        found, _ = check_sdr(sdr, facts)
        findings = [*stored.submission.findings, *found]
        judged.append(
            Rejudged(
                stored.state.id,
                stored.submission,
                sides,
                findings,
                verdict_of(findings),
                None if stored.state.id in paired else original,
            )
        )
    return judged


def _originals_of(group: Sequence[_Stored]) -> tuple[dict[UUID, OriginalFact], set[UUID]]:
    """What each credit or replacement answers, and which of them are paired with it already."""
    named = {
        stored.state.id: (stored.state.seller_id, sdr.credits_sdr_id or sdr.replaces_sdr_id)
        for stored in group
        if stored.state.seller_id
        and ((sdr := stored.submission.sdr).credits_sdr_id or sdr.replaces_sdr_id)
    }
    found = read_originals((seller, name) for seller, name in named.values() if seller)
    links = SdrLink.objects.filter(record_id__in=list(named))
    paired = set(links.exclude(kind=SdrLink.Kind.SPLIT).values_list("record_id", flat=True))
    replaces = {stored.state.id for stored in group if not stored.submission.sdr.credits_sdr_id}
    originals = {}
    for record_id, (seller, name) in named.items():
        original = found.get((seller, name)) if seller else None
        if original is None:
            continue
        # A second replacement waits until somebody looks at it.
        if original.is_replaced and record_id in replaces and record_id not in paired:
            continue
        originals[record_id] = original
    return originals, paired


def _read(states: Sequence[SdrState]) -> list[_Stored]:
    ids = [state.id for state in states]
    received = dict(Sdr.objects.filter(id__in=ids).values_list("id", "received_at"))
    submissions = read_again(ids)
    return [
        _Stored(state, received[state.id], submissions[state.id])
        for state in states
        if state.id in submissions
    ]


def read_again(record_ids: Collection[UUID]) -> dict[UUID, Submission]:
    """What was received, by record id: JSON as JSON, a row of a file by its profile.

    A record whose bytes were erased, or whose profile is gone, is left out. Not for requests of
    partners: their role may not read raw records.
    """
    raws = RawRecord.objects.in_bulk(list(record_ids))
    batches = IntakeBatch.objects.in_bulk({raw.batch_id for raw in raws.values()})
    by_batch = {
        batch.pk: readers.reader_of(door=batch.door, profile=batch.profile)
        for batch in batches.values()
    }
    sealer = Sealer(settings.PERSONAL_DATA_KEY, purpose="raw-record")
    submissions = {}
    for record_id, raw in raws.items():
        read = by_batch.get(raw.batch_id)
        found = read(sealer.open(bytes(raw.encrypted_payload))) if read else None
        if found is not None:
            submissions[record_id] = found
    return submissions


def _session_holders(record_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Which other live record bills the session of each record."""
    sdrs = Sdr.objects.filter(id__in=list(record_ids), credits_sdr_id="")
    wanted = {
        sdr.id: (sdr.seller_id, sdr.service_session_id, sdr.split_no)
        for sdr in sdrs
        if sdr.service_session_id and sdr.seller_id
    }
    keys = SessionKey.objects.filter(
        cso__in={seller for seller, _, _ in wanted.values()},
        session_id__in={session for _, session, _ in wanted.values()},
    )
    held_by = {(key.cso_id, key.session_id, key.split_no): key.record_id for key in keys}
    # Several held records may wait for one session: each of them has the same holder.
    holders = {
        record_id: holder
        for record_id, session in wanted.items()
        if (holder := held_by.get(session)) not in (None, record_id)
    }
    names = dict(Sdr.objects.filter(id__in=holders.values()).values_list("id", "sdr_id"))
    return {record_id: names.get(holder, "") for record_id, holder in holders.items()}
