"""Read exposures, warn, and let clearing of a buyer's records wait where its limit is reached."""

from datetime import datetime
from pathlib import Path

from django.db import connection, transaction

from billing.models import ExposureBlock, ExposureReading
from billing.rules.exposure import Parts, level_of, limit_of
from billing.services import cover
from clearinghouse.money import minor_unit_digits
from clearinghouse.statements import load_statement
from clearinghouse.uuid7 import uuid7_at
from partners.models import Partner, SettlementGroup

_SQL = Path(__file__).resolve().parent.parent / "sql"
CLOCK = "clock"


@transaction.atomic
def read_exposures(group: SettlementGroup, *, now: datetime) -> list[ExposureReading]:
    """Read every member's exposure; blocks are opened and lifted by what is read.

    What a person blocked stays until a person lifts it.

    The group row is locked FOR UPDATE: no record is cleared between a reading and its block.
    """
    SettlementGroup.objects.select_for_update().get(pk=group.pk)
    partners = Partner.objects.in_bulk()
    readings = ExposureReading.objects.bulk_create(
        _reading(group, partners[row[0]], row[1], row[2:], now)
        for row in parts_of_members(group, now=now)
    )
    for reading in readings:
        _follow(reading, now=now)
    return readings


class AlreadyBlocked(Exception):
    """The partner is blocked in the group; lift that block first."""


@transaction.atomic
def block_by_hand(
    reading: ExposureReading, *, by: str, reason: str, now: datetime
) -> ExposureBlock:
    """Let the records that a partner buys in a group wait, whatever its limit; a person lifts it.

    ``reading`` says who and where. The group row is locked as for readings.

    :raises AlreadyBlocked: a block is open.
    """
    SettlementGroup.objects.select_for_update().get(pk=reading.group_id)
    if open_block(reading) is not None:
        raise AlreadyBlocked("It is blocked already.")
    return ExposureBlock.objects.create(
        id=uuid7_at(now),
        group=reading.group,
        partner=reading.partner,
        environment=reading.environment,
        reading=reading,
        blocked_at=now,
        blocked_by=by[:150],
        block_reason=reason[:500],
    )


def open_block(reading: ExposureReading) -> ExposureBlock | None:
    """The block of the reading's partner in its group that is open now."""
    return ExposureBlock.objects.filter(
        group=reading.group_id, partner=reading.partner_id, lifted_at__isnull=True
    ).first()


def lift(block: ExposureBlock, *, by: str, reason: str, now: datetime) -> None:
    """Let a blocked partner's records be cleared again; the next reading may block anew."""
    block.lifted_at, block.lifted_by, block.lift_reason = now, by[:150], reason[:500]
    block.save(update_fields=["lifted_at", "lifted_by", "lift_reason"])


def _reading(
    group: SettlementGroup, partner: Partner, cap: int | None, figures: tuple, now: datetime
) -> ExposureReading:
    parts = Parts(
        cleared_minor=figures[0],
        unpaid_minor=figures[1],
        waiting_minor=figures[2],
        received_minor=figures[3],
    )
    of = {"currency": group.currency, "environment": group.environment}
    prefund = cover.balance_minor(partner, cover.PREFUND, **of)
    deposit = cover.balance_minor(partner, cover.DEPOSIT, **of)
    limit = limit_of(cap, prefund_minor=prefund, deposit_minor=deposit)
    return ExposureReading(
        id=uuid7_at(now),
        group=group,
        partner=partner,
        environment=group.environment,
        read_at=now,
        parts={
            "cleared": parts.cleared_minor,
            "unpaid": parts.unpaid_minor,
            "waiting": parts.waiting_minor,
            "received": parts.received_minor,
            "cap": cap,
            "prefund": prefund,
            "deposit": deposit,
        },
        exposure_minor=parts.exposure_minor,
        limit_minor=limit,
        level=level_of(parts.exposure_minor, limit),
    )


def _follow(reading: ExposureReading, *, now: datetime) -> None:
    block = open_block(reading)
    is_over = reading.level == ExposureReading.Level.BLOCKED
    if is_over and block is None:
        ExposureBlock.objects.create(
            id=uuid7_at(now),
            group=reading.group,
            partner=reading.partner,
            environment=reading.environment,
            reading=reading,
            blocked_at=now,
        )
    elif block is not None and not block.blocked_by and not is_over:
        lift(block, by=CLOCK, reason="the exposure is below the limit again", now=now)


def parts_of_members(group: SettlementGroup, *, now: datetime) -> list[tuple]:
    """Partner, cap, and the parts of its exposure in minor units; one row per member."""
    with connection.cursor() as cursor:
        cursor.execute(
            load_statement(_SQL / "exposures.sql"),
            {
                "group_id": group.pk,
                "now": now,
                "digits": minor_unit_digits(group.currency),
                "is_ccp": group.model == SettlementGroup.Model.CCP,
            },
        )
        return cursor.fetchall()
