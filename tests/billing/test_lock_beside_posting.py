"""A period is locked beside a posting: whoever comes second sees what the first did."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from billing.models import Transfer
from billing.services import fiscal, sealing
from billing.services.fiscal import NotLockable
from tests.billing.test_books_pages import DECEMBER, NOVEMBER_ENDS_AT, a_pay_in, november
from tests.billing.test_clearing_beside_closing import (
    InThread,
    wait_until_somebody_waits_for_a_lock,
)
from tests.makers import approver

LAST_INSTANT = NOVEMBER_ENDS_AT - timedelta(microseconds=1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.violates("transfer_is_not_posted_into_a_locked_period")
def test_nothing_slips_into_a_locked_period():
    mia, kai, period = approver("mia"), approver("kai"), november()
    sealing.seal(now=DECEMBER)
    fiscal.request_lock(period, reason="month-end", maker=mia, now=DECEMBER)

    def lock():
        return fiscal.lock(period.pk, checker=kai, now=DECEMBER)

    with transaction.atomic():
        a_pay_in(now=LAST_INSTANT)
        locking = InThread(lock)
        wait_until_somebody_waits_for_a_lock()
    with pytest.raises(NotLockable, match="not sealed"):
        locking.result()

    sealing.seal(now=DECEMBER + timedelta(minutes=5))
    with transaction.atomic():
        lock()
        posting = InThread(lambda: a_pay_in(now=LAST_INSTANT - timedelta(minutes=1)))
        wait_until_somebody_waits_for_a_lock()
    with pytest.raises(IntegrityError, match="locked"):
        posting.result()
    period.refresh_from_db()
    assert (period.state, Transfer.objects.count()) == ("LOCKED", 1)
