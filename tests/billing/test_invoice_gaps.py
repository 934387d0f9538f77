"""The report of numbers: gapless as issued, and loud where one is missing."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from billing.models import NumberSeries
from billing.queries_numbers import series_reports
from billing.services.closing import close_window
from tests.billing.oracle_world import BUSINESS_DAY_6
from tests.billing.test_invoicing import a_world
from tests.billing.test_settling import sell

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _an_issued_month():
    oracle = a_world()
    sell(oracle, "A", "C", cents=1000, number=1)
    sell(oracle, "A", "B", cents=500, number=2)
    close_window(oracle.group, now=BUSINESS_DAY_6)


def test_what_was_issued_is_gapless():
    assert {(one.series, one.last_number) for one in series_reports()} == {("AX-INV", 2), ("ST", 3)}
    assert all(one.is_gapless for one in series_reports())

    out = io.StringIO()
    call_command("invoice_gaps", stdout=out)

    assert "LIVE AX-INV 2027: 2 given, gapless" in out.getvalue()


def test_a_number_that_stands_on_no_document_is_told():
    NumberSeries.objects.filter(series="AX-INV").update(last_number=4)

    out = io.StringIO()
    with pytest.raises(CommandError, match="missing"):
        call_command("invoice_gaps", json=True, stdout=out)

    (found,) = [one for one in json.loads(out.getvalue())["series"] if one["series"] == "AX-INV"]
    assert found["missing"] == ["AX-INV-2027-000003", "AX-INV-2027-000004"]


def test_a_document_beyond_its_series_is_told():
    NumberSeries.objects.filter(series="AX-INV").update(last_number=1)

    (found,) = [one for one in series_reports() if not one.is_gapless]
    assert (found.series, found.unexpected) == ("AX-INV", 1)
