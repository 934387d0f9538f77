"""Stored records as messages again, from their columns: to rate them without their bytes.

The contract id is not in the columns and stays empty.
"""

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from partners.models import RoamingAgreement
from roaming.intake.facts import terms_of
from roaming.intake.registries import Asked
from roaming.messages import InboundItem, InboundPeriod, InboundSdr
from roaming.models import Sdr, SdrState
from roaming.rules.findings import Terms
from roaming.rules.record import ItemKind

_SAME = (
    "sdr_id service_session_id split_no charging_session_id transaction_id credential_type"
    " authorization_method authorization_reference tariff_id started_at ended_at"
    " charging_started_at charging_ended_at issued_at energy_kwh meter_id meter_start_kwh"
    " meter_end_kwh location_country location_name location_city connector_type current_type"
    " max_power_kw currency credits_sdr_id replaces_sdr_id"
).split()


def inbound_of(sdr: Sdr) -> InboundSdr:
    items = zip(
        sdr.item_kinds, sdr.item_quantities, sdr.item_unit_prices, sdr.item_amounts, strict=True
    )
    periods = zip(sdr.period_started_at, sdr.period_energy_kwh, sdr.period_duration_s, strict=True)
    return InboundSdr(
        **{name: getattr(sdr, name) for name in _SAME},
        cso_id=sdr.cso_code,
        csp_id=sdr.csp_code,
        evse_id=sdr.evse_id or sdr.evse_id_received,
        total_amount=sdr.claim_amount,
        items=[
            InboundItem(
                kind=cast(ItemKind, kind), quantity=quantity, unit_price=price, amount=amount
            )
            for kind, quantity, price, amount in items
        ],
        charging_periods=[
            InboundPeriod(started_at=starts_at, energy_kwh=energy, duration_s=duration)
            for starts_at, energy, duration in periods
        ],
    )


def asked_of(states: Sequence[SdrState]) -> dict[UUID, Asked]:
    """What to ask about records that have both sides and an agreement; two queries."""
    agreements = RoamingAgreement.objects.select_related("group").in_bulk(
        {state.agreement_id for state in states if state.agreement_id}
    )
    terms: dict[UUID, Terms] = {key: terms_of(one, {}) for key, one in agreements.items()}
    sdrs = Sdr.objects.filter(
        sender__in={state.sender_id for state in states}, id__in=[state.id for state in states]
    ).in_bulk()
    found = {}
    for state in states:
        sdr = sdrs.get(state.id)
        agreed = terms.get(state.agreement_id) if state.agreement_id else None
        if sdr is None or agreed is None or sdr.started_at is None:
            continue
        if state.seller_id and state.buyer_id:
            found[state.id] = Asked(
                inbound_of(sdr), sdr.started_at, state.seller_id, state.buyer_id, agreed, "", ""
            )
    return found
