"""A wrong record: one of 10,000 says 18,400 kWh; it is told, corrected, and never doubled."""

import json

import pytest

from roaming.models import Delivery, IntakeTally, SdrKey, SdrState
from tests import makers
from tests.makers import numbered_record
from tests.roaming.partner_systems import PartnerSystem

pytestmark = pytest.mark.django_db
WRONG = 711
# The journey's 10,000 take two minutes on two cores; a tenth crosses all borders but the last.
SIZES = [1_000, pytest.param(10_000, marks=pytest.mark.long)]


@pytest.mark.parametrize("size", SIZES)
class TestWrongRecord:
    def test_is_told_corrected_and_counted_once(self, size):
        batch = [numbered_record(n) for n in range(size)]
        batch[WRONG] = numbered_record(WRONG, energy_kwh="18400")
        makers.AgreementMaker(warn_after_days=None, refuse_after_days=None)
        nordlicht = PartnerSystem(makers.nordlicht())
        lines = b"\n".join(json.dumps(one).encode() for one in batch)

        first = nordlicht.send_lines(lines).json()
        results = first.pop("results")
        assert first.pop("batch_id")
        assert first.pop("receipt")
        assert first.pop("sequence") is None
        assert first == {
            "received": size,
            "accepted": size - 1,
            "held": 0,
            "rejected": 1,
            "duplicates": 0,
        }
        wrong = results[WRONG]
        assert (wrong["outcome"], wrong["attempt"]) == ("rejected", 1)
        # V202 beyond the connector, V203 beyond any session, V209 mean power, V212 Wh for kWh.
        assert wrong["codes"] == ["V202", "V203", "V209", "V212"]

        corrected = nordlicht.send(numbered_record(WRONG))
        assert corrected.status_code == 201
        assert (corrected.json()["outcome"], corrected.json()["attempt"]) == ("accepted", 2)

        again = nordlicht.send(numbered_record(WRONG))
        assert again.status_code == 200
        assert again.json() == corrected.json() | {"outcome": "duplicate"}

        other = nordlicht.send(numbered_record(WRONG, energy_kwh="18.500"))
        assert other.status_code == 409

        whole_again = nordlicht.send_lines(lines).json()
        assert (whole_again["duplicates"], whole_again["rejected"]) == (size - 1, 1)
        assert whole_again["results"][WRONG]["outcome"] == "conflict"

        assert SdrKey.objects.count() == size
        assert SdrState.objects.filter(state="ACCEPTED").count() == size
        numbers = Delivery.objects.order_by("sequence").values_list("sequence", flat=True)
        assert list(numbers) == list(range(1, size + 1))
        received = sum(IntakeTally.objects.values_list("received", flat=True))
        assert received == size + 1 + 1 + 1 + size
