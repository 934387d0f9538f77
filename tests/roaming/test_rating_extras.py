"""What an agreement adds to a tariff: idle fee, session minimum, discount; and price limits."""

from decimal import Decimal

import pytest

from roaming.rules.rating.compiled import Compiled
from roaming.rules.rating.extras import Extras, IdleFee, SessionMinimum, reached_discount
from roaming.rules.rating.ocpi_cdr import read_record
from roaming.rules.rating.ocpi_tariff import read_tariff
from roaming.rules.rating.price import price
from roaming.rules.rating.trace import trace
from roaming.rules.rating.usage import Usage
from tests.roaming.rating_sessions import (
    AMSTERDAM,
    ZoneInfo,
    a_record,
    a_tariff,
    cents,
    element,
    energy,
    flat,
    period,
    priced,
    time,
)

PER_KWH = a_tariff(element(energy("0.50", "10")))
IDLE = IdleFee(grace_min=30, per_minute_micro=100_000, most_micro=12_000_000, vat_micro=200_000)


def charged_then_parked(minutes: int, starts: str = "2026-06-05T10:00") -> dict:
    return a_record(starts, period(60, kwh=10), period(minutes, parking=minutes), zone=AMSTERDAM)


def fee_of(record: dict, fee: IdleFee) -> tuple[str, str]:
    found = priced(record, PER_KWH, zone=AMSTERDAM, extras=Extras(idle_fee=fee))
    excl, incl = cents(found)
    return str(Decimal(excl) - 5), str(Decimal(incl) - Decimal("5.50"))


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (30, ("0.00", "0.00")),
        (31, ("0.10", "0.12")),
        (90, ("6.00", "7.20")),
        (400, ("12.00", "14.40")),
    ],
)
def test_an_idle_fee_starts_after_the_grace_and_ends_at_its_cap(minutes, expected):
    assert fee_of(charged_then_parked(minutes), IDLE) == expected


def test_exempt_hours_cost_nothing_and_use_up_no_grace():
    night = IdleFee(
        grace_min=30,
        per_minute_micro=100_000,
        exempt_from_minute=22 * 60,
        exempt_until_minute=7 * 60,
    )

    # Parked from 21:00 to 08:00: an hour before ten and one after seven, less half an hour.
    assert fee_of(charged_then_parked(660, "2026-06-05T20:00"), night)[0] == "9.00"


def test_an_hour_that_autumn_repeats_is_paid_twice():
    fee = IdleFee(grace_min=0, per_minute_micro=100_000)

    assert fee_of(charged_then_parked(120, "2026-10-25T01:00"), fee)[0] == "12.00"


def test_nobody_pays_for_idling_at_a_broken_station():
    record = read_record(charged_then_parked(90))
    start = record.usage.stretches[1].start_us
    broken = (start + 60_000_000 * 30, start + 60_000_000 * 60)
    usage = Usage(stretches=record.usage.stretches, outages=(broken,))

    found = price(usage, Compiled(read_tariff(PER_KWH), ZoneInfo(AMSTERDAM)), Extras(idle_fee=IDLE))

    assert cents(found)[0] == "8.00"


MINIMUM = Extras(session_minimum=SessionMinimum(energy_micro=100_000, duration_s=120))
WITH_FEE = a_tariff(
    element(flat("2"), reservation="RESERVATION"), element(flat("0.50"), energy("0.50"))
)


@pytest.mark.parametrize(
    ("kwh", "minutes", "expected"),
    [("0.099", 1, "0.00"), ("0.1", 1, "0.55"), ("0.099", 2, "0.55"), ("0", 0, "0.00")],
)
def test_a_session_below_both_minimums_is_waived(kwh, minutes, expected):
    found = priced(a_record("2026-06-05", period(minutes, kwh=kwh)), WITH_FEE, extras=MINIMUM)

    assert cents(found)[0] == expected


def test_a_waived_session_does_not_waive_its_reservation_nor_ask_the_least_price():
    tariff = WITH_FEE | {"min_price": {"excl_vat": 5, "incl_vat": 5}}
    record = a_record("2026-06-05", period(15, reserved=15), period(1, kwh="0.05"))

    found = priced(record, tariff, extras=MINIMUM)

    assert cents(found)[0] == "2.00"
    assert [line["component"] for line in trace(found)][-2:] == ["SESSION_MINIMUM", "ROUNDING"]


def test_a_discount_is_taken_off_what_the_limits_left_and_not_off_the_idle_fee():
    tariff = PER_KWH | {"max_price": {"excl_vat": 4, "incl_vat": Decimal("4.40")}}
    extras = Extras(idle_fee=IDLE, discount_micro=125_000)

    found = priced(charged_then_parked(40), tariff, zone=AMSTERDAM, extras=extras)

    # 5.00 becomes 4.00, 12.5 % off is 3.50; ten minutes at 0.10 on top.
    assert cents(found) == ("4.50", "5.05")
    names = [line["component"] for line in trace(found)]
    assert names == ["ENERGY", "MAX_PRICE", "DISCOUNT", "IDLE_FEE", "ROUNDING"]


def test_the_discount_is_that_of_the_highest_tier_reached():
    tiers = [(0, 0), (1_000, 20_000), (10_000, 50_000)]

    assert [reached_discount(tiers, volume) for volume in (0, 999, 1_000, 99_999)] == [
        0,
        0,
        20_000,
        50_000,
    ]
    assert reached_discount([(10, 5)], 9) == 0


def test_limits_hold_without_and_with_vat_by_themselves():
    tariff = a_tariff(element(time("1", "50"))) | {
        "min_price": {"excl_vat": 2, "incl_vat": 2},
        "max_price": {"excl_vat": 9, "incl_vat": Decimal("2.5")},
    }

    assert cents(priced(a_record("2026-06-05", period(60, charging=60)), tariff)) == (
        "2.00",
        "2.00",
    )
    assert cents(priced(a_record("2026-06-05", period(180, charging=180)), tariff)) == (
        "3.00",
        "2.50",
    )
