"""Numbers of invoices: gapless whoever issues beside whom, and taken back with a rollback."""

import re

import pytest
from django.db import transaction

from billing.models import DocumentIssuer, NumberSeries
from billing.services.invoice_numbers import issuer_codes, take_for
from partners.queries import clearing_house
from tests.billing.test_clearing_beside_closing import InThread
from tests.makers import PartnerMaker

pytestmark = pytest.mark.django_db(transaction=True)

ISSUERS = 20


def test_twenty_issuers_at_once_leave_no_gap():
    """Each takes from three series, named in another order, and every fourth rolls back."""
    names = ["AX-INV", "BX-INV", "CX-CN"]

    def issue(n: int) -> list[str]:
        with transaction.atomic():
            mine = names[n % 3 :] + names[: n % 3] + [names[n % 3]]
            taken = take_for(mine, year=2027, environment="LIVE")
            if n % 4 == 0:
                transaction.set_rollback(True)
                return []
            return [number for numbers in taken.values() for number in numbers]

    threads = [InThread(lambda n=n: issue(n)) for n in range(ISSUERS)]
    numbers = [number for thread in threads for number in thread.result()]

    assert len(numbers) == len(set(numbers)) == 15 * 4
    for row in NumberSeries.objects.filter(series__in=names):
        ends = sorted(int(n.rsplit("-", 1)[1]) for n in numbers if n.startswith(row.series))
        assert ends == list(range(1, row.last_number + 1))
    assert all(re.fullmatch(r"[A-Z0-9-]{1,30}", number) for number in numbers)


def test_issuers_that_are_new_at_once_get_one_code_each():
    partners = [PartnerMaker(name=f"Stadtwerk {n}") for n in range(6)]
    partners.append(clearing_house())
    ids = [partner.pk for partner in partners]

    threads = [InThread(lambda: issuer_codes(ids)) for _ in range(4)]
    told = [thread.result() for thread in threads]

    assert all(one == told[0] for one in told)
    assert len(set(told[0].values())) == DocumentIssuer.objects.count() == 7
    assert told[0][clearing_house().pk] == "CH"
