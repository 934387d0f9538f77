"""A CSO that falls silent against its usual volume is told to staff, once."""

import pytest

from roaming.models import Alert, Delivery
from roaming.services import silence
from tests import makers
from tests.makers import later, numbered_record

pytestmark = pytest.mark.django_db


@pytest.fixture
def usual_volume():
    """Ten records a day of Nordlicht over 28 days."""
    makers.AgreementMaker(warn_after_days=None, refuse_after_days=None)
    makers.take(*(numbered_record(number) for number in range(280)))


def watch(**delta):
    return silence.watch(now=later(**delta))


class TestACsoThatFellSilent:
    def test_is_told_once(self, usual_volume):
        assert watch(days=2) == {"opened": 1, "closed": 0}
        assert watch(days=2, hours=1) == {"opened": 0, "closed": 0}

        alert = Alert.objects.get()
        assert (alert.kind, alert.party) == (Alert.Kind.SILENCE, makers.nordlicht())
        assert alert.text == "0 records in 24 hours; usually 10 a day"
        assert Delivery.objects.get(kind="ALERT").receiver == makers.nordlicht()

    def test_is_forgotten_when_it_sends_again(self, usual_volume):
        watch(days=2)
        makers.take(numbered_record(999), received_at=later(days=2))

        assert watch(days=2, hours=1) == {"opened": 0, "closed": 1}

    def test_is_not_one_that_sends_as_usual(self, usual_volume):
        makers.take(numbered_record(999), received_at=later(days=2))

        assert watch(days=2, hours=1) == {"opened": 0, "closed": 0}


@pytest.mark.parametrize(
    ("late", "before", "is_silent"),
    [(0, 280, True), (0, 279, False), (1, 280, False), (9, 2800, True), (10, 2800, False)],
)
def test_silent_is_less_than_a_tenth_of_a_usual_day(late, before, is_silent):
    assert silence.is_silent(late=late, before=before) is is_silent
