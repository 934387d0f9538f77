"""Let an approved file leave, once: checked anew, posted, its payments on their way.

The bytes were made when the file was proposed and are the same for ever; exporting is the act
after which the bank may execute them. Later downloads of the same bytes are audited.
"""

from datetime import datetime
from uuid import UUID

from billing.messages.sepa import Totals, read_totals
from billing.models import DebitMandate, Payment, PaymentFile, Transfer
from billing.queries_payments import Money, final_pot, money_of
from billing.rules.payment_dates import submission_date
from billing.rules.payment_states import FILE_MOVES, NoSuchMove, move
from billing.services.bank import unallocated
from billing.services.ledger import Entry, Side, post
from billing.services.payments import pay_backs
from billing.services.payments.approving import NotApprovable, check_bytes
from billing.services.payments.moving import note
from billing.services.payments.states import local_date, refresh
from clearinghouse.retry import in_transaction
from partners.models import BankAccount, SettlementGroup, User
from partners.queries import accounts_being_changed, clearing_house, in_period
from partners.services import audit

IN_TRANSIT = "1810"
SENT_KINDS: dict[str, str] = {Payment.Purpose.PAY_BACK: Transfer.Kind.PAY_BACK}


class NotExportable(Exception):
    """The file may not leave (any more); the text says why and what to do."""


def export(file_id: UUID, *, by: User, now: datetime) -> PaymentFile:
    """Mark it exported, post its payouts (Dr 1300, 2100 or 2890 / Cr 1810), move its positions.

    :raises NotExportable: not approved, exported before, too late, other bytes than approved, an
        account that changes or changed, or more than is final.
    """
    return in_transaction(lambda: _export(file_id, by, now))


def _export(file_id: UUID, by: User, now: datetime) -> PaymentFile:
    file = PaymentFile.objects.select_for_update().select_related(None).get(pk=file_id)
    try:
        after = move(FILE_MOVES, file.state, "EXPORTED")
    except NoSuchMove as error:
        raise NotExportable(f"The file is {file.state}; it is exported once.") from error
    payments = list(file.payments.order_by("place"))
    _check(file, payments, now=now)
    file.state, file.exported_by, file.exported_at = after, by.get_username(), now
    file.save(update_fields=["state", "exported_by", "exported_at"])
    for payment in payments:
        payment.state = move_to_instructed(payment)
    file.payments.update(state=Payment.State.INSTRUCTED)
    note(payments, Payment.State.PROPOSED, source=by.get_username(), now=now)
    if file.kind == PaymentFile.Kind.CREDIT_TRANSFER:
        post([_sent(file, payment) for payment in payments], now=now)
    else:
        used = [payment.mandate_id for payment in payments if payment.mandate_id]
        DebitMandate.objects.filter(pk__in=used).update(last_used_date=file.execution_date)
    if file.settlement is not None:
        refresh(file.settlement, cause=f"payment file {file.message_id}", now=now)
    audit.record(
        "payment_file.exported",
        file,
        actor=by.get_username(),
        at=now,
        after={"content_sha256": file.content_sha256, "total_minor": file.total_minor},
    )
    return file


def move_to_instructed(payment: Payment) -> str:
    """What a payment is once its file left."""
    if payment.state != Payment.State.PROPOSED:
        raise NotExportable(f"{payment.end_to_end_id} is {payment.state}.")
    return Payment.State.INSTRUCTED


def claims_on(file: PaymentFile, payment: Payment) -> str:
    """The account on which a payment stands: what the house clears, owes itself, or holds."""
    if payment.purpose == Payment.Purpose.PAY_BACK:
        return unallocated.UNALLOCATED
    is_ccp = (
        file.settlement is not None
        and file.settlement.window.group.model == SettlementGroup.Model.CCP
    )
    return "2100" if is_ccp else "1300"


def sent_key(payment: Payment) -> str:
    """The event under which a payout was posted when it left."""
    return f"payment:{payment.pk}"


def _sent(file: PaymentFile, payment: Payment) -> Entry:
    return Entry(
        event_key=sent_key(payment),
        kind=SENT_KINDS.get(payment.purpose, Transfer.Kind.PAYOUT_SENT),
        debit=Side(claims_on(file, payment), payment.partner_id),
        credit=Side(IN_TRANSIT, clearing_house().pk),
        amount_minor=payment.amount_minor,
        currency=file.currency,
        environment=file.environment,
        window_id=file.settlement.window_id if file.settlement else None,
        reason=payment.end_to_end_id,
    )


def _check(file: PaymentFile, payments: list[Payment], *, now: datetime) -> None:
    try:
        check_bytes(file)
    except NotApprovable as error:
        raise NotExportable(str(error)) from error
    if file.approval is None or file.approval.content_sha256 != file.content_sha256:
        raise NotExportable("What was approved is not this file.")
    stated = Totals(file.payments_count, file.total_minor)
    booked = Totals(len(payments), sum(one.amount_minor for one in payments))
    if not read_totals(bytes(file.content)) == stated == booked:
        raise NotExportable("The file, its payments and its totals do not add up.")
    if file.settlement is None:
        if why := pay_backs.why_it_stays(file, payments, now=now):
            raise NotExportable(why)
        return
    today = local_date(file.settlement, now)
    is_payout = file.kind == PaymentFile.Kind.CREDIT_TRANSFER
    last = file.execution_date if is_payout else submission_date(file.execution_date)
    if today > last:
        raise NotExportable(f"Too late: it had to leave by {last}. Cancel it and propose anew.")
    money = money_of(file.settlement, on=today)
    if is_payout:
        _check_accounts(file, payments, now=now)
        _check_funds(file, payments, money)
    else:
        _check_debts(payments, money)


def _check_accounts(file: PaymentFile, payments: list[Payment], *, now: datetime) -> None:
    partners = [payment.partner_id for payment in payments]
    if changing := accounts_being_changed(partners, currency=file.currency):
        names = sorted(one.partner.name for one in payments if one.partner_id in changing)
        raise NotExportable(f"Bank details are being changed: {', '.join(names)}. Cancel the file.")
    rows = BankAccount.objects.filter(in_period(now), partner__in=partners, currency=file.currency)
    accounts = dict(rows.values_list("partner", "iban"))
    for payment in payments:
        if accounts.get(payment.partner_id) != payment.iban:
            raise NotExportable(
                f"{payment.partner.name} has another account since. Cancel it and propose anew."
            )


def _check_funds(file: PaymentFile, payments: list[Payment], money: dict[UUID, Money]) -> None:
    house = clearing_house().pk
    sent = sum(row.sent_minor for row in money.values() if row.due_minor > 0)
    pot = final_pot(money.values(), house=house)
    if sent + file.total_minor > pot:
        raise NotExportable(
            f"Final are {pot} minor units, sent would be {sent + file.total_minor}: a pay-in was"
            " given back since. Cancel it and propose anew."
        )
    for payment in payments:
        if payment.position_id is not None:
            row = money[payment.position_id]
            if row.under_way_minor > row.due_minor:
                raise NotExportable(f"{payment.partner.name} would be paid more than it is due.")


def _check_debts(payments: list[Payment], money: dict[UUID, Money]) -> None:
    for payment in payments:
        if payment.mandate is not None and payment.mandate.cancelled_date is not None:
            raise NotExportable(f"The mandate of {payment.partner.name} was cancelled.")
        if payment.position_id is not None:
            row = money[payment.position_id]
            if payment.amount_minor > -row.due_minor - row.received_minor - row.covered_minor:
                raise NotExportable(f"{payment.partner.name} has paid since. Propose anew.")
