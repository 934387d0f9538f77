"""The baseline of clearing: a loop over the ORM as a careful Django developer writes it.

Agreements and owners are read once and records in one query; each record is cleared in a
transaction of its own, so that one failure costs one record. It promises what ours does: safe
beside itself (the state row is locked) and beside closing (the group row is).
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from billing.models import ClearedSdr, ClearingRun, ClearingWindow
from billing.rules.clearing import figures_of
from partners.models import PartyOwnership, RoamingAgreement, SettlementGroup
from roaming.models import Sdr, SdrState


def clear_some(group: SettlementGroup, *, limit: int, run_key: str, now: datetime) -> int:
    """Clear up to ``limit`` accepted records that are not cleared; how many were."""
    run = ClearingRun.objects.create(group=group, run_key=run_key, started_at=now)
    agreements = {
        one.pk: one
        for one in RoamingAgreement.objects.filter(group=group).select_related("seller", "buyer")
    }
    owners = {one.party_id: one.partner_id for one in PartyOwnership.objects.all()}
    cleared = ClearedSdr.objects.filter(seller_id=OuterRef("seller_id"), id=OuterRef("id"))
    states = list(
        SdrState.objects.filter(
            ~Exists(cleared), state="ACCEPTED", agreement__in=agreements
        ).order_by("id")[:limit]
    )
    records = Sdr.objects.in_bulk([state.pk for state in states])
    for state in states:
        with transaction.atomic():
            _clear_one(records[state.pk], agreements, owners, run, now)
    run.cleared, run.finished_at = len(states), now
    run.save()
    return len(states)


def _clear_one(sdr, agreements, owners, run, now) -> None:
    group = SettlementGroup.objects.select_for_update().get(pk=run.group_id)
    state = SdrState.objects.select_for_update().get(sender_id=sdr.sender_id, id=sdr.pk)
    if state.state != "ACCEPTED":
        return
    agreement = agreements[state.agreement_id]
    windows = ClearingWindow.objects.filter(group=group, state=ClearingWindow.State.OPEN)
    window = windows.filter(supply_ends_at__gt=state.ended_at).earliest("supply_ends_at")
    figures = figures_of(
        sdr.claim_amount, currency=agreement.currency, rate=agreement.commission_rate
    )
    ClearedSdr.objects.create(
        id=sdr.pk,
        seller_id=state.seller_id,
        buyer_id=state.buyer_id,
        seller_partner_id=owners[state.seller_id],
        buyer_partner_id=owners[state.buyer_id],
        sender_id=sdr.sender_id,
        environment=sdr.environment,
        agreement=agreement,
        window=window,
        run=run,
        currency=agreement.currency,
        is_billed=figures.is_billed,
        energy_kwh=sdr.energy_kwh,
        claim_minor=figures.claim_minor,
        commission_rate=agreement.commission_rate,
        commission_minor=figures.commission_minor,
        payout_minor=figures.payout_minor,
        commission_beneficiary=agreement.commission_beneficiary,
        ended_at=state.ended_at,
        cleared_at=now,
    )
