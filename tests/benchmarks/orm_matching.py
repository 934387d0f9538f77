"""The baseline of matching: a loop over the ORM as a careful Django developer writes it.

Agreements are read once and records in one query; the counter-record of each is looked up by the
ladder, within a day of the session's end, where an index helps. Each pair is stored in a
transaction of its own, and both sides are owed the news. It compares by our own rules.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import transaction

from partners.models import RoamingAgreement
from roaming.models import CounterRecord, Delivery, Match, MatchingRun, Sdr, SdrState
from roaming.rules.matching import Side, compare
from roaming.services import deliveries

_DAY = timedelta(days=1)
_SAME_START = timedelta(seconds=300)


def match_some(
    known: Iterable[RoamingAgreement], *, limit: int, run_key: str, now: datetime
) -> int:
    """Match up to ``limit`` records that have no match; how many found their partner."""
    run = MatchingRun.objects.create(
        run_key=run_key, from_at=now - 35 * _DAY, until_at=now, started_at=now
    )
    agreements = {one.pk: one for one in known if one.counter_records != "NONE"}
    matched = Match.objects.filter(is_current=True, record_id__isnull=False).values("record_id")
    states = list(
        SdrState.objects.filter(
            agreement__in=agreements, state__in=["DELIVERED", "DISPUTED", "ACCEPTED"]
        )
        .exclude(id__in=matched)
        .order_by("id")[:limit]
    )
    records = Sdr.objects.in_bulk([state.pk for state in states])
    found = sum(
        _match_one(records[state.pk], agreements[state.agreement_id], run, now) for state in states
    )
    run.finished_at = now
    run.save()
    deliveries.publish({side for state in states for side in (state.seller_id, state.buyer_id)})
    return found


@transaction.atomic
def _match_one(sdr: Sdr, agreement: RoamingAgreement, run: MatchingRun, now: datetime) -> bool:
    SdrState.objects.select_for_update().get(sender_id=sdr.sender_id, id=sdr.pk)
    for step, fits in enumerate(_STEPS, 1):
        theirs = CounterRecord.objects.filter(
            csp=sdr.buyer_id,
            cso=sdr.seller_id,
            ended_at__range=(sdr.ended_at - _DAY, sdr.ended_at + _DAY),
            **(fits(sdr) or {"pk__in": []}),
        )
        candidates = list(theirs[:2])
        if len(candidates) == 1:
            _store(sdr, candidates[0], step, agreement, run, now)
            return True
    return False


_STEPS: tuple[Callable[[Sdr], dict], ...] = (
    lambda sdr: (
        sdr.authorization_reference and {"authorization_reference": sdr.authorization_reference}
    ),
    lambda sdr: sdr.service_session_id and {"service_session_id": sdr.service_session_id},
    lambda sdr: (
        sdr.pseudonym
        and {
            "pseudonym": sdr.pseudonym,
            "evse_id": sdr.evse_id,
            "started_at__range": (sdr.started_at - _SAME_START, sdr.started_at + _SAME_START),
        }
    ),
)


def _store(sdr, counter, step: int, agreement, run, now) -> None:
    outcome, differences = compare(
        _side(sdr, sdr.claim_amount, tuple(sdr.item_kinds)),
        _side(counter, counter.amount),
        agreement.match_tolerances,
    )
    match = Match.objects.create(
        run=run,
        environment=sdr.environment,
        seller_id=sdr.seller_id,
        buyer_id=sdr.buyer_id,
        agreement=agreement,
        record_id=sdr.pk,
        counter_id=counter.pk,
        outcome=outcome,
        step=step,
        differences=differences,
        sdr_energy_kwh=sdr.energy_kwh,
        counter_energy_kwh=counter.energy_kwh,
        sdr_amount=sdr.claim_amount,
        counter_amount=counter.amount,
        ended_at=sdr.ended_at,
        matched_at=now,
    )
    Delivery.objects.bulk_create(
        Delivery(receiver_id=side, kind="MATCH", subject_id=match.pk, created_at=now)
        for side in (sdr.seller_id, sdr.buyer_id)
    )


def _side(record, amount, item_kinds: tuple[str, ...] = ()) -> Side:
    return Side(
        started_at=record.started_at,
        ended_at=record.ended_at,
        energy_kwh=record.energy_kwh,
        amount=amount,
        currency=record.currency,
        evse_id=record.evse_id,
        pseudonym=record.pseudonym,
        tariff_id=record.tariff_id,
        item_kinds=item_kinds,
    )
