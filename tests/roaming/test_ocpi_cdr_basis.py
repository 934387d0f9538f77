"""Which of a CDR's two prices is the claim."""

from datetime import timedelta

import pytest
from django.utils import timezone

from roaming.models import Sdr
from tests.makers import AgreementMaker, nordlicht
from tests.roaming.ocpi_world import System, connection
from tests.roaming.test_ocpi_cdr_module import cdr

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("currency", "claimed"), [("EUR", "10.91"), ("CHF", "9.02")])
def test_is_that_of_the_agreement_at_the_sessions_start(currency, claimed):
    """Prices with VAT were agreed in EUR until two hours ago; the session began before."""
    ended = timezone.now() - timedelta(hours=2)
    AgreementMaker(price_basis="INCL_TAX", ends_at=ended)
    AgreementMaker(starts_at=ended)
    _, token = connection(nordlicht())

    System(token).post("receiver/cdrs", cdr(currency=currency))

    assert str(Sdr.objects.get(sdr_id="C1").claim_amount.normalize()) == claimed
