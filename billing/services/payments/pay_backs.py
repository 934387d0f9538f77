"""Give back what came in too much: a payment file of its own, from what is free on 2890.

It goes the way of every payment file: proposed by one person, approved by another, exported once.
"""

from datetime import datetime
from hashlib import sha256
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from billing.messages import pain001
from billing.messages.pain001 import CreditTransfer, CreditTransferFile
from billing.messages.sepa import CURRENCY, message_id
from billing.messages.sepa import Account as SepaAccount
from billing.models import Account, Payment, PaymentFile
from billing.services.bank import unallocated
from billing.services.payments import approving
from billing.services.payments.moving import note
from clearinghouse.periods import add_business_days
from clearinghouse.retry import in_transaction
from clearinghouse.uuid7 import uuid7_at
from partners.models import BankAccount, User
from partners.queries import accounts_being_changed, clearing_house, in_period
from partners.services import audit

# A pay-back is of no settlement, whose group would name its zone: that of TARGET days.
_ZONE = ZoneInfo("Europe/Brussels")
REMITTANCE = "Overpayment returned"


class NotPayable(Exception):
    """It cannot be given back by a payment file; the text says why and what to do."""


def receiving_account(account: Account, *, now: datetime) -> BankAccount:
    """The partner's bank account that a pay-back goes to.

    :raises NotPayable: the house moves no money, nothing is free, or no account is in force.
    """
    if settings.MONEY_FLOW == "INSTRUCTION_ONLY":
        raise NotPayable("The clearing house moves no money (MONEY_FLOW is INSTRUCTION_ONLY).")
    if account.currency != CURRENCY:
        raise NotPayable(f"SEPA moves euros; this is {account.currency}.")
    if unallocated.free_minor(account) <= 0:
        raise NotPayable("Nothing is free on 2890: it paid a debt, or is on its way back.")
    partners = [account.partner_id] if account.partner_id else []
    if accounts_being_changed(partners, currency=account.currency):
        raise NotPayable("Frozen: its bank details are being changed. Finish or refuse the change.")
    found = _in_force(account.partner_id, now=now)
    if found is None:
        raise NotPayable("It has no bank account in force. Enter it by a change of bank details.")
    return found


def propose(account_id: UUID, *, reason: str, maker: User, now: datetime) -> PaymentFile:
    """Make a file that gives back all that is free, and ask a second person for exactly it.

    :raises NotPayable: see ``receiving_account``, or the house has no bank account.
    :raises billing.messages.sepa_text.NotSendable: the bank would refuse the file.
    """
    return in_transaction(lambda: _propose(account_id, reason, maker, now))


def _propose(account_id: UUID, reason: str, maker: User, now: datetime) -> PaymentFile:
    account = Account.objects.get(pk=account_id)
    unallocated.lock_account(account)
    to = receiving_account(account, now=now)
    own = _in_force(clearing_house().pk, now=now)
    if own is None:
        raise NotPayable("The clearing house has no bank account in EUR. Enter it first.")
    file = _file(account, to, own, maker=maker, now=now)
    payment = Payment.objects.create(
        id=uuid7_at(now),
        file=file,
        place=1,
        environment=file.environment,
        purpose=Payment.Purpose.PAY_BACK,
        partner=to.partner,
        currency=file.currency,
        amount_minor=file.total_minor,
        end_to_end_id=_end_to_end_id(file.pk),
        remittance=REMITTANCE,
        holder=to.holder,
        iban=to.iban,
        bic=to.bic,
    )
    note([payment], "", source=maker.get_username(), now=now)
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


def _file(
    account: Account, to: BankAccount, own: BankAccount, *, maker: User, now: datetime
) -> PaymentFile:
    file_id, minor = uuid7_at(now), unallocated.free_minor(account)
    day = add_business_days(now.astimezone(_ZONE).date(), 1)
    content = pain001.build(
        CreditTransferFile(
            file_id=file_id,
            created_at=now,
            execution_date=day,
            debtor=SepaAccount(name=own.holder, iban=own.iban, bic=own.bic),
            transfers=(
                CreditTransfer(
                    end_to_end_id=_end_to_end_id(file_id),
                    amount_minor=minor,
                    creditor=SepaAccount(name=to.holder, iban=to.iban, bic=to.bic),
                    remittance=REMITTANCE,
                ),
            ),
        )
    )
    return PaymentFile.objects.create(
        id=file_id,
        environment=account.environment,
        kind=PaymentFile.Kind.CREDIT_TRANSFER,
        currency=account.currency,
        message_id=message_id(file_id),
        execution_date=day,
        payments_count=1,
        total_minor=minor,
        content=content,
        content_sha256=sha256(content).hexdigest(),
        proposed_by=maker.get_username(),
        proposed_at=now,
    )


def _end_to_end_id(file_id: UUID) -> str:
    return f"PB-{file_id.hex}"


def why_it_stays(file: PaymentFile, payments: list[Payment], *, now: datetime) -> str:
    """Why a pay-back may not leave (any more); "" where it may. Takes what it pays for itself."""
    if now.astimezone(_ZONE).date() > file.execution_date:
        return f"Too late: it had to leave by {file.execution_date}. Cancel it and propose anew."
    for payment in payments:
        account = unallocated.account_of(file.environment, file.currency, payment.partner_id)
        if account is None:
            return f"Nothing stands on 2890 for {payment.partner.name}. Cancel the file."
        unallocated.lock_account(account)
        if unallocated.free_minor(account) < 0:
            return f"2890 holds less than that for {payment.partner.name}. Cancel it."
        if accounts_being_changed([payment.partner_id], currency=file.currency):
            return f"Bank details are being changed: {payment.partner.name}. Cancel the file."
        now_in_force = _in_force(payment.partner_id, now=now)
        if now_in_force is None or now_in_force.iban != payment.iban:
            return f"{payment.partner.name} has another account since. Cancel it and propose anew."
    return ""


def _in_force(partner_id: UUID | None, *, now: datetime) -> BankAccount | None:
    rows = BankAccount.objects.filter(in_period(now), partner=partner_id, currency=CURRENCY)
    return rows.first()
