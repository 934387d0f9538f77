"""Take in what the bank says of a file (pain.002): taken, or refused wholly or in part."""

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from django.db import IntegrityError, transaction

from billing.messages.pain002 import Reason, StatusReport, read
from billing.models import DebitMandate, Payment, PaymentFile, PaymentStatusReport, Transfer
from billing.rules.payment_states import PAYMENT_MOVES, Told, follow_up
from billing.services.ledger import Entry, Side, post
from billing.services.payments.exporting import IN_TRANSIT, SENT_KINDS, claims_on, sent_key
from billing.services.payments.moving import follow, move_payment
from billing.services.payments.states import local_date, refresh
from clearinghouse.retry import in_transaction
from clearinghouse.uuid7 import uuid7_at
from partners.models import User
from partners.queries import clearing_house
from partners.services import audit


class NotImportable(Exception):
    """The report is about no file of ours, or was imported before."""


@dataclass(slots=True)
class Imported:
    """The file as it stands after the report, and what was refused of it."""

    file: PaymentFile
    rejected: list[Payment] = field(default_factory=list)


def import_status_report(content: bytes, *, file_name: str, by: User, now: datetime) -> Imported:
    """Keep the report and move what it decides; a payment that the bank took stays open.

    A payout that is refused is posted back (Dr 1810 / Cr what it was paid from) and its position
    is PAYABLE again; MD01 and MD07 end the mandate.

    :raises billing.messages.pain002.NotReadable: it is no pain.002.
    :raises NotImportable: its file is not known or did not leave, or it was imported before.
    """
    report = read(content)
    try:
        return in_transaction(lambda: _import(report, content, file_name, by, now))
    except IntegrityError as error:
        raise NotImportable("This report was imported before; nothing was changed.") from error


def _import(
    report: StatusReport, content: bytes, file_name: str, by: User, now: datetime
) -> Imported:
    with transaction.atomic():
        PaymentStatusReport.objects.create(
            id=uuid7_at(now),
            sha256=sha256(content).hexdigest(),
            content=content,
            file_name=file_name[:200],
            imported_by=by.get_username(),
            imported_at=now,
        )
    file = (
        PaymentFile.objects.select_for_update(of=("self",))
        .filter(message_id=report.original_message_id, exported_at__isnull=False)
        .first()
    )
    if file is None:
        raise NotImportable(
            f"No exported file has the message id {report.original_message_id}. Is it of another"
            " system?"
        )
    done = Imported(file)
    source = f"pain.002 {report.message_id or file_name}"
    for payment in file.payments.order_by("place"):
        to, reasons = _told(report, payment)
        if to and to in PAYMENT_MOVES[payment.state]:
            code = reasons[0].code if reasons else ""
            move_payment(payment, to, source=source, now=now, reason_code=code)
            if to == Payment.State.REJECTED:
                done.rejected.append(payment)
    _undo(file, done.rejected, now=now)
    follow(file)
    if file.settlement is not None:
        refresh(file.settlement, cause=source, now=now)
    audit.record(
        "payment_file.reported",
        file,
        actor=by.get_username(),
        at=now,
        after={"state": file.state, "rejected": len(done.rejected), "report": report.message_id},
    )
    return done


def _told(report: StatusReport, payment: Payment) -> tuple[str, tuple[Reason, ...]]:
    """What becomes of a payment, and why; nothing where the bank has not decided."""
    if report.is_rejected_whole():
        return Payment.State.REJECTED, report.whole_reasons()
    refused = report.rejected()
    if payment.end_to_end_id in refused:
        return Payment.State.REJECTED, refused[payment.end_to_end_id]
    return (Payment.State.ACKNOWLEDGED, ()) if report.is_accepted() else ("", ())


def _undo(file: PaymentFile, rejected: list[Payment], *, now: datetime) -> None:
    """Book refused payouts back, and end mandates that the bank does not know."""
    if file.kind == PaymentFile.Kind.CREDIT_TRANSFER:
        post([back(file, payment) for payment in rejected], now=now)
        return
    for payment in rejected:
        if payment.mandate_id and follow_up(payment.reason_code) is Told.MANDATE:
            today = local_date(file.settlement, now) if file.settlement else now.date()
            DebitMandate.objects.filter(pk=payment.mandate_id, cancelled_date__isnull=True).update(
                cancelled_date=today,
                cancel_reason=f"{payment.reason_code} of {payment.end_to_end_id}",
            )


def back(file: PaymentFile, payment: Payment) -> Entry:
    """A payout that never left the bank: the reverse of what was posted when it was sent."""
    kinds = [Transfer.Kind.PAYOUT_SENT, *SENT_KINDS.values()]
    sent = Transfer.objects.get(event_key=sent_key(payment), kind__in=kinds)
    entry = Entry(
        event_key=f"payment:{payment.pk}:rejected",
        kind=Transfer.Kind.RETURN,
        debit=Side(IN_TRANSIT, clearing_house().pk),
        credit=Side(claims_on(file, payment), payment.partner_id),
        amount_minor=payment.amount_minor,
        currency=file.currency,
        environment=file.environment,
        window_id=sent.window_id,
        reason=f"{payment.reason_code} {payment.end_to_end_id}".strip(),
    )
    return entry.reversing(sent)
