"""Propose a payment file for a settlement: payouts that are covered, or collections that are due.

What cannot be paid or collected is named with its reason. A proposal takes its amounts out of what
can be proposed next until it is cancelled, so nothing is paid twice.
"""

from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

from django.conf import settings

from billing.messages import pain001, pain008
from billing.messages.pain001 import CreditTransfer, CreditTransferFile
from billing.messages.pain008 import Collection, CollectionFile
from billing.messages.sepa import CURRENCY, Account, message_id
from billing.models import Payment, PaymentFile, Settlement
from billing.rules.payment_dates import settlement_date
from billing.services.payments import approving
from billing.services.payments.candidates import Candidate, candidates
from billing.services.payments.moving import note
from billing.services.payments.states import local_date, refresh
from clearinghouse.periods import add_business_days
from clearinghouse.retry import in_transaction
from clearinghouse.uuid7 import uuid7_at
from partners.models import BankAccount, User
from partners.queries import clearing_house, in_period
from partners.services import audit

Kind = PaymentFile.Kind


class NotProposable(Exception):
    """There is nothing to pay or collect now; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A file of one settlement. ``execution_date``: the earliest possible, if it is left open."""

    settlement: Settlement
    kind: str
    execution_date: date | None = None


def propose(wanted: Wanted, *, reason: str, maker: User, now: datetime) -> PaymentFile:
    """Make the file's bytes, keep them, and ask a second person for exactly these.

    :raises NotProposable: the house moves no money, or nothing can be paid or collected.
    :raises billing.messages.sepa_text.NotSendable: the bank would refuse the file.
    """
    return in_transaction(lambda: _propose(wanted, reason, maker, now))


def _propose(wanted: Wanted, reason: str, maker: User, now: datetime) -> PaymentFile:
    settlement = Settlement.objects.select_for_update(no_key=True).get(pk=wanted.settlement.pk)
    own = _own_account(settlement, now=now)
    refresh(settlement, cause="a payment file is proposed", now=now)
    found = [one for one in candidates(settlement, wanted.kind, now=now) if one.amount_minor]
    if not found:
        raise NotProposable("Nothing can be paid or collected now; the page says what waits.")
    file = _file(wanted, settlement, found, own, maker=maker, now=now)
    file.save(force_insert=True)
    payments = [_payment(file, place, one) for place, one in enumerate(found, start=1)]
    Payment.objects.bulk_create(payments)
    note(payments, "", source=maker.get_username(), now=now)
    audit.record(
        "payment_file.proposed",
        file,
        actor=maker.get_username(),
        at=now,
        reason=reason,
        after={"content_sha256": file.content_sha256, "total_minor": file.total_minor},
    )
    approving.ask(file, reason=reason, maker=maker, now=now)
    return file


def _own_account(settlement: Settlement, *, now: datetime) -> BankAccount:
    if settings.MONEY_FLOW == "INSTRUCTION_ONLY":
        raise NotProposable(
            "The clearing house moves no money (MONEY_FLOW is INSTRUCTION_ONLY): its partners pay"
            " each other by the instructions of the settlement."
        )
    if settlement.state != Settlement.State.ISSUED:
        raise NotProposable(f"The settlement is {settlement.state}; only an issued one is paid.")
    if settlement.currency != CURRENCY:
        raise NotProposable(f"SEPA moves euros; this settlement is in {settlement.currency}.")
    account = BankAccount.objects.filter(
        in_period(now), partner=clearing_house(), currency=settlement.currency
    ).first()
    if account is None:
        raise NotProposable("The clearing house has no bank account in EUR. Enter it first.")
    return account


def _file(
    wanted: Wanted,
    settlement: Settlement,
    found: list[Candidate],
    own: BankAccount,
    *,
    maker: User,
    now: datetime,
) -> PaymentFile:
    file_id = uuid7_at(now)
    earliest = _earliest(wanted, settlement, found, now=now)
    day = settlement_date(wanted.execution_date or earliest)
    if day < earliest:
        raise NotProposable(f"{day} is too early: the earliest is {earliest}.")
    build = _payouts if wanted.kind == Kind.CREDIT_TRANSFER else _collections
    content = build(file_id, found, own, day, now)
    return PaymentFile(
        id=file_id,
        settlement=settlement,
        environment=settlement.environment,
        kind=wanted.kind,
        currency=settlement.currency,
        message_id=message_id(file_id),
        execution_date=day,
        payments_count=len(found),
        total_minor=sum(one.amount_minor for one in found),
        content=content,
        content_sha256=sha256(content).hexdigest(),
        proposed_by=maker.get_username(),
        proposed_at=now,
    )


def _earliest(
    wanted: Wanted, settlement: Settlement, found: list[Candidate], *, now: datetime
) -> date:
    """The next TARGET day, on which a second person can still agree; of collections the last of
    the days on which each of them may be collected."""
    if wanted.kind == Kind.CREDIT_TRANSFER:
        return add_business_days(local_date(settlement, now), 1)
    return max(one.collected for one in found if one.collected is not None)


def _payouts(
    file_id: UUID, found: list[Candidate], own: BankAccount, day: date, now: datetime
) -> bytes:
    return pain001.build(
        CreditTransferFile(
            file_id=file_id,
            created_at=now,
            execution_date=day,
            debtor=_account(own),
            transfers=tuple(
                CreditTransfer(
                    end_to_end_id=one.end_to_end_id,
                    amount_minor=one.amount_minor,
                    creditor=Account(name=one.holder, iban=one.iban, bic=one.bic),
                    remittance=one.remittance,
                )
                for one in found
            ),
        )
    )


def _collections(
    file_id: UUID, found: list[Candidate], own: BankAccount, day: date, now: datetime
) -> bytes:
    return pain008.build(
        CollectionFile(
            file_id=file_id,
            created_at=now,
            collection_date=day,
            creditor=_account(own),
            creditor_id=settings.SEPA_CREDITOR_ID,
            collections=tuple(
                Collection(
                    end_to_end_id=one.end_to_end_id,
                    amount_minor=one.amount_minor,
                    debtor=Account(name=one.holder, iban=one.iban, bic=one.bic),
                    remittance=one.remittance,
                    mandate_id=one.mandate.reference,
                    signed_date=one.mandate.signed_date,
                )
                for one in found
                if one.mandate is not None
            ),
        )
    )


def _account(own: BankAccount) -> Account:
    return Account(name=own.holder, iban=own.iban, bic=own.bic)


def _payment(file: PaymentFile, place: int, one: Candidate) -> Payment:
    is_payout = file.kind == Kind.CREDIT_TRANSFER
    return Payment(
        id=uuid7_at(file.proposed_at),
        file=file,
        place=place,
        environment=file.environment,
        purpose=Payment.Purpose.PAYOUT if is_payout else Payment.Purpose.COLLECTION,
        partner=one.partner,
        position_id=one.position_id,
        mandate=one.mandate,
        currency=file.currency,
        amount_minor=one.amount_minor,
        end_to_end_id=one.end_to_end_id,
        remittance=one.remittance,
        holder=one.holder,
        iban=one.iban,
        bic=one.bic,
    )
