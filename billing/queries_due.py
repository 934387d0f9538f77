"""What is due between a partner and the others now, currency by currency."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, OuterRef, Subquery

from billing.models import Document, PositionState
from billing.queries_own_payments import instructions_of, states_of, told
from billing.rules.supply_period import supply_title
from clearinghouse.periods import DEFAULT_TIME_ZONE
from partners.models import Partner

# The house does not see what partners pay each other: it tells of it so long after the due date.
_TOLD_AFTER = timedelta(days=14)
_ISSUED_WITHIN = timedelta(days=120)
_MOST = 100
_MONEY = PositionState.State
_OPEN = (
    _MONEY.AWAITING_FUNDS,
    _MONEY.PART_FUNDED,
    _MONEY.OVERDUE,
    _MONEY.DEFAULTED,
    _MONEY.PAYABLE,
    _MONEY.INSTRUCTED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueLine:
    """One payment that is open. ``amount_minor`` in minor units: + the partner gets, − it pays.

    ``holder``, ``iban`` and ``bic`` of the account it goes to, as the statement states them; empty
    where the partners pay each other. ``collected_date``: it is debited, nothing is to be paid.
    """

    what: str
    other: str
    amount_minor: int
    currency: str
    due_date: date | None
    is_late: bool
    reference: str
    holder: str = ""
    iban: str = ""
    bic: str = ""
    collected_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """All that is open in one currency, what is due first at first. ``net_minor`` is their sum."""

    currency: str
    net_minor: int
    lines: list[DueLine]


def due_for(partner: Partner, *, environment: str, is_direct: bool, now: datetime) -> list[Due]:
    """By currency; ``is_direct`` where partners pay each other and the house sees none of it."""
    today = now.astimezone(ZoneInfo(DEFAULT_TIME_ZONE)).date()
    if is_direct:
        return _by_currency(_instructed(partner, environment, since=now, today=today))
    return _by_currency(_positions(partner, environment, today=today))


def _by_currency(lines: Iterable[DueLine]) -> list[Due]:
    found: dict[str, list[DueLine]] = defaultdict(list)
    for line in lines:
        found[line.currency].append(line)
    return [
        Due(
            currency=currency,
            net_minor=sum(line.amount_minor for line in own),
            lines=sorted(own, key=lambda line: line.due_date or date.max),
        )
        for currency, own in sorted(found.items())
    ]


def _instructed(
    partner: Partner, environment: str, *, since: datetime, today: date
) -> Iterable[DueLine]:
    recent = instructions_of(partner, environment=environment).filter(
        settlement__issued_at__gte=since - _ISSUED_WITHIN
    )
    rows = list(recent[:_MOST])
    windows = {row.settlement_id: row.settlement.window for row in rows}
    for one in told(rows, to=partner):
        if one.due_date >= today - _TOLD_AFTER:
            window = windows[one.settlement_id]
            yield DueLine(
                what=supply_title(
                    window.supply_starts_at,
                    window.supply_ends_at,
                    time_zone=window.group.time_zone,
                ),
                other=one.other,
                amount_minor=-one.amount_minor if one.is_to_pay else one.amount_minor,
                currency=one.currency,
                due_date=one.due_date,
                is_late=one.due_date < today,
                reference=one.reference,
            )


def _positions(partner: Partner, environment: str, *, today: date) -> Iterable[DueLine]:
    statement = Document.objects.filter(
        settlement=OuterRef("position__settlement"),
        partner=partner,
        kind=Document.Kind.STATEMENT,
    )
    settlement, window = "position__settlement", "position__settlement__window"
    rows = (
        states_of(partner, environment=environment)
        .filter(state__in=_OPEN)
        .values(
            "due_minor",
            "settled_minor",
            "due_date",
            number=Subquery(statement.values("number")[:1]),
            bank=Subquery(statement.values("content__bank")[:1]),
            currency=F(f"{settlement}__currency"),
            starts_at=F(f"{window}__supply_starts_at"),
            ends_at=F(f"{window}__supply_ends_at"),
            time_zone=F(f"{window}__group__time_zone"),
        )
    )
    return [_position(dict(row), today=today) for row in rows[:_MOST]]


def _position(row: dict[str, Any], *, today: date) -> DueLine:
    due, settled, bank = row["due_minor"], row["settled_minor"], row["bank"] or {}
    collected = (bank.get("collection") or {}).get("collection_date")
    return DueLine(
        what=supply_title(row["starts_at"], row["ends_at"], time_zone=row["time_zone"]),
        other="",
        amount_minor=due - settled if due > 0 else due + settled,
        currency=row["currency"],
        due_date=row["due_date"],
        is_late=row["due_date"] is not None and row["due_date"] < today,
        reference=bank.get("reference") or row["number"] or "",
        holder=bank.get("holder", ""),
        iban=bank.get("iban", ""),
        bic=bank.get("bic", ""),
        collected_date=date.fromisoformat(collected) if collected else None,
    )
