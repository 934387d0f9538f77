"""A judged record as one row of the stage, in the order of ``STAGE_COLUMNS``.

Arrays are written as PostgreSQL literals by hand: psycopg's list dumper costs several times the
rest of the row.
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

from clearinghouse.identifiers import (
    MalformedContractId,
    MalformedEvseId,
    parse_contract_id,
    parse_evse_id,
)
from clearinghouse.sealing import Sealer
from roaming.intake.facts import normal_code
from roaming.intake.judge import Judged, takes_session
from roaming.intake.structure import storable
from roaming.messages import InboundSdr
from roaming.rules.catalog import RULES_VERSION

STAGE_COLUMNS = (
    "id sender_id seller_id buyer_id mandate_id environment batch_id position attempt"
    " rejected_at_intake payload_sha256 received_at sdr_id cso_code csp_code service_session_id"
    " split_no charging_session_id transaction_id evse_id evse_id_received pseudonym"
    " credential_type authorization_method authorization_reference tariff_id started_at ended_at"
    " charging_started_at charging_ended_at issued_at energy_kwh meter_id meter_start_kwh"
    " meter_end_kwh location_country location_name location_city connector_type current_type"
    " max_power_kw currency claim_amount item_kinds item_quantities item_unit_prices item_amounts"
    " period_started_at period_energy_kwh period_duration_s credits_sdr_id replaces_sdr_id"
    " rules_version not_applicable state_buyer_id agreement_id state path takes_session actor"
    " reason raw_sha256 encrypted_payload"
).split()


def stage_row(
    judged: Judged, *, batch, pseudonym: str, actor: str, received_at: datetime, sealer: Sealer
) -> tuple:
    """One row for COPY. ``pseudonym`` is "" where no contract id was stated."""
    rejected = judged.verdict == "REJECT"
    sdr = storable(judged.submission.sdr) if rejected else judged.submission.sdr
    sides, raw = judged.sides, judged.submission.raw
    buyer_id = sides.buyer.id if sides.buyer else None
    return (
        judged.record_id,
        batch.sender_id,
        sides.seller.id if sides.seller else None,
        buyer_id,
        sides.mandate_id,
        batch.environment,
        batch.id,
        judged.position,
        judged.attempt,
        rejected,
        judged.sha256,
        received_at,
        *_stated(sdr, pseudonym),
        RULES_VERSION,
        _array(judged.not_applicable),
        None if rejected else buyer_id,
        sides.terms.agreement_id if sides.terms and not rejected else None,
        judged.path[-1],
        _array(judged.path),
        not rejected and takes_session(judged),
        actor,
        ", ".join(sorted({finding.code for finding in judged.findings}))[:500],
        hashlib.sha256(raw).hexdigest(),
        sealer.seal(raw),
    )


def _stated(sdr: InboundSdr, pseudonym: str) -> tuple:
    return (
        sdr.sdr_id,
        normal_code(sdr.cso_id) or sdr.cso_id,
        normal_code(sdr.csp_id) or sdr.csp_id,
        sdr.service_session_id,
        sdr.split_no,
        sdr.charging_session_id,
        sdr.transaction_id,
        normal_evse_id(sdr.evse_id),
        sdr.evse_id,
        pseudonym,
        sdr.credential_type,
        sdr.authorization_method,
        sdr.authorization_reference,
        sdr.tariff_id,
        sdr.started_at,
        sdr.ended_at,
        sdr.charging_started_at,
        sdr.charging_ended_at,
        sdr.issued_at,
        sdr.energy_kwh,
        sdr.meter_id,
        sdr.meter_start_kwh,
        sdr.meter_end_kwh,
        sdr.location_country,
        sdr.location_name,
        sdr.location_city,
        sdr.connector_type,
        sdr.current_type,
        sdr.max_power_kw,
        sdr.currency,
        sdr.total_amount,
        *_items(sdr),
        *_periods(sdr),
        sdr.credits_sdr_id,
        sdr.replaces_sdr_id,
    )


def _items(sdr: InboundSdr) -> tuple[str, str, str, str]:
    items = sdr.items
    return (
        _array(item.kind for item in items),
        _array(item.quantity for item in items),
        _array(item.unit_price for item in items),
        _array(item.amount for item in items),
    )


def _periods(sdr: InboundSdr) -> tuple[str, str, str]:
    periods = sdr.charging_periods
    return (
        _array(f'"{period.started_at.astimezone(UTC).isoformat()}"' for period in periods),
        _array(period.energy_kwh for period in periods),
        _array(period.duration_s for period in periods),
    )


def _array(values: Iterable[str | Decimal | int | None]) -> str:
    """A one-dimensional array literal of values that need no quoting beyond what they bring."""
    return "{" + ",".join("NULL" if v is None else str(v) for v in values) + "}"


@lru_cache(maxsize=65_536)
def normal_evse_id(received: str) -> str:
    """The normal form, or "" where the id is missing or malformed."""
    try:
        return parse_evse_id(received).normal if received else ""
    except MalformedEvseId:
        return ""


@lru_cache(maxsize=65_536)
def normal_contract_id(received: str) -> str:
    """The normal form; a contract id that is no EMAID keeps its own spelling."""
    try:
        return parse_contract_id(received).normal
    except MalformedContractId:
        return received.strip()
