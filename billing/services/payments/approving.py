"""Four eyes over a payment file: both see the hash of the same bytes, which never change.

Who proposed it cannot approve it, whoever asks; the database holds that too.
"""

from datetime import datetime
from hashlib import sha256
from uuid import UUID

from billing.models import Payment, PaymentFile
from billing.rules.payment_states import FILE_MOVES, NoSuchMove, move
from billing.services.payments.moving import note
from clearinghouse.retry import in_transaction
from partners.models import Approval, User
from partners.services import approvals, audit

VERB = "payment_file.approve"
# Who may decide; apart from the right to propose.
RIGHT = "billing.approve_paymentfile"
_TYPE = "PaymentFile"


class NotApprovable(Exception):
    """The file is not what it was, or cannot be approved or cancelled any more."""


def open_request(file: PaymentFile, *, now: datetime) -> Approval | None:
    """The request that waits for a second person, if there is one."""
    return approvals.waiting(
        VERB, about=(_TYPE, str(file.pk)), content_sha256=file.content_sha256, now=now
    )


def ask(file: PaymentFile, *, reason: str, maker: User, now: datetime) -> Approval:
    """Ask a second person to approve exactly these bytes.

    :raises NotApprovable: it was decided, or its bytes changed.
    """
    if file.state != PaymentFile.State.DRAFT:
        raise NotApprovable(f"The file is {file.state}; there is nothing to approve.")
    check_bytes(file)
    return approvals.request(
        VERB,
        about=(_TYPE, str(file.pk)),
        content_sha256=file.content_sha256,
        reason=reason,
        maker=maker,
        now=now,
    )


def check_bytes(file: PaymentFile) -> None:
    """:raises NotApprovable: the stored bytes do not hash to what was shown."""
    if sha256(bytes(file.content)).hexdigest() != file.content_sha256:
        raise NotApprovable("The stored file is not the one that was shown. Do not use it.")


def approve(file_id: UUID, *, reason: str, checker: User, now: datetime) -> PaymentFile:
    """Approve it; from then on it can be exported, once.

    :raises NotApprovable: nobody asked, it was decided, or its bytes changed.
    :raises partners.services.approvals.NotDecidable: who asked or proposed cannot decide.
    """

    def approved() -> PaymentFile:
        file, asked = _asked(file_id, now=now)
        if checker.get_username() == file.proposed_by:
            raise approvals.NotDecidable("who proposed the file cannot approve it")
        check_bytes(file)
        file.approval = approvals.approve(asked.pk, checker=checker, now=now, right=RIGHT)
        file.state = move(FILE_MOVES, file.state, "APPROVED")
        file.save(update_fields=["state", "approval"])
        _note("payment_file.approved", file, by=checker, reason=reason, now=now)
        return file

    return in_transaction(approved)


def refuse(file_id: UUID, *, reason: str, checker: User, now: datetime) -> PaymentFile:
    """Say no: the file is cancelled, and what it was to pay can be proposed anew.

    :raises NotApprovable: nobody asked, or it was decided.
    :raises partners.services.approvals.NotDecidable: who asked cannot decide.
    """

    def refused() -> PaymentFile:
        file, asked = _asked(file_id, now=now)
        approvals.refuse(asked.pk, checker=checker, now=now, right=RIGHT)
        return _cancel(file, reason=reason, by=checker, now=now)

    return in_transaction(refused)


def cancel(file_id: UUID, *, reason: str, by: User, now: datetime) -> PaymentFile:
    """Take back a file that did not leave; what it was to pay can be proposed anew.

    :raises NotApprovable: it was exported, or cancelled before.
    """

    def cancelled() -> PaymentFile:
        file = PaymentFile.objects.select_for_update().get(pk=file_id)
        return _cancel(file, reason=reason, by=by, now=now)

    return in_transaction(cancelled)


def _cancel(file: PaymentFile, *, reason: str, by: User, now: datetime) -> PaymentFile:
    try:
        file.state = move(FILE_MOVES, file.state, "CANCELLED")
    except NoSuchMove as error:
        raise NotApprovable(f"The file is {file.state}; it cannot be taken back.") from error
    file.cancel_reason = reason[:500]
    file.save(update_fields=["state", "cancel_reason"])
    payments = list(file.payments.all())
    for payment in payments:
        payment.state = Payment.State.CANCELLED
    file.payments.update(state=Payment.State.CANCELLED)
    note(payments, Payment.State.PROPOSED, source=by.get_username(), now=now)
    _note("payment_file.cancelled", file, by=by, reason=reason, now=now)
    return file


def _asked(file_id: UUID, *, now: datetime) -> tuple[PaymentFile, Approval]:
    file = PaymentFile.objects.select_for_update().get(pk=file_id)
    asked = open_request(file, now=now)
    if file.state != PaymentFile.State.DRAFT or asked is None:
        raise NotApprovable(
            "Nobody asks for it (any more). Ask a second person anew, or cancel the file."
        )
    return file, asked


def _note(action: str, file: PaymentFile, *, by: User, reason: str, now: datetime) -> None:
    audit.record(
        action,
        file,
        actor=by.get_username(),
        at=now,
        reason=reason,
        after={"content_sha256": file.content_sha256, "total_minor": file.total_minor},
    )
