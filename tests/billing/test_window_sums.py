"""What pairs have in open windows is counted after each clearing and equals the cleared rows."""

import pytest
from django.db import IntegrityError
from django.db.models import Sum

from billing.models import ClearedSdr, WindowSum
from billing.services.clearing import clear_group
from billing.services.closing import close_window
from billing.services.window_sums import prepare
from tests.makers import NOON, AgreementMaker, later, numbered_record, take

pytestmark = pytest.mark.django_db


@pytest.fixture
def group():
    return AgreementMaker().group


def told() -> list[tuple[int, int]]:
    return list(WindowSum.objects.values_list("claim_minor", "records"))


def test_follow_the_cleared_rows_and_stay_one_per_pair(group):
    take(*(numbered_record(number) for number in range(3)))
    clear_group(group, run_key="first", now=NOON)
    assert told() == [(2706, 3)]

    take(numbered_record(3))
    clear_group(group, run_key="second", now=later(hours=1))
    prepare(group, now=later(hours=2))

    [one] = WindowSum.objects.all()
    cleared = ClearedSdr.objects.filter(window=one.window).aggregate(Sum("claim_minor"))
    assert told() == [(cleared["claim_minor__sum"], 4)]
    assert one.counted_at == later(hours=2)


def test_of_a_closed_window_are_left_as_they_were(group):
    take(numbered_record(1))
    clear_group(group, run_key="first", now=NOON)
    close_window(group, now=later(days=1))

    assert prepare(group, now=later(days=2)) == 0
    assert told() == [(902, 1)]


@pytest.mark.violates("window_is_summed_once_per_pair")
def test_a_pair_is_not_summed_twice(group):
    take(numbered_record(1))
    clear_group(group, run_key="first", now=NOON)
    one = WindowSum.objects.get()
    one.pk = None
    with pytest.raises(IntegrityError, match="window_is_summed_once_per_pair"):
        one.save(force_insert=True)


@pytest.mark.violates("window_sum_is_of_records_that_are_there")
def test_a_sum_is_of_records(group):
    take(numbered_record(1))
    clear_group(group, run_key="first", now=NOON)
    with pytest.raises(IntegrityError, match="window_sum_is_of_records_that_are_there"):
        WindowSum.objects.update(records=0)
