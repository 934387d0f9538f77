"""A month's records delivered by business day 3 are in that month's statement, or it is said why.

The acceptance deadline makes it so: whatever the agreed days, it ends at noon of business day 6 or
earlier for them, six hours before the books close.
"""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F

from billing.models import ClearedSdr
from billing.services.closing import close_window, due_windows
from billing.services.windows import ensure_windows
from clearinghouse.periods import acceptance_ends_at
from roaming.models import SdrState
from roaming.services import lifecycle
from tests.makers import AgreementMaker, fjell, numbered_record, take, voltaire

pytestmark = pytest.mark.django_db

# January 2027 in Brussels; its business days of February: 1, 2, 3, 4, 5, 8.
JANUARY_ENDS_AT = datetime(2027, 1, 31, 23, 0, tzinfo=UTC)
BUSINESS_DAY_3_ENDS_AT = datetime(2027, 2, 3, 23, 0, tzinfo=UTC)
CLOSES_AT = datetime(2027, 2, 8, 17, 0, tzinfo=UTC)
AN_INSTANT = timedelta(microseconds=1)


def delivered(number: int, *, at: datetime, ended_at: datetime, **changes: object) -> str:
    fields = {
        "started_at": (ended_at - timedelta(hours=1)).isoformat(),
        "ended_at": ended_at.isoformat(),
        "evse_id": f"DE*NLX*E{number:05d}*1",
        "contract_id": None,
    }
    (outcome,) = take(numbered_record(number, **(fields | changes)), received_at=at)
    return outcome.record_id


def run_the_clock(*, until: datetime) -> None:
    """What beat does, every quarter of an hour, as far as it matters here."""
    now = BUSINESS_DAY_3_ENDS_AT
    while now <= until:
        lifecycle.deem_accepted(now=now)
        for window in due_windows(now=now):
            close_window(window, now=now)
        now += timedelta(minutes=30)


@pytest.mark.parametrize("days", [1, 5, 10, 45])
def test_every_record_of_the_month_is_in_its_statement(days):
    for buyer in (voltaire(), fjell()):
        agreement = AgreementMaker(acceptance="DEEMED", acceptance_days=days, buyer=buyer)
    ensure_windows(agreement.group, now=JANUARY_ENDS_AT - timedelta(days=20))
    last = JANUARY_ENDS_AT - timedelta(minutes=1)
    in_time = [
        delivered(1, at=last - timedelta(days=20), ended_at=last - timedelta(days=21)),
        delivered(2, at=last, ended_at=last),
        delivered(3, at=BUSINESS_DAY_3_ENDS_AT - AN_INSTANT, ended_at=last, csp_id="NO*FJL"),
    ]
    disputed = delivered(4, at=BUSINESS_DAY_3_ENDS_AT - AN_INSTANT, ended_at=last)
    lifecycle.move(disputed, "DISPUTED", actor="csp", reason="D01", now=BUSINESS_DAY_3_ENDS_AT)
    too_late = delivered(5, at=BUSINESS_DAY_3_ENDS_AT, ended_at=last)
    assert set(SdrState.objects.values_list("state", flat=True)) <= {
        "DELIVERED",
        "DISPUTED",
        "ACCEPTED",
    }

    run_the_clock(until=CLOSES_AT)

    found = ClearedSdr.objects.filter(window__supply_ends_at=JANUARY_ENDS_AT)
    assert {str(pk) for pk in found.values_list("pk", flat=True)} == {str(pk) for pk in in_time}
    assert found.first().window.state == "CLOSED"
    assert SdrState.objects.get(id=too_late).state == "DELIVERED"


def test_a_healed_record_gets_its_deadline_when_it_is_delivered():
    """It was held at the door; the days of its receipt are not the CSP's."""
    AgreementMaker(acceptance="DEEMED", acceptance_days=10)
    last = JANUARY_ENDS_AT - timedelta(minutes=1)
    record_id = delivered(1, at=last, ended_at=last)
    SdrState.objects.filter(id=record_id).update(
        state="HELD", accept_by_at=None, version=F("version") + 1
    )

    lifecycle.move(
        record_id,
        ["VALIDATED", "RATED", "DELIVERED"],
        actor="staff",
        reason="released",
        now=BUSINESS_DAY_3_ENDS_AT - AN_INSTANT,
    )

    state = SdrState.objects.get(id=record_id)
    assert state.accept_by_at == datetime(2027, 2, 8, 11, 0, tzinfo=UTC)
    assert state.accept_by_at == acceptance_ends_at(
        state.delivered_at, days=10, ended_at=state.ended_at
    )
