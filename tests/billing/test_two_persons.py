"""What a second person posts is what the first asked for, in the database too."""

import pytest
from django.db import DatabaseError, connection, transaction

from billing.models import CoverBooking
from billing.services import cover_bookings
from billing.services.cover_bookings import Cover
from partners.models import User
from tests.billing.objection_world import NEXT_DAY, an_adjustment
from tests.billing.oracle_world import Oracle, an_oracle

pytestmark = pytest.mark.django_db


def refused(name: str):
    return pytest.raises(DatabaseError, match=name)


@pytest.fixture
def oracle() -> Oracle:
    return an_oracle(with_fees=False)


def a_booking(oracle: Oracle) -> CoverBooking:
    wanted = Cover(
        partner=oracle.partners["B"],
        account="2410",
        direction="IN",
        amount_minor=500_00,
        currency="EUR",
        environment="LIVE",
        reference="BANK-1",
    )
    maker = User.objects.create(username="mia", is_staff=True)
    return cover_bookings.request(wanted, reason="prefund", maker=maker, now=NEXT_DAY)


@pytest.mark.violates("adjustment_is_posted_as_it_was_asked_for")
@pytest.mark.parametrize(
    "change", [{"amount_minor": 9}, {"reason": "x"}, {"counter_account": "6900"}]
)
def test_an_adjustment_is_posted_as_it_was_asked_for(oracle, change):
    row = an_adjustment(oracle, is_posted=False)

    with refused("adjustment_is_posted_as_it_was_asked_for"), transaction.atomic():
        type(row).objects.filter(pk=row.pk).update(**change)


@pytest.mark.violates("adjustment_is_posted_as_it_was_asked_for")
def test_an_adjustment_is_decided_once_and_stays(oracle):
    row = an_adjustment(oracle)

    for act in (
        lambda: type(row).objects.filter(pk=row.pk).update(state="REFUSED"),
        lambda: type(row).objects.filter(pk=row.pk)._raw_delete("default"),
    ):
        with refused("adjustment_is_posted_as_it_was_asked_for"), transaction.atomic():
            act()
    row.refresh_from_db()
    assert row.state == "POSTED"


@pytest.mark.violates("cover_is_posted_as_it_was_asked_for")
@pytest.mark.parametrize("change", [{"amount_minor": 9}, {"reference": "x"}, {"account": "2400"}])
def test_cover_is_posted_as_it_was_asked_for(oracle, change):
    row = a_booking(oracle)

    with refused("cover_is_posted_as_it_was_asked_for"), transaction.atomic():
        CoverBooking.objects.filter(pk=row.pk).update(**change)


@pytest.mark.parametrize("table", ["billing_manualadjustment", "billing_coverbooking"])
def test_nothing_is_emptied(table):
    told = "append-only|permission denied"
    with refused(told), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table} CASCADE")
