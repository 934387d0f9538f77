"""Held records as their seller reads them: why each waits, what cures it, until when; and the
summary of what healed.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

import msgspec
from django.db.models import Q, QuerySet

from roaming.messages import OutcomeFinding
from roaming.models import Finding, Healing
from roaming.queries import Reader
from roaming.rules.catalog import REMEDIES
from roaming.rules.cures import cure_of
from roaming.rules.findings import Severity
from roaming.services import holds


class HeldRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One record that waits. ``heals``: it goes on by itself when the facts in ``cures`` come."""

    record_id: UUID
    sdr_id: str
    total_amount: Decimal | None
    currency: str
    held_at: datetime
    expires_at: datetime
    codes: list[str]
    findings: list[OutcomeFinding]
    cures: list[str]
    heals: bool


class HeldPage(msgspec.Struct, frozen=True, kw_only=True):
    """Oldest first. ``next`` is the address of the next page, null on the last one."""

    results: list[HeldRecord]
    next: str | None


class HealingSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What new master data did to the held records of one seller, at one instant."""

    healing_id: UUID
    party: str
    healed_at: datetime
    released: list[UUID]
    rejected: list[UUID]


def held_for(reader: Reader) -> QuerySet:
    """The held records that the reader sells or sent, oldest first; a buyer is shown none."""
    own = Q(seller__in=list(reader.party_ids)) | Q(sender=reader.partner_id)
    return holds.queue().filter(own, environment=reader.environment)


def held_records(states: Iterable[Any]) -> list[HeldRecord]:
    """The records of ``states`` (of ``held_for``) with their findings, by one query."""
    states = list(states)
    findings = _findings(states)
    return [
        HeldRecord(
            record_id=state.id,
            sdr_id=state.sdr_id,
            total_amount=state.claim_amount,
            currency=state.currency,
            held_at=state.held_at,
            expires_at=state.expires_at,
            codes=state.codes,
            findings=findings[state.id],
            cures=[cure_of(code)[0] for code in state.codes],
            heals=holds.HEALING_CODES.issuperset(state.codes),
        )
        for state in states
    ]


def healing_for(reader: Reader, healing_id: UUID) -> HealingSummary | None:
    """The summary, if it is about a party of the reader."""
    told = Healing.objects.filter(
        id=healing_id, seller__in=list(reader.party_ids), seller__environment=reader.environment
    )
    one = told.select_related("seller").first()
    if one is None:
        return None
    return HealingSummary(
        healing_id=one.id,
        party=one.seller.code,
        healed_at=one.healed_at,
        released=one.released_ids,
        rejected=one.rejected_ids,
    )


def _findings(states: list[Any]) -> dict[UUID, list[OutcomeFinding]]:
    """What holds each record now: of its newest validation alone."""
    codes = {state.id: set(state.codes) for state in states}
    newest: dict[tuple[UUID, str], Finding] = {}
    found = Finding.objects.filter(record_id__in=list(codes), severity=Finding.Severity.HOLD)
    for finding in found.order_by("version", "code"):
        if finding.code in codes[finding.record_id]:
            newest[finding.record_id, finding.code] = finding
    told: dict[UUID, list[OutcomeFinding]] = defaultdict(list)
    for (record_id, code), finding in sorted(newest.items()):
        told[record_id].append(
            OutcomeFinding(
                code=code,
                severity=cast(Severity, finding.severity),
                field=finding.field,
                message=finding.message,
                remedy=REMEDIES.get(code, ""),
            )
        )
    return told
