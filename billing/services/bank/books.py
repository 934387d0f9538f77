"""What is open against the bank in one currency: debts, payouts, and whose account is whose."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from billing.messages.sepa import payment_information_id
from billing.messages.sepa_text import REFERENCE_LENGTH, creditor_reference
from billing.models import (
    BankEntry,
    BankMatch,
    DebitMandate,
    Document,
    Payment,
    PaymentFile,
    Position,
    Settlement,
)
from billing.queries_payments import money_of
from billing.rules.bank_facts import Books, Debt, Payout
from billing.services.payments.states import due_date, local_date
from partners.models import BankAccount, Partner, SettlementGroup
from partners.queries import clearing_house, in_period

# A payment may name a statement that was paid long ago: it is then the payer's, not unknown.
LOOK_BACK = timedelta(days=400)
_OUT = (Payment.Purpose.PAYOUT, Payment.Purpose.PAY_BACK, Payment.Purpose.COVER_OUT)
_SENT = (Payment.State.INSTRUCTED, Payment.State.ACKNOWLEDGED)


@dataclass(slots=True, kw_only=True)
class Ledgered:
    """The facts for the rules, and the rows behind their keys."""

    books: Books
    positions: dict[UUID, Position] = field(default_factory=dict)
    payments: dict[UUID, Payment] = field(default_factory=dict)
    collections: dict[str, Payment] = field(default_factory=dict)

    def position_of(self, target: UUID) -> Position | None:
        """The position of a debt, or the one that a payout is for."""
        if target in self.positions:
            return self.positions[target]
        position_id = self.payments[target].position_id
        return self.positions.get(position_id) if position_id else None


def claims_accounts(position: Position) -> tuple[str, str]:
    """Where a position stands: what the partner owes, and what it gets (1300; CCP 1200, 2100)."""
    is_ccp = position.settlement.window.group.model == SettlementGroup.Model.CCP
    return ("1200", "2100") if is_ccp else ("1300", "1300")


def open_books(environment: str, currency: str, *, now: datetime) -> Ledgered:
    """Read what a payment of that currency can be for, and hold the settlements until the commit.

    Partners that share an account are known by none of them.
    """
    settlements = list(
        Settlement.objects.filter(
            environment=environment,
            currency=currency,
            state=Settlement.State.ISSUED,
            issued_at__gte=now - LOOK_BACK,
        )
        .order_by("pk")
        .select_for_update(no_key=True, of=("self",))
        .select_related("window__group")
    )
    positions = {
        row.pk: row
        for row in Position.objects.filter(settlement__in=settlements).select_related(
            "partner", "settlement__window__group"
        )
    }
    collections = _collections(positions)
    payments = _payouts(environment, currency, now)
    partners = {row.partner_id for row in positions.values()}
    return Ledgered(
        books=Books(
            debts=tuple(_debts(settlements, positions, collections, now)),
            payouts=tuple(_payout(row) for row in payments.values()),
            accounts=accounts_of_partners(currency, environment, now=now),
            names=dict(Partner.objects.filter(pk__in=partners).values_list("pk", "name")),
        ),
        positions=positions,
        payments=payments,
        collections={row.end_to_end_id: row for row in collections},
    )


def _debts(
    settlements: list[Settlement],
    positions: dict[UUID, Position],
    collections: list[Payment],
    now: datetime,
) -> list[Debt]:
    house = clearing_house().pk
    references = _references(settlements)
    ids: dict[UUID, list[str]] = defaultdict(list)
    for row in collections:
        if row.position_id is not None:
            ids[row.position_id].append(row.end_to_end_id)
    collected = _collected(positions)
    return [
        Debt(
            key=key,
            partner=money.partner_id,
            open_minor=max(0, -money.due_minor - money.received_minor - money.covered_minor),
            due_on=due_date(settlement),
            references=references[settlement.pk, money.partner_id],
            end_to_end_ids=tuple(ids[key]),
            collected_minor=collected[key],
        )
        for settlement in settlements
        for key, money in money_of(settlement, on=local_date(settlement, now)).items()
        if positions[key].due_minor < 0 and money.partner_id != house
    ]


def _references(settlements: list[Settlement]) -> dict[tuple[UUID, UUID], tuple[str, ...]]:
    """The number of the statement, and the creditor reference made of it."""
    found: dict[tuple[UUID, UUID], tuple[str, ...]] = defaultdict(tuple)
    rows = Document.objects.filter(settlement__in=settlements, kind=Document.Kind.STATEMENT)
    for settlement, partner, number in rows.values_list("settlement", "partner", "number"):
        found[settlement, partner] += (number,)
        if len(re.sub(r"[^A-Za-z0-9]", "", number)) <= REFERENCE_LENGTH:
            found[settlement, partner] += (creditor_reference(number),)
    return found


def _collections(positions: dict[UUID, Position]) -> list[Payment]:
    rows = Payment.objects.filter(
        position__in=positions,
        purpose=Payment.Purpose.COLLECTION,
        state__in=[*_SENT, Payment.State.BOOKED],
    )
    return list(rows.select_related("file").order_by("pk"))


def _collected(positions: dict[UUID, Position]) -> Counter[UUID]:
    """What direct debits brought for each position, less what came back of it."""
    found: Counter[UUID] = Counter()
    rows = BankMatch.objects.filter(
        position__in=positions, payment__purpose=Payment.Purpose.COLLECTION
    )
    for position, purpose, minor in rows.values_list("position", "purpose", "amount_minor"):
        found[position] += minor if purpose == BankMatch.Purpose.PAY_IN else -minor
    return found


def _payouts(environment: str, currency: str, now: datetime) -> dict[UUID, Payment]:
    rows = Payment.objects.filter(
        environment=environment,
        currency=currency,
        purpose__in=_OUT,
        state__in=[*_SENT, Payment.State.BOOKED],
        file__exported_at__gte=now - LOOK_BACK,
    )
    return {row.pk: row for row in rows.select_related("file", "partner").order_by("pk")}


def _payout(row: Payment) -> Payout:
    return Payout(
        key=row.pk,
        partner=row.partner_id,
        amount_minor=row.amount_minor,
        end_to_end_id=row.end_to_end_id,
        payment_information_id=payment_information_id(row.file_id),
        account=row.iban,
        is_booked=row.state == Payment.State.BOOKED,
    )


def accounts_of_partners(currency: str, environment: str, *, now: datetime) -> dict[str, UUID]:
    """Whose account it is, of those in force or collected from."""
    owners: dict[str, set[UUID]] = defaultdict(set)
    accounts = BankAccount.objects.filter(
        in_period(now), currency=currency, partner__is_clearing_house=False
    )
    mandates = DebitMandate.objects.filter(environment=environment, cancelled_date__isnull=True)
    for rows in (accounts, mandates):
        for iban, partner in rows.values_list("iban", "partner"):
            owners[iban].add(partner)
    return {iban: next(iter(who)) for iban, who in owners.items() if len(who) == 1}


def is_account_of_house(account: str, currency: str) -> bool:
    """Tell whether the house names the account as its own, now or earlier."""
    return BankAccount.objects.filter(
        partner__is_clearing_house=True, iban=account, currency=currency
    ).exists()


def open_files(entry: BankEntry, *, now: datetime) -> list[PaymentFile]:
    """Payment files of which exactly the entry's amount has not left yet, in several payments."""
    waiting: dict[UUID, list[Payment]] = defaultdict(list)
    for row in _payouts(entry.environment, entry.currency, now).values():
        if row.state in _SENT:
            waiting[row.file_id].append(row)
    return [
        rows[0].file
        for rows in waiting.values()
        if len(rows) > 1 and sum(row.amount_minor for row in rows) == entry.amount_minor
    ]


def open_payments(entry: BankEntry, *, now: datetime) -> list[Payment]:
    """Payments of ours of exactly its amount: sent, for what went out; booked, for what came."""
    rows = _payouts(entry.environment, entry.currency, now).values()
    return [
        row
        for row in rows
        if row.amount_minor == entry.amount_minor
        and (row.state == Payment.State.BOOKED) == entry.is_credit
    ]
