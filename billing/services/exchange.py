"""One position across currencies: what is due in one settlement is settled in another currency.

Only where everybody to whom or by whom something is due has agreed on it by contract
(``settles_in``), and has signed the netting clause in both groups; a central counterparty needs no
clause. The amounts go into the next settlement of the group that is the same in all but the
currency. Calculating writes them, issuing posts them, cancelling takes them back.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from billing.models import ClearingWindow, CurrencyExchange, FxRate, Settlement, Transfer
from billing.rules.conversion import EURO, convert_positions
from billing.services.fx import rates_of
from billing.services.instructing import contracts_of
from billing.services.ledger import Entry, Side, claims_account
from clearinghouse.periods import reference_rate_date
from clearinghouse.uuid7 import uuid7_at
from partners.models import ParticipationContract, SettlementGroup
from partners.queries import clearing_house


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Into which group what is due would go, who has agreed to it, or why it cannot go."""

    currency: str
    group: SettlementGroup | None = None
    agreed: frozenset[UUID] = frozenset()
    why_not: str = ""


def plan_of(window: ClearingWindow) -> Plan | None:
    """What the contracts in force at the end of the supply period say; ``None``: each by itself.

    Of several currencies the one that most contracts name.
    """
    group = window.group
    contracts = _contracts(window).exclude(settles_in__in=["", group.currency])
    named = Counter(contracts.values_list("settles_in", flat=True))
    if not named:
        return None
    currency = min(named, key=lambda name: (-named[name], name))
    plan = Plan(currency=currency)
    sisters = _sisters(group, currency)
    if len(sisters) != 1:
        found = ", ".join(sister.name for sister in sisters) or "none"
        return replace(
            plan,
            why_not=f"There must be one group in {currency} that is otherwise the same: {found}.",
        )
    if unquoted := _unquoted(window, {group.currency, currency}):
        return replace(plan, why_not=f"The ECB publishes no rate of {unquoted}.")
    return replace(plan, group=sisters[0], agreed=_agreed(window, sisters[0]))


def convert(settlement: Settlement, plan: Plan | None, *, now: datetime) -> None:
    """Write the exchanges of positions that are settled elsewhere; the caller has netted them.

    :raises billing.rules.conversion.NoRate: the rates of the cut-off day were not imported.
    """
    moving = dict(
        settlement.positions.exclude(exchanged_on_minor=0).values_list(
            "partner", "exchanged_on_minor"
        )
    )
    if not moving or plan is None or plan.group is None:
        return
    house = clearing_house().pk
    converted = convert_positions(
        # The house has a row even where nothing is due to it: the residue stands there.
        {settlement.currency: {house: 0, **moving}},
        to_currency=plan.currency,
        rates=rates_of(_cut_off(settlement.window)),
    )
    residue = converted.residue_minor[settlement.currency]
    CurrencyExchange.objects.bulk_create(
        CurrencyExchange(
            id=uuid7_at(now),
            settlement=settlement,
            partner_id=line.partner,
            from_currency=line.from_currency,
            from_minor=line.from_minor,
            from_per_euro=line.from_per_euro,
            to_group=plan.group,
            to_currency=converted.currency,
            to_per_euro=line.to_per_euro,
            to_minor=line.to_minor,
            residue_minor=residue if line.partner == house else 0,
            rate_date=converted.rate_date,
        )
        for line in converted.lines
    )


def take_in(settlement: Settlement) -> None:
    """Take what waits for the group into a settlement that is being calculated.

    A source being cancelled meanwhile is waited for, and then left alone.
    """
    waiting = CurrencyExchange.objects.filter(
        to_group=settlement.window.group, taken_in__isnull=True
    ).exclude(settlement__state=Settlement.State.CANCELLED)
    locked = waiting.select_related("settlement").select_for_update(of=("self", "settlement"))
    rows = list(locked.order_by("pk"))
    CurrencyExchange.objects.filter(pk__in=[row.pk for row in rows]).update(taken_in=settlement)


def give_back(settlement: Settlement) -> None:
    """Of a settlement that is being cancelled: what it took in waits again."""
    settlement.exchanges_taken.update(taken_in=None)


def held_by(settlement: Settlement) -> Settlement | None:
    """The settlement that holds what this one exchanged; rows are locked until the commit."""
    rows = settlement.exchanges.select_for_update(of=("self",)).select_related(
        "taken_in__window__group"
    )
    return next((row.taken_in for row in rows if row.taken_in), None)


def not_issued_yet(settlement: Settlement) -> Settlement | None:
    """A settlement whose exchanged amounts this one holds, and which is not issued."""
    taken = settlement.exchanges_taken.exclude(settlement__state=Settlement.State.ISSUED)
    row = taken.select_related("settlement__window__group").first()
    return row.settlement if row else None


def entries(settlement: Settlement) -> Iterator[Entry]:
    """Out of the partner's account in one currency, into that in the other, by way of 7900.

    The house has no such account; its part and the residue are what stays on 7900.
    """
    house = clearing_house().pk
    account = claims_account(settlement.window.group)
    for row in settlement.exchanges.exclude(partner=house).order_by("pk"):
        own = Side(account, row.partner_id)
        between = Side("7900", house)
        entry = Entry(
            event_key=f"exchange:{row.pk}:from",
            kind=Transfer.Kind.EXCHANGE,
            debit=own,
            credit=between,
            amount_minor=row.from_minor,
            currency=row.from_currency,
            environment=settlement.environment,
            window_id=settlement.window_id,
        )
        yield entry
        yield replace(
            entry,
            event_key=f"exchange:{row.pk}:to",
            debit=between,
            credit=own,
            amount_minor=row.to_minor,
            currency=row.to_currency,
        )


def _contracts(window: ClearingWindow) -> QuerySet[ParticipationContract]:
    """With the netting clause where one nets; a central counterparty needs none."""
    contracts = contracts_of(window)
    if window.group.model == SettlementGroup.Model.CCP:
        return contracts
    if window.group.netting == SettlementGroup.Netting.BILATERAL:
        return contracts.none()
    return contracts.filter(has_netting_clause=True)


def _sisters(group: SettlementGroup, currency: str) -> list[SettlementGroup]:
    """Groups that differ in nothing but the currency, so that a sum can be settled there."""
    same = ("environment", "cycle", "model", "netting", "release", "time_zone")
    alike = SettlementGroup.objects.filter(
        currency=currency, **{name: getattr(group, name) for name in same}
    )
    return list(alike.order_by("name"))


def _agreed(window: ClearingWindow, sister: SettlementGroup) -> frozenset[UUID]:
    contracts = _contracts(window).filter(settles_in=sister.currency)
    in_both = ParticipationContract.objects.filter(pk__in=contracts.values("pk"), groups=sister)
    return frozenset(in_both.values_list("partner", flat=True))


def _unquoted(window: ClearingWindow, currencies: set[str]) -> str:
    """A currency without a rate on the cut-off day, where those of that day were imported."""
    rates = FxRate.objects.filter(rate_date=reference_rate_date(_cut_off(window)))
    quoted = set(rates.values_list("currency", flat=True))
    return ", ".join(sorted(currencies - quoted - {EURO})) if quoted else ""


def _cut_off(window: ClearingWindow) -> datetime:
    """When the books closed; later than by the calendar does not make it another day's rate."""
    return min(window.closed_at or window.closes_at, window.closes_at)
