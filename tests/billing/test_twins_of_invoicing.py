"""The records on invoices by SQL are what the slow twin says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.billing.invoiced_records import compare_invoiced
from tests.billing.test_twins import beneficiaries
from tests.billing.test_twins_of_part_three import database, stories, undone

pytestmark = pytest.mark.django_db


@database
@given(told=stories, currency=st.sampled_from(["EUR", "JPY"]), beneficiaries=beneficiaries)
def test_records_on_invoices(told, currency, beneficiaries):
    by = {"rates": ["0.1", "0.015"], "beneficiaries": beneficiaries}

    undone(compare_invoiced, told=told, currency=currency, by=by)
