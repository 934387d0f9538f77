"""The sessions around a record are found whatever came in between, in the tables and the batch."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.makers import NOON, AgreementMaker, numbered_record, record, take
from tests.roaming.rule_cases.case import EVSE_ID, at

pytestmark = pytest.mark.django_db

HERE = {"evse_id": EVSE_ID}
CONTRACT = {"contract_id": record()["contract_id"]}


@pytest.fixture(autouse=True)
def agreement():
    return AgreementMaker()


def short(number: int, minutes: float, **changes: object) -> dict[str, object]:
    """Half a minute on the EVSE, so many minutes after the default record's start."""
    when = {
        "started_at": at(minutes=minutes),
        "ended_at": at(minutes=minutes, seconds=30),
        "energy_kwh": f"0.{100 + number}",
        "total_amount": None,
        "items": None,
    }
    return numbered_record(number, **(HERE | when | changes))


class TestOnOneEvse:
    def test_an_overlap_is_found_behind_many_later_sessions(self):
        take(record())
        take(*(short(number, 60 + number) for number in range(2, 52)))

        (late,) = take(short(90, 10), received_at=NOON + timedelta(hours=1))
        assert late.codes == ["V108"]
        (longer,) = take(short(91, 20, ended_at=at(minutes=25)))
        assert "V404" in longer.codes

    def test_a_session_of_days_is_found_behind_many_later_ones(self):
        take(record(started_at=at(-70), ended_at=at(1)))
        take(*(short(number, -3000 + number) for number in range(2, 52)))

        (other,) = take(numbered_record(91, **HERE))
        assert "V404" in other.codes

    def test_those_before_it_in_its_batch_count(self):
        first, second, third = take(
            record(), numbered_record(2, **HERE), numbered_record(3, evse_id="DE*NLX*E00003*1")
        )

        assert (first.codes, second.codes, third.codes) == ([], ["V404"], [])

    def test_a_refused_one_in_its_batch_does_not(self):
        refused, good = take(record(energy_kwh="-1"), numbered_record(2, **HERE))

        assert (refused.outcome, good.codes) == ("rejected", [])

    def test_its_order_in_the_batch_does_not_decide_whether_they_meet(self):
        early = record(started_at=at(-1), ended_at=at(0.5))
        later = numbered_record(2, **HERE)

        codes = [one.codes for one in take(later, early)]
        assert codes == [[], ["V404"]]


class TestOfOneContract:
    def test_a_third_one_at_a_time_is_found_behind_many_later_ones(self):
        take(record(), numbered_record(2, **CONTRACT))
        take(
            *(
                numbered_record(
                    number,
                    **CONTRACT,
                    started_at=at(1 + number / 50),
                    ended_at=at(1 + number / 50, seconds=70),
                    energy_kwh="0.2",
                    total_amount=None,
                    items=None,
                )
                for number in range(3, 40)
            )
        )

        (third,) = take(numbered_record(90, **CONTRACT))
        assert third.codes == ["V405"]

    def test_a_card_without_a_contract_may_be_shared(self):
        shared = {"contract_id": None, "credential_id": "FLEET"}
        outcomes = take(*(numbered_record(number, **shared) for number in range(1, 6)))

        assert [one.codes for one in outcomes] == [[]] * 5


def test_a_crowded_evse_costs_no_query_more():
    def queries(*records: dict[str, object]) -> int:
        with CaptureQueriesContext(connection) as caught:
            take(*records)
        return len(caught)

    take(numbered_record(100))
    alone = queries(*(numbered_record(number) for number in range(1, 20)))
    crowded = queries(*(short(number, number) for number in range(30, 49)))

    assert crowded == alone
