"""What could be paid or collected for a settlement now, and why the rest waits."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from billing.messages.sepa_text import creditor_reference
from billing.models import DebitMandate, Document, Payment, PaymentEvent, PaymentFile, Settlement
from billing.queries_payments import Money, final_pot, money_of, waits_for_bank_data
from billing.rules.payment_dates import collection_date, mandate_ends
from billing.rules.payout import payouts
from billing.services.payments.states import due_date, local_date
from clearinghouse.periods import add_business_days
from partners.models import BankAccount, Partner
from partners.queries import (
    accounts_being_changed,
    clearing_house,
    in_period,
    partners_standing,
)
from partners.rules.life import EFFECTS, standings_that

# Debtors without the money are debited once more, so many business days later.
RETRY_BUSINESS_DAYS = 5
NO_MONEY = "AM04"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One position. ``amount_minor`` is what goes into a file now, ``open_minor`` what is still
    due; ``why_not`` tells what the difference waits for."""

    partner: Partner
    position_id: UUID
    open_minor: int
    amount_minor: int = 0
    why_not: str = ""
    end_to_end_id: str = ""
    remittance: str = ""
    holder: str = ""
    iban: str = ""
    bic: str = ""
    mandate: DebitMandate | None = None
    collected: date | None = None


def candidates(settlement: Settlement, kind: str, *, now: datetime) -> list[Candidate]:
    """Every position that is still to be paid (or collected), sorted by the partner's name."""
    money = money_of(settlement, on=local_date(settlement, now))
    partners = Partner.objects.in_bulk([row.partner_id for row in money.values()])
    find = _payouts if kind == PaymentFile.Kind.CREDIT_TRANSFER else _collections
    found = find(settlement, money, partners, now)
    return sorted(found, key=lambda one: one.partner.name)


def _payouts(
    settlement: Settlement, money: dict[UUID, Money], partners: dict[UUID, Partner], now: datetime
) -> list[Candidate]:
    house = clearing_house().pk
    owed = {row.partner_id: row for row in money.values() if row.due_minor > 0}
    shares = payouts(
        {who: row.due_minor for who, row in owed.items()},
        final_minor=final_pot(money.values(), house=house),
        policy=settlement.window.group.shortfall,
        paid={who: min(row.due_minor, row.under_way_minor) for who, row in owed.items()},
        last={house},
    )
    accounts = _accounts(settlement, owed, now=now)
    changing = accounts_being_changed(owed, currency=settlement.currency)
    wrong = waits_for_bank_data([row.position_id for row in owed.values()])
    unpaid = partners_standing(owed, _NOT_PAID, now=now, environment=settlement.environment)
    labels = _Labels(settlement, [row.position_id for row in owed.values()])
    found = []
    for who, row in owed.items():
        open_minor = row.due_minor - row.under_way_minor
        if who == house or open_minor <= 0:
            continue
        account = accounts.get(who)
        plain = Candidate(partner=partners[who], position_id=row.position_id, open_minor=open_minor)
        if why_not := _why_no_payout(
            account,
            is_unpaid=who in unpaid,
            is_changing=who in changing,
            is_wrong=row.position_id in wrong,
        ):
            found.append(replace(plain, why_not=why_not))
        elif account is not None:
            number = labels.number(who)
            short = "" if shares.get(who, 0) >= open_minor else _SHORT
            found.append(
                replace(
                    plain,
                    amount_minor=shares.get(who, 0),
                    why_not=short,
                    end_to_end_id=labels.end_to_end_id(who, row.position_id),
                    remittance=f"{number} settlement {settlement.window.group.name}",
                    holder=account.holder,
                    iban=account.iban,
                    bic=account.bic,
                )
            )
    return found


_NOT_PAID = frozenset(EFFECTS) - standings_that("is_paid")
_SHORT = "Waits until what the debtors pay in is final."


def _why_no_payout(
    account: BankAccount | None, *, is_unpaid: bool, is_changing: bool, is_wrong: bool
) -> str:
    if is_unpaid:
        return "The partner is suspended, or none that is paid: see where it stands in its life."
    if is_changing:
        return "Frozen: its bank details are being changed. Finish or refuse the change."
    if is_wrong:
        return "The bank gave its last payout back for the account. Ask the partner for a new one."
    if account is None:
        return "It has no bank account in force. Enter it by a change of bank details."
    return ""


