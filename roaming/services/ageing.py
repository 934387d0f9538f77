"""What happens while the other side keeps silent: remind, deem accepted or hold, close.

Each stage of each record is passed once: its ``AgeingStep`` and what it does are one transaction,
so a killed run is made up for by the next one. Days: clearing specification §1.4.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection

from clearinghouse.retry import in_transaction
from clearinghouse.statements import load_statement
from roaming.models import (
    AgeingStep,
    CounterRecord,
    Delivery,
    Erasure,
    Match,
    RawRecord,
    SdrState,
)
from roaming.services import deliveries, lifecycle, one_sided

_SQL = Path(__file__).parent / "sql"
_ACTOR = "ageing"
Effect = Callable[[Sequence[UUID], datetime], set[UUID]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Done ``days`` after delivery (CSO_ONLY) or receipt (CSP_ONLY), where the state is one of
    ``states``. ``effect`` returns the parties that are owed news.
    """

    outcome: str
    days: int
    note: str
    effect: Effect
    states: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.outcome}_{self.days}"


def age_one_sided(*, now: datetime) -> dict[str, int]:
    """Pass every stage that is due; how many records passed each."""
    passed = {}
    for stage in STAGES:
        subjects, receivers = in_transaction(partial(_pass, stage, now))
        deliveries.publish(receivers)
        if subjects:
            passed[stage.name] = len(subjects)
    told = one_sided.watch(from_stage="CSP_ONLY_7", until_stage="CSP_ONLY_30", now=now)
    deliveries.publish(told)
    return passed


def _pass(stage: Stage, now: datetime) -> tuple[list[UUID], set[UUID]]:
    subjects = _ids(
        "age_pass_stage",
        outcome=stage.outcome,
        stage=stage.name,
        days=stage.days,
        states=list(stage.states),
        note=stage.note,
        now=now,
    )
    return subjects, stage.effect(subjects, now) if subjects else set()


def _ids(name: str, **parameters: Any) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL / f"{name}.sql"), parameters)
        return [row[0] for row in cursor.fetchall()]


def _remind_buyer(record_ids: Sequence[UUID], now: datetime) -> set[UUID]:
    states = SdrState.objects.filter(id__in=record_ids)
    return _remind(dict(states.values_list("id", "buyer_id")), now)


def _remind_seller(counter_ids: Sequence[UUID], now: datetime) -> set[UUID]:
    counters = CounterRecord.objects.filter(id__in=counter_ids)
    return _remind(dict(counters.values_list("id", "cso_id")), now)


def _remind(receivers: dict[UUID, UUID | None], now: datetime) -> set[UUID]:
    known = {subject: receiver for subject, receiver in receivers.items() if receiver}
    Delivery.objects.bulk_create(
        [
            Delivery(
                receiver_id=receiver,
                kind=Delivery.Kind.REMINDER,
                subject_id=subject,
                created_at=now,
            )
            for subject, receiver in known.items()
        ],
        ignore_conflicts=True,
    )
    return set(known.values())


def _accept_or_hold(record_ids: Sequence[UUID], now: datetime) -> set[UUID]:
    """An authorization of the CSP speaks for the record; without one a person looks at it."""
    authorized = set(_ids("age_find_authorized", ids=list(record_ids)))
    lifecycle.move_many(
        authorized, "DELIVERED", ["ACCEPTED"], actor=_ACTOR, now=now,
        reason="deemed accepted: the CSP authorized it and sent no counter-record in 10 days",
    )  # fmt: skip
    lifecycle.move_many(
        set(record_ids) - authorized, "DELIVERED", ["HELD"], actor=_ACTOR, now=now,
        reason="no counter-record in 10 days and no authorization of the CSP is known",
    )  # fmt: skip
    return _sides(record_ids)


def _reject(record_ids: Sequence[UUID], now: datetime) -> set[UUID]:
    """Only what this job held: holds of rules have their own expiry."""
    held = AgeingStep.objects.filter(subject_id__in=record_ids, stage="CSO_ONLY_10")
    lifecycle.move_many(
        list(held.values_list("subject_id", flat=True)), "HELD", ["REJECTED"], actor=_ACTOR,
        now=now, reason="HOLD_EXPIRED: the CSP does not know it after 30 days",
    )  # fmt: skip
    return _sides(record_ids)


def _sides(record_ids: Sequence[UUID]) -> set[UUID]:
    rows = SdrState.objects.filter(id__in=record_ids).values_list("seller_id", "buyer_id")
    return {party for row in rows for party in row if party}


def _nothing_more(subject_ids: Sequence[UUID], now: datetime) -> set[UUID]:
    """The step opens staff's task, which ``one_sided.watch`` writes for each pair."""
    return set()


def _tell_closed(counter_ids: Sequence[UUID], now: datetime) -> set[UUID]:
    """No claim came: both sides learn that the session is closed."""
    closed = Match.objects.filter(counter_id__in=counter_ids, is_current=True)
    news = [
        Delivery(
            receiver_id=receiver_id,
            kind=Delivery.Kind.MATCH,
            subject_id=match_id,
            subject_version=1,
            created_at=now,
        )
        for match_id, *sides in closed.values_list("id", "seller_id", "buyer_id")
        for receiver_id in sides
    ]
    Delivery.objects.bulk_create(news, ignore_conflicts=True)
    return {one.receiver_id for one in news}


def _erase(counter_ids: Sequence[UUID], now: datetime) -> set[UUID]:
    """Nobody ever claimed the session: the bytes, which name a contract, go."""
    erasure = Erasure.objects.create(
        erased_at=now, actor=_ACTOR, ground="counter-record without an SDR for 60 days",
        rows=len(counter_ids),
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('clearinghouse.erasure_id', %s, true)", [str(erasure.id)])
    RawRecord.objects.filter(id__in=counter_ids).delete()
    return set()


STAGES = (
    Stage(
        outcome="CSO_ONLY", days=3, states=("DELIVERED",), note="CSP reminded",
        effect=_remind_buyer,
    ),
    Stage(
        outcome="CSO_ONLY", days=10, states=("DELIVERED",), note="deemed accepted, or held",
        effect=_accept_or_hold,
    ),
    Stage(outcome="CSO_ONLY", days=30, states=("HELD",), note="rejected", effect=_reject),
    Stage(outcome="CSP_ONLY", days=2, note="CSO reminded", effect=_remind_seller),
    Stage(outcome="CSP_ONLY", days=7, note="for staff to look at", effect=_nothing_more),
    Stage(outcome="CSP_ONLY", days=30, note="closed: no claim", effect=_tell_closed),
    Stage(outcome="CSP_ONLY", days=60, note="personal part erased", effect=_erase),
)  # fmt: skip
