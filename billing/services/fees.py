"""Charge the fees of a window: read what is charged for, ask the rules, write the lines."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

from django.db import connection

from billing.models import ClearingWindow, FeeLine, Settlement
from billing.rules.fees import window as rules
from billing.rules.fees.facts import FeeRecord, Membership, month_of
from billing.rules.fees.terms import Direction, FeeComponent, Scope, Tier
from clearinghouse.statements import load_statement
from clearinghouse.uuid7 import uuid7_at
from partners.models import FeeComponent as FeeRow
from partners.models import ParticipationContract, SettlementGroup

# Fields that a row and the rule call by the same name.
_SAME = (
    "code",
    "kind",
    "payer",
    "from_date",
    "until_date",
    "rate",
    "cso_share",
    "min_minor",
    "max_minor",
    "floor_minor",
    "cap_minor",
    "tier_mode",
    "rounding",
    "beneficiary",
)
_SQL = Path(__file__).resolve().parent.parent / "sql"


def charge_fees(settlement: Settlement, *, now: datetime) -> None:
    """Write the fee lines of a settlement; what earlier issued settlements counted is known."""
    group = settlement.window.group
    rows = {row.pk: row for row in FeeRow.objects.filter(group=group)}
    if not rows:
        return
    month = month_of(_last_day(settlement))
    lines = rules.fees_of_window(
        [terms_of(row) for row in rows.values()],
        records=records_of(settlement.window),
        memberships=_memberships(group, month),
        counted=_counted(group),
        months_over=_months_over(settlement, month),
    )
    FeeLine.objects.bulk_create(
        FeeLine(
            id=uuid7_at(now),
            settlement=settlement,
            component_id=line.component.id,
            payer_id=line.payer,
            payee_id=line.payee,
            month=line.month,
            quantity_before=line.before.quantity,
            quantity_after=line.after.quantity,
            exact_after=line.after.exact,
            sdrs_before=line.before.records,
            sdrs_after=line.after.records,
            charged_before_minor=line.before.charged_minor,
            charged_after_minor=line.after.charged_minor,
            amount_minor=line.amount_minor,
            steps=[_step(step) for step in line.steps],
        )
        for line in lines
    )


def terms_of(row: FeeRow) -> FeeComponent:
    """:raises billing.rules.fees.terms.WrongTerms: the row contradicts itself."""
    tiers = (Tier(Decimal(tier["from_quantity"]), Decimal(tier["rate"])) for tier in row.tiers)
    same = {name: getattr(row, name) for name in _SAME}
    scope = Scope(
        partner=row.partner_id,
        direction=cast(Direction, row.direction),
        counterparty=row.counterparty_id,
    )
    return FeeComponent(id=row.pk, tiers=tuple(tiers), scope=scope, **same)


def records_of(window: ClearingWindow) -> Iterator[FeeRecord]:
    """The cleared records of a window, by id."""
    with connection.cursor() as cursor:
        cursor.execute(
            load_statement(_SQL / "fee_records.sql"),
            {
                "window_id": window.pk,
                "time_zone": window.group.time_zone,
            },
        )
        while rows := cursor.fetchmany(5_000):
            for row in rows:
                names = [column.name for column in cursor.description]
                yield FeeRecord(**dict(zip(names, row, strict=True)))


def _memberships(group: SettlementGroup, month: date) -> Iterable[Membership]:
    """Whoever's contract joins the group at some instant of the month."""
    zone = ZoneInfo(group.time_zone)
    starts_at = datetime(month.year, month.month, 1, tzinfo=zone)
    ends_at = datetime.combine(_next(month), datetime.min.time(), zone)
    contracts = ParticipationContract.objects.filter(groups=group, starts_at__lt=ends_at).exclude(
        ends_at__lte=starts_at
    )
    partners = sorted(set(contracts.values_list("partner", flat=True)))
    return [Membership(partner=partner, month=month) for partner in partners]


def _months_over(settlement: Settlement, month: date) -> list[date]:
    """The month of the window, if no further window of its own is to come."""
    group = settlement.window.group
    ends = settlement.window.supply_ends_at.astimezone(ZoneInfo(group.time_zone)).date()
    return [month] if ends >= _next(month) else []


def _counted(group: SettlementGroup) -> dict[rules.LineKey, rules.Count]:
    """What the newest issued line of each key counted and charged."""
    lines = FeeLine.objects.filter(
        settlement__window__group=group, settlement__state=Settlement.State.ISSUED
    ).order_by("settlement__issued_at", "pk")
    return {
        rules.LineKey(line.component_id, line.payer_id, line.payee_id, line.month): rules.Count(
            line.quantity_after, line.exact_after, line.sdrs_after, line.charged_after_minor
        )
        for line in lines
    }


def _last_day(settlement: Settlement) -> date:
    zone = ZoneInfo(settlement.window.group.time_zone)
    return (settlement.window.supply_ends_at.astimezone(zone) - timedelta(microseconds=1)).date()


def _next(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _step(step) -> dict[str, str]:
    return {name: str(getattr(step, name)) for name in step._fields}
