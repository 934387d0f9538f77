"""Charge detail records of OCPI 2.1.1 and 2.2.1: what they used, and what cannot be priced."""

from decimal import Decimal

import pytest

from roaming.rules.rating.ocpi_cdr import read_record, tariff_of
from roaming.rules.rating.refusals import RECORD_CODES, RecordUnusable
from roaming.rules.rating.trace import trace
from tests.roaming.rating_sessions import (
    a_record,
    a_tariff,
    cents,
    element,
    energy,
    flat,
    parking,
    period,
    priced,
    time,
)

TARIFF = a_tariff(element(energy("0.25", "10"), parking("2", "20")))
HOUR = period(60, kwh=10)


def with_period(**fields: object) -> dict:
    record = a_record("2026-06-05", HOUR)
    record["charging_periods"][0] |= fields
    return record


UNUSABLE = [
    (7, "RECORD_UNREADABLE", ""),
    (a_record("2026-06-05", HOUR, start_date_time=None), "RECORD_UNREADABLE", "start_date_time"),
    (a_record("2026-06-05", HOUR, end_date_time=None), "RECORD_UNREADABLE", "end_date_time"),
    (a_record("2026-06-05", HOUR, end_date_time="x"), "RECORD_UNREADABLE", "end_date_time"),
    (a_record("2026-06-05", HOUR, currency="EURO"), "RECORD_UNREADABLE", "currency"),
    (a_record("2026-06-05", HOUR, tariffs={}), "RECORD_UNREADABLE", "tariffs"),
    (a_record("0001-01-02", HOUR), "RECORD_UNREADABLE", "charging_periods"),
    (a_record("2026-06-05"), "NO_PERIODS", "charging_periods"),
    (
        with_period(start_date_time=None),
        "RECORD_UNREADABLE",
        "charging_periods[0].start_date_time",
    ),
    (
        with_period(dimensions=[{"type": "ENERGY"}]),
        "RECORD_UNREADABLE",
        "charging_periods[0].dimensions[0].volume",
    ),
    (
        with_period(dimensions=[{"type": "ENERGY", "volume": -1}]),
        "RECORD_UNREADABLE",
        "charging_periods[0].dimensions[0].volume",
    ),
    (
        with_period(dimensions=[{"type": "ENERGY", "volume": 10**13}]),
        "RECORD_UNREADABLE",
        "charging_periods[0].dimensions[0].volume",
    ),
    (
        with_period(start_date_time="2026-06-06T00:00:00Z"),
        "PERIODS_OUT_OF_ORDER",
        "charging_periods[0]",
    ),
    (
        a_record("2026-06-05", HOUR, end_date_time="2028-06-05T00:00:00Z"),
        "RECORD_TOO_LONG",
        "end_date_time",
    ),
    (a_record("2026-06-05", HOUR), "NO_TARIFF", ""),
    (a_record("2026-06-05", HOUR, tariffs=[TARIFF, TARIFF]), "TARIFF_AMBIGUOUS", ""),
    (
        a_record("2026-06-05", HOUR, tariffs=[TARIFF | {"currency": "CHF"}]),
        "CURRENCY_DIFFERS",
        "",
    ),
    (
        a_record("2026-06-05", HOUR, tariffs=[a_tariff(element(energy("1"), min_current=16))]),
        "CURRENT_UNKNOWN",
        "",
    ),
    (
        a_record(
            "2026-06-05",
            period(0, kwh=10),
            tariffs=[a_tariff(element(energy("1"), min_power=16))],
        ),
        "POWER_UNKNOWN",
        "",
    ),
    (
        a_record("2026-06-05", period(0, kwh=20), tariffs=[a_tariff(element(energy("999999999")))]),
        "PRICE_TOO_LARGE",
        "",
    ),
]


def several_tariffs() -> dict:
    record = a_record("2026-06-05", HOUR, HOUR, tariffs=[TARIFF, TARIFF | {"id": "T2"}])
    for number, told in enumerate(record["charging_periods"], start=1):
        told["tariff_id"] = f"T{number}"
    return record


UNUSABLE.append((several_tariffs(), "SEVERAL_TARIFFS", "charging_periods"))


@pytest.mark.parametrize(("record", "code", "where"), UNUSABLE)
def test_an_unusable_record_says_why_and_where(record, code, where):
    with pytest.raises(RecordUnusable) as refused:
        priced(record)

    assert (refused.value.code, refused.value.where) == (code, where)


def test_every_code_has_a_record_that_shows_it():
    assert {code for _, code, _ in UNUSABLE} == set(RECORD_CODES)


def test_a_2_1_1_record_is_read_with_its_own_names():
    record = a_record("2026-06-05", period(60, kwh=20), period(30, parking=30), tariffs=[TARIFF])
    record["stop_date_time"] = record.pop("end_date_time")
    record["location"] = {"id": "L1", "time_zone": "Europe/Amsterdam"}

    assert read_record(record).time_zone == "Europe/Amsterdam"
    assert cents(priced(record)) == ("6.00", "6.70")


def test_of_several_tariffs_the_periods_name_theirs():
    record = several_tariffs()
    for told in record["charging_periods"]:
        told["tariff_id"] = "t2"

    assert tariff_of(read_record(record)).tariff_id == "T2"


def test_volumes_are_billed_and_the_clock_only_chooses_the_price():
    record = a_record(
        "2026-06-05", period(60, charging=59), tariffs=[a_tariff(element(time("60")))]
    )

    assert cents(priced(record))[0] == "59.00"


def test_power_is_told_or_else_the_average_while_charging():
    tariff = a_tariff(element(energy("1"), min_power=10), element(energy("2")))
    told = period(60, kwh=5, kw=10)
    averaged = period(60, kwh=5, charging=30)
    slow = period(60, kwh=5)

    found = priced(a_record("2026-06-05", told, averaged, slow), tariff)

    assert cents(found)[0] == "20.00"


def test_a_parked_car_draws_no_current():
    tariff = a_tariff(element(parking("1"), max_current=16), element(parking("9")))

    assert cents(priced(a_record("2026-06-05", period(60, parking=60)), tariff))[0] == "1.00"


def test_hours_of_four_decimals_do_not_buy_another_step():
    """40 minutes are 0.6667 h on the wire, which is 0.12 s more."""
    tariff = a_tariff(element(time("6", step=60)))
    record = a_record("2026-06-05", period(40, charging=40))
    record["charging_periods"][0]["dimensions"] = [{"type": "TIME", "volume": Decimal("0.6667")}]

    assert [line["component"] for line in trace(priced(record, tariff))] == ["TIME", "ROUNDING"]


def test_a_reservation_followed_by_charging_has_both_start_fees():
    tariff = a_tariff(
        element(flat("2"), reservation="RESERVATION"), element(flat("0.5"), energy("1"))
    )

    found = priced(a_record("2026-06-05", period(15, reserved=15), HOUR), tariff)

    assert cents(found)[0] == "12.50"


def test_duration_counts_from_charging_not_from_the_reservation():
    tariff = a_tariff(element(energy("0"), max_duration=1800), element(energy("1")))

    found = priced(a_record("2026-06-05", period(60, reserved=60), period(30, kwh=5)), tariff)

    assert cents(found)[0] == "0.00"


def test_yen_have_no_decimals_and_dinars_three():
    tariff = a_tariff(element(energy("0.1235")))
    for currency, expected in (("JPY", "1"), ("KWD", "1.235"), ("EUR", "1.24")):
        record = a_record("2026-06-05", HOUR, currency=currency)

        assert cents(priced(record, tariff | {"currency": currency}))[0] == expected
