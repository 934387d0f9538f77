"""What takes two persons takes an approver: being a superuser is not enough (finance.md 8)."""

from importlib import import_module

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from billing.services import adjustments, cover_bookings, fiscal, sealing
from clearinghouse.uuid7 import uuid7_at
from partners.services.approvals import NotDecidable
from tests.billing.objection_world import NEXT_DAY, an_adjustment
from tests.billing.oracle_world import an_oracle
from tests.billing.test_books_pages import DECEMBER, november
from tests.billing.test_two_persons import a_booking
from tests.makers import NOON, StaffMaker

pytestmark = pytest.mark.django_db

# The rights to decide, and the pages that only they open.
DECISIONS = {
    "billing.services.adjustments": (
        "admin:billing_manualadjustment_post",
        "admin:billing_manualadjustment_refuse",
    ),
    "billing.services.cover_bookings": (
        "admin:billing_coverbooking_post",
        "admin:billing_coverbooking_refuse",
    ),
    "billing.services.fiscal": (
        "admin:billing_fiscalperiod_lock",
        "admin:billing_fiscalperiod_refuse",
    ),
    "billing.services.correction_runs": ("admin:billing_correctionrun_approve",),
    "billing.services.releases": (
        "admin:billing_settlement_approve",
        "admin:billing_settlement_refuse",
    ),
    "billing.services.payments.approving": (
        "admin:billing_paymentfile_approve",
        "admin:billing_paymentfile_refuse",
    ),
    "roaming.services.holds": ("admin:roaming_hold_decide",),
}
# What who may ask, and may not decide, opens.
QUESTIONS = (
    "admin:billing_manualadjustment_ask",
    "admin:billing_coverbooking_ask",
    "admin:billing_correctionrun_simulate",
    "admin:billing_fiscalperiod_months",
)


def page(name: str) -> str:
    words = ["agree"] if name.endswith("hold_decide") else []
    return reverse(name, args=[uuid7_at(NOON), *words])


@pytest.fixture
def root():
    return StaffMaker(username="root")


@pytest.mark.parametrize("module", DECISIONS)
def test_only_an_approver_opens_the_page(client, root, module):
    right = import_module(module).RIGHT.partition(".")[2]
    model = right.partition("_")[2]
    anna = StaffMaker(username="anna", is_superuser=False)
    anna.user_permissions.set(
        Permission.objects.filter(codename__in=[right, f"view_{model}"]),
    )

    answers = {}
    for person in (root, anna):
        client.force_login(person)
        answers[person.username] = {
            client.get(page(name)).status_code for name in DECISIONS[module]
        }

    # Nothing has that id: who gets so far was let in.
    assert answers == {"root": {403}, "anna": {404}}


def test_who_decides_may_not_ask(client):
    anna = StaffMaker(username="anna", is_superuser=False)
    anna.user_permissions.set(Permission.objects.filter(codename__startswith="approve_"))
    client.force_login(anna)

    assert {client.get(reverse(name)).status_code for name in QUESTIONS} == {403}


def test_a_superuser_posts_and_refuses_no_adjustment(root):
    row = an_adjustment(an_oracle(with_fees=False), is_posted=False)

    for approve in (True, False):
        with pytest.raises(NotDecidable, match="being a superuser"):
            adjustments.decide(row.pk, approve=approve, checker=root, now=NEXT_DAY)
    row.refresh_from_db()
    assert row.state == "REQUESTED"


def test_a_superuser_posts_and_refuses_no_cover(root):
    row = a_booking(an_oracle(with_fees=False))

    for approve in (True, False):
        with pytest.raises(NotDecidable, match="being a superuser"):
            cover_bookings.decide(row.pk, approve=approve, checker=root, now=NEXT_DAY)
    row.refresh_from_db()
    assert row.state == "REQUESTED"


def test_a_superuser_locks_no_period_and_keeps_none_open(root):
    period = november()
    sealing.seal(now=DECEMBER)
    mia = StaffMaker(username="mia")
    asked = fiscal.request_lock(period, reason="month-end", maker=mia, now=DECEMBER)

    for decide in (fiscal.lock, fiscal.refuse_lock):
        with pytest.raises(NotDecidable, match="being a superuser"):
            decide(period.pk, checker=root, now=DECEMBER)
    asked.refresh_from_db()
    assert asked.state == "REQUESTED"
