"""A judged record as rows for COPY: of the record, of its bytes, and of the stage.

Arrays are written as PostgreSQL literals by hand: psycopg's list dumper costs several times the
rest of the row.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from clearinghouse.periods import acceptance_ends_at
from clearinghouse.sealing import Sealer
from roaming.intake.facts import normal_code
from roaming.intake.judge import Judged, takes_session
from roaming.intake.normal import normal_evse_id
from roaming.intake.structure import storable
from roaming.messages import InboundSdr
from roaming.models import IntakeBatch
from roaming.rules.catalog import RULES_VERSION

SDR_COLUMNS = (
    "id sender_id seller_id buyer_id mandate_id environment batch_id position attempt"
    " rejected_at_intake payload_sha256 received_at sdr_id cso_code csp_code service_session_id"
    " split_no charging_session_id transaction_id evse_id evse_id_received pseudonym"
    " credential_type authorization_method authorization_reference tariff_id started_at ended_at"
    " charging_started_at charging_ended_at issued_at energy_kwh meter_id meter_start_kwh"
    " meter_end_kwh location_country location_name location_city connector_type current_type"
    " max_power_kw currency claim_amount item_kinds item_quantities item_unit_prices item_amounts"
    " period_started_at period_energy_kwh period_duration_s credits_sdr_id replaces_sdr_id"
    " rules_version not_applicable"
).split()
RAW_COLUMNS = "id sender_id batch_id position sha256 encrypted_payload".split()
STAGE_COLUMNS = (
    "id rejected seller_id sdr_id payload_sha256 attempt service_session_id split_no"
    " takes_session buyer_id agreement_id state path reason ended_at accept_by_at"
).split()


def sdr_row(judged: Judged, *, batch: IntakeBatch, pseudonym: str) -> tuple:
    """The record as it is stored. ``pseudonym`` is "" where no contract id was stated."""
    sides = judged.sides
    return (
        judged.record_id,
        batch.sender_id,
        sides.seller.id if sides.seller else None,
        sides.buyer.id if sides.buyer else None,
        sides.mandate_id,
        batch.environment,
        batch.id,
        judged.position,
        judged.attempt,
        judged.verdict == "REJECT",
        judged.sha256,
        batch.received_at,
        *_stated(_stored(judged), pseudonym),
        RULES_VERSION,
        _array(judged.not_applicable),
    )


def raw_row(judged: Judged, *, batch: IntakeBatch, sealer: Sealer) -> tuple:
    """The bytes as they were received, encrypted."""
    raw = judged.submission.raw
    sha256 = hashlib.sha256(raw).hexdigest()
    return judged.record_id, batch.sender_id, batch.id, judged.position, sha256, sealer.seal(raw)


def stage_row(judged: Judged) -> tuple:
    """What the keys, the state, the event and the delivery are made of."""
    rejected = judged.verdict == "REJECT"
    sdr, sides = _stored(judged), judged.sides
    return (
        judged.record_id,
        rejected,
        sides.seller.id if sides.seller else None,
        sdr.sdr_id,
        judged.sha256,
        judged.attempt,
        sdr.service_session_id,
        sdr.split_no,
        not rejected and takes_session(judged),
        sides.buyer.id if sides.buyer and not rejected else None,
        sides.terms.agreement_id if sides.terms and not rejected else None,
        judged.path[-1],
        _array(judged.path),
        _reason(judged),
        sdr.ended_at,
        _accept_by(judged),
    )


def _accept_by(judged: Judged) -> datetime | None:
    """Until when the CSP may contest; only a DEEMED agreement has such a day."""
    terms = judged.sides.terms
    if terms is None or terms.acceptance != "DEEMED":
        return None
    received_at = judged.sides.facts.received_at
    return acceptance_ends_at(
        received_at,
        days=terms.acceptance_days,
        ended_at=judged.submission.sdr.ended_at or received_at,
        is_weekly=terms.is_weekly,
        tz=terms.time_zone,
    )


def _stored(judged: Judged) -> InboundSdr:
    """A rejected record may hold what no column takes."""
    sdr = judged.submission.sdr
    return storable(sdr) if judged.verdict == "REJECT" else sdr


def _reason(judged: Judged) -> str:
    if not judged.findings:
        return ""
    return ", ".join(sorted({finding.code for finding in judged.findings}))[:500]


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
        _array([item.kind for item in items]),
        _array([item.quantity for item in items]),
        _array([item.unit_price for item in items]),
        _array([item.amount for item in items]),
    )


def _periods(sdr: InboundSdr) -> tuple[str, str, str]:
    periods = sdr.charging_periods
    return (
        _array([f'"{period.started_at.isoformat()}"' for period in periods]),
        _array([period.energy_kwh for period in periods]),
        _array([period.duration_s for period in periods]),
    )


def _array(values: Sequence[str | Decimal | int | None]) -> str:
    """A one-dimensional array literal of values that need no quoting beyond what they bring."""
    if not values:
        return "{}"
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"