def _collections(
    settlement: Settlement, money: dict[UUID, Money], partners: dict[UUID, Partner], now: datetime
) -> list[Candidate]:
    house, today = clearing_house().pk, local_date(settlement, now)
    owing = [row for row in money.values() if row.due_minor < 0 and row.partner_id != house]
    mandates = _mandates(settlement, [row.partner_id for row in owing])
    labels = _Labels(settlement, [row.position_id for row in owing])
    found = []
    for row in owing:
        # What was collected and booked is received too: it counts once.
        waiting = row.under_way_minor - row.booked_minor
        left = -row.due_minor - row.received_minor - row.covered_minor - waiting
        if left <= 0:
            continue
        who, mandate = row.partner_id, mandates.get(row.partner_id)
        plain = Candidate(partner=partners[who], position_id=row.position_id, open_minor=left)
        if mandate is None:
            found.append(replace(plain, why_not="It has no mandate: it pays by transfer."))
            continue
        day = _day(settlement, mandate, today)
        if why_not := _why_no_collection(mandate, day, row, today):
            found.append(replace(plain, why_not=why_not))
            continue
        found.append(
            replace(
                plain,
                amount_minor=left,
                end_to_end_id=labels.end_to_end_id(who, row.position_id),
                remittance=creditor_reference(labels.number(who)),
                holder=mandate.holder,
                iban=mandate.iban,
                bic=mandate.bic,
                mandate=mandate,
                collected=day,
            )
        )
    return found


def _day(settlement: Settlement, mandate: DebitMandate, today: date) -> date:
    """The statement is the notice: it counts from the day of issue."""
    if settlement.issued_at is None:
        raise ValueError("Only an issued settlement is collected.")
    return collection_date(
        local_date(settlement, settlement.issued_at),
        due=due_date(settlement),
        notice_days=mandate.prenotice_days,
        today=today,
    )


def _why_no_collection(mandate: DebitMandate, day: date, row: Money, today: date) -> str:
    if mandate.registered_date is None:
        return "The debtor's bank has not confirmed its mandate yet."
    if mandate_ends(mandate.signed_date, mandate.last_used_date) <= day:
        return "Its mandate was not used for 36 months: it needs a new one."
    vain = PaymentEvent.objects.filter(
        payment__position=row.position_id,
        payment__purpose=Payment.Purpose.COLLECTION,
        to_state__in=["REJECTED", "RETURNED"],
        reason_code=NO_MONEY,
    ).order_by("at")
    times = list(vain.values_list("at", flat=True))
    if len(times) > 1:
        return "It was debited twice in vain (AM04): it has to pay by transfer."
    if times and add_business_days(times[0].date(), RETRY_BUSINESS_DAYS) > today:
        return "Debited in vain (AM04): once more after five business days."
    return ""


class _Labels:
    """What payments of a settlement are called: by the partner's statement, counted up."""

    def __init__(self, settlement: Settlement, positions: list[UUID]) -> None:
        statements = settlement.documents.filter(kind=Document.Kind.STATEMENT)
        self._numbers = dict(statements.values_list("partner", "number"))
        earlier = Payment.objects.filter(position__in=positions)
        self._tries = Counter(earlier.values_list("position", flat=True))

    def number(self, partner: UUID) -> str:
        return self._numbers[partner]

    def end_to_end_id(self, partner: UUID, position: UUID) -> str:
        return f"{self.number(partner)}-{self._tries[position] + 1}"


def _accounts(
    settlement: Settlement, partners: dict[UUID, Money], *, now: datetime
) -> dict[UUID, BankAccount]:
    rows = BankAccount.objects.filter(
        in_period(now), partner__in=list(partners), currency=settlement.currency
    )
    return {row.partner_id: row for row in rows}


def _mandates(settlement: Settlement, partners: list[UUID]) -> dict[UUID, DebitMandate]:
    rows = DebitMandate.objects.filter(
        partner__in=partners,
        environment=settlement.environment,
        cancelled_date__isnull=True,
    )
    return {row.partner_id: row for row in rows}
