"""A partner does not pay: cover it, unwind it (agency), or go down the waterfall (CCP).

Agency: prefund, then guarantee; where both together do not cover the debt, the window is netted
again without the partner, and its creditors and debtors get a list of claims per pair. CCP: own
prefund and deposit, then the default fund; what is left is shown as uncovered.
"""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from billing.models import DefaultCase, Settlement, Transfer
from billing.rules.default import Cover, Draw, unwind, waterfall
from billing.services import cover
from billing.services.instructing import obligations_of
from billing.services.ledger import Entry, Side, claims_account, post
from clearinghouse.retry import in_transaction
from clearinghouse.uuid7 import uuid7_at
from partners.models import Partner, SettlementGroup
from partners.queries import clearing_house


class NotInDefault(Exception):
    """The partner owes nothing in this settlement, or the case was handled before."""


def handle_default(
    settlement: Settlement, partner: Partner, *, reason: str, actor: str, now: datetime
) -> DefaultCase:
    """Handle a debt that was not paid, once.

    :raises NotInDefault: there is no debt in this issued settlement, or it was handled.
    """
    return in_transaction(lambda: _handle(settlement.pk, partner, reason, actor, now))


def _handle(
    settlement_id: UUID, partner: Partner, reason: str, actor: str, now: datetime
) -> DefaultCase:
    SettlementGroup.objects.select_for_update().get(windows__settlements=settlement_id)
    settlement = Settlement.objects.select_related("window__group").get(pk=settlement_id)
    owed = _owed(settlement, partner)
    case = DefaultCase(
        id=uuid7_at(now),
        settlement=settlement,
        partner=partner,
        environment=settlement.environment,
        currency=settlement.currency,
        owed_minor=owed,
        reason=reason[:500],
        actor=actor[:150],
        handled_at=now,
    )
    pots = [_pot(settlement, partner, code) for code in (cover.PREFUND, cover.DEPOSIT)]
    if settlement.window.group.model == SettlementGroup.Model.CCP:
        fund = _pot(settlement, clearing_house(), cover.DEFAULT_FUND)
        _draw(case, [*pots, fund], "WATERFALL", now=now)
    elif sum(pot.available_minor for pot in pots) >= owed:
        _draw(case, pots, "COVERED", now=now)
    else:
        _unwind(case, now=now)
    case.save(force_insert=True)
    return case


def _owed(settlement: Settlement, partner: Partner) -> int:
    if settlement.state != Settlement.State.ISSUED:
        raise NotInDefault("The settlement is not issued.")
    if settlement.defaults.filter(partner=partner).exists():
        raise NotInDefault("The default was handled before.")
    position = settlement.positions.filter(partner=partner).first()
    if position is None or position.due_minor >= 0:
        raise NotInDefault("The partner owes nothing in this settlement.")
    return -position.due_minor


def _pot(settlement: Settlement, holder: Partner, code: str) -> Cover:
    """What it holds; locked, so that what is drawn is not paid back at the same time."""
    key = {"currency": settlement.currency, "environment": settlement.environment}
    cover.lock(holder, code, **key)
    return Cover(code, cover.balance_minor(holder, code, **key))


def _draw(case: DefaultCase, pots: list[Cover], outcome: str, *, now: datetime) -> None:
    result = waterfall(case.owed_minor, pots)
    own = claims_account(case.settlement.window.group)
    post((_cover(case, draw, own) for draw in result.draws), now=now)
    case.outcome, case.uncovered_minor = outcome, result.uncovered_minor
    case.draws = [[draw.name, draw.drawn_minor] for draw in result.draws if draw.drawn_minor]


def _cover(case: DefaultCase, draw: Draw, own: str) -> Entry:
    holder = clearing_house().pk if draw.name == cover.DEFAULT_FUND else case.partner_id
    return _entry(
        case,
        f"default:{case.pk}:{draw.name}",
        Transfer.Kind.COVER,
        Side(draw.name, holder),
        Side(own, case.partner_id),
        draw.drawn_minor,
    )


def _unwind(case: DefaultCase, *, now: datetime) -> None:
    """Take back every transfer of the settlement with the partner, and list the claims.

    Adjusted, carried and exchanged amounts are with the house, which stood in for them.
    """
    result = unwind(obligations_of(case.settlement), defaulter=case.partner_id)
    post(_reversals(case), now=now)
    case.outcome = "UNWOUND"
    case.positions = {str(partner): amount for partner, amount in result.positions.items()}
    case.claims = [[str(one.debtor), str(one.creditor), one.amount_minor] for one in result.claims]


def _reversals(case: DefaultCase) -> Iterator[Entry]:
    """Agency: whatever this settlement posted on the partner's clearing account, the other way.

    It posts all at one instant. Its windows hold transfers of other settlements too: where a pair
    was blocked in one month and settled in a later one.
    """
    settlement = case.settlement
    windows = {settlement.window_id, *settlement.supplies.values_list("window", flat=True)}
    exchanged = [f"exchange:{row.pk}:to" for row in settlement.exchanges_taken.all()]
    rows = Transfer.objects.filter(
        Q(window__in=windows, currency=case.currency, posted_at=settlement.issued_at)
        | Q(kind=Transfer.Kind.EXCHANGE, event_key__in=exchanged),
        reversed_by__isnull=True,
    ).select_related("debit_account", "credit_account")
    for row in rows.order_by("pk"):
        sides = (row.debit_account, row.credit_account)
        if not any(side.code == "1300" and side.partner_id == case.partner_id for side in sides):
            continue
        debit, credit = (Side(side.code, side.partner_id, side.country_code) for side in sides)
        entry = _entry(
            case,
            f"default:{case.pk}:{row.pk}",
            Transfer.Kind.UNWIND,
            credit,
            debit,
            row.amount_minor,
        )
        yield entry.reversing(row)


def _entry(
    case: DefaultCase, event_key: str, kind: str, debit: Side, credit: Side, amount_minor: int
) -> Entry:
    return Entry(
        event_key=event_key,
        kind=kind,
        debit=debit,
        credit=credit,
        amount_minor=amount_minor,
        currency=case.currency,
        environment=case.environment,
        window_id=case.settlement.window_id,
        reason=case.reason,
    )
