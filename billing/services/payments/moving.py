"""One payment moves on: its state, the event that says why, and the state of its file."""

from collections.abc import Iterable
from datetime import datetime

from billing.models import Payment, PaymentEvent, PaymentFile
from billing.rules.payment_states import FILE_MOVES, PAYMENT_MOVES, file_state, move
from clearinghouse.uuid7 import uuid7_at


def move_payment(
    payment: Payment, to: str, *, source: str, now: datetime, reason_code: str = ""
) -> None:
    """Write the new state and its event; call it inside the transaction that knows why.

    ``source``: a person, a pain.002, an entry of the bank. Call ``follow`` for its file afterwards.

    :raises billing.rules.payment_states.NoSuchMove: its state does not lead there.
    """
    before = payment.state
    payment.state = move(PAYMENT_MOVES, before, to)
    payment.reason_code = reason_code[:4]
    payment.save(update_fields=["state", "reason_code"])
    note([payment], before, source=source, now=now)


def note(payments: Iterable[Payment], before: str, *, source: str, now: datetime) -> None:
    """An event for each payment that now is what its state says."""
    PaymentEvent.objects.bulk_create(
        PaymentEvent(
            id=uuid7_at(now),
            payment=payment,
            from_state=before,
            to_state=payment.state,
            reason_code=payment.reason_code,
            source=source[:200],
            at=now,
        )
        for payment in payments
    )


def follow(file: PaymentFile) -> None:
    """Let an exported file become what its payments say; the caller holds it FOR UPDATE."""
    states = list(file.payments.values_list("state", flat=True))
    wanted = file_state(file.state, states)
    if wanted != file.state:
        file.state = move(FILE_MOVES, file.state, wanted)
        file.save(update_fields=["state"])
