"""The first page of the day: its figures are those of the tables."""

import pytest
import time_machine
from django.urls import reverse

from roaming.services.figures import prepare
from tests.makers import NOON, AgreementMaker, StaffMaker, later, numbered_record, take

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client) -> str:
    AgreementMaker()
    take(
        *(numbered_record(n) for n in range(5)),
        numbered_record(6, csp_id="IT*NEW"),
        numbered_record(7, energy_kwh="-1"),
    )
    prepare(now=later(seconds=1))
    client.force_login(StaffMaker())
    with time_machine.travel(NOON, tick=False):
        return client.get(reverse("admin:index")).content.decode()


def test_counts_records_by_where_they_are(page):
    compact = "".join(page.split())

    for state, count in (("ACCEPTED", "5"), ("HELD", "1"), ("REJECTED", "1")):
        after = compact[compact.index(f">{state}<") :][:300]
        assert f">{count}<" in after, state


def test_sums_the_claims_of_each_day_and_says_so_in_a_table_too(page):
    # Seven records of 9.02 EUR were received, whatever became of them.
    assert "63.14 EUR" in page
    assert "The same as a table" in page


def test_names_what_is_held_and_by_which_code(page):
    assert "V003" in page
