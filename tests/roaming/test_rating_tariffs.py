"""Which tariffs are unusable, and the stable code and path that say why."""

import json
from decimal import Decimal

import pytest

from roaming.rules.rating.ocpi_tariff import read_tariff
from roaming.rules.rating.refusals import TARIFF_CODES, TariffUnusable
from roaming.rules.rating.restriction_checks import shadowed
from roaming.rules.rating.tariff import NO_RESTRICTIONS, Kind
from tests.roaming.rating_sessions import a_tariff, element, energy, flat, parking, time

PRICE = element(energy("0.25"))


def limited(**restrictions: object) -> dict:
    return a_tariff(element(energy("0.25"), **restrictions))


def priced_at(**fields: object) -> dict:
    return a_tariff({"price_components": [energy("0.25") | fields]})


UNUSABLE = [
    (["T1"], "TARIFF_UNREADABLE", ""),
    (a_tariff(PRICE, id=7), "TARIFF_UNREADABLE", "id"),
    (a_tariff(PRICE) | {"elements": {}}, "TARIFF_UNREADABLE", "elements"),
    (a_tariff(PRICE) | {"elements": [None]}, "TARIFF_UNREADABLE", "elements[0]"),
    (a_tariff(), "NO_ELEMENTS", "elements"),
    (a_tariff(element()), "NO_ELEMENTS", "elements[0].price_components"),
    (priced_at(type="SESSION_TIME"), "COMPONENT_UNKNOWN", "elements[0].price_components[0].type"),
    (
        a_tariff(element(energy("1"), energy("2"))),
        "COMPONENT_TWICE",
        "elements[0].price_components",
    ),
    (priced_at(price=None), "TARIFF_UNREADABLE", "elements[0].price_components[0].price"),
    (priced_at(price="0.25"), "TARIFF_UNREADABLE", "elements[0].price_components[0].price"),
    (priced_at(price=0.25), "TARIFF_UNREADABLE", "elements[0].price_components[0].price"),
    (priced_at(price=True), "TARIFF_UNREADABLE", "elements[0].price_components[0].price"),
    (
        priced_at(price=Decimal("NaN")),
        "NUMBER_OUT_OF_RANGE",
        "elements[0].price_components[0].price",
    ),
    (priced_at(price=10**13), "NUMBER_OUT_OF_RANGE", "elements[0].price_components[0].price"),
    (
        priced_at(price=Decimal("0.1234567")),
        "NUMBER_TOO_FINE",
        "elements[0].price_components[0].price",
    ),
    (priced_at(vat=-1), "NUMBER_OUT_OF_RANGE", "elements[0].price_components[0].vat"),
    (priced_at(vat=101), "NUMBER_OUT_OF_RANGE", "elements[0].price_components[0].vat"),
    (priced_at(vat=Decimal("5.55555")), "NUMBER_TOO_FINE", "elements[0].price_components[0].vat"),
    (priced_at(step_size=0), "STEP_SIZE_NOT_POSITIVE", "elements[0].price_components[0].step_size"),
    (priced_at(step_size=None), "TARIFF_UNREADABLE", "elements[0].price_components[0].step_size"),
    (
        priced_at(step_size=Decimal("1.5")),
        "TARIFF_UNREADABLE",
        "elements[0].price_components[0].step_size",
    ),
    (a_tariff(PRICE, currency=None), "CURRENCY_UNKNOWN", "currency"),
    (a_tariff(PRICE, currency="XXX"), "CURRENCY_UNKNOWN", "currency"),
    (a_tariff(PRICE, tax_included="YES"), "TAX_MODEL_UNSUPPORTED", "tax_included"),
    (limited(max_soc=80), "RESTRICTION_UNKNOWN", "elements[0].restrictions.max_soc"),
    (limited(reservation="MAYBE"), "RESTRICTION_UNKNOWN", "elements[0].restrictions.reservation"),
    (limited(start_time="24:00"), "TARIFF_UNREADABLE", "elements[0].restrictions.start_time"),
    (limited(start_date="2026-02-30"), "TARIFF_UNREADABLE", "elements[0].restrictions.start_date"),
    (limited(end_date="6 June"), "TARIFF_UNREADABLE", "elements[0].restrictions.end_date"),
    (limited(day_of_week=["FUNDAY"]), "TARIFF_UNREADABLE", "elements[0].restrictions.day_of_week"),
    (limited(day_of_week="MONDAY"), "TARIFF_UNREADABLE", "elements[0].restrictions.day_of_week"),
    (limited(min_kwh=-1), "NUMBER_OUT_OF_RANGE", "elements[0].restrictions.min_kwh"),
    (
        limited(start_time="07:00", end_time="07:00"),
        "RESTRICTION_NEVER_MATCHES",
        "elements[0].restrictions",
    ),
    (
        limited(start_date="2026-06-06", end_date="2026-06-06"),
        "RESTRICTION_NEVER_MATCHES",
        "elements[0].restrictions",
    ),
    (limited(min_kwh=5, max_kwh=5), "RESTRICTION_NEVER_MATCHES", "elements[0].restrictions"),
    (limited(max_duration=0), "RESTRICTION_NEVER_MATCHES", "elements[0].restrictions"),
    (
        limited(reservation="RESERVATION"),
        "RESERVATION_COMPONENT",
        "elements[0].price_components",
    ),
    (
        a_tariff(
            PRICE,
            min_price={"excl_vat": 2, "incl_vat": 2},
            max_price={"excl_vat": 1, "incl_vat": 3},
        ),
        "PRICE_LIMITS_CROSS",
        "min_price",
    ),
    (
        a_tariff(element(energy("1", "21")), max_price={"excl_vat": 10}),
        "PRICE_LIMIT_WITHOUT_TAX",
        "max_price.incl_vat",
    ),
    (a_tariff(PRICE, max_price={"incl_vat": 10}), "TARIFF_UNREADABLE", "max_price.excl_vat"),
    (a_tariff(PRICE, end_date_time="soon"), "TARIFF_UNREADABLE", "end_date_time"),
]


@pytest.mark.parametrize(("told", "code", "where"), UNUSABLE)
def test_an_unusable_tariff_says_why_and_where(told, code, where):
    with pytest.raises(TariffUnusable) as refused:
        read_tariff(told)

    assert (refused.value.code, refused.value.where) == (code, where)
    assert str(refused.value).startswith(code)


def test_every_code_has_a_tariff_that_shows_it():
    assert {code for _, code, _ in UNUSABLE} == set(TARIFF_CODES)


def test_null_is_absent_as_real_tariffs_write_it():
    text = json.dumps(
        {
            "id": "12",
            "currency": "EUR",
            "type": None,
            "min_price": None,
            "elements": [
                {
                    "price_components": [
                        {"type": "ENERGY", "price": 1, "vat": None, "step_size": 1}
                    ],
                    "restrictions": {"start_time": None, "min_kwh": None, "day_of_week": []},
                }
            ],
        }
    )

    tariff = read_tariff(json.loads(text, parse_float=Decimal))

    restrictions = tariff.elements[0].restrictions
    assert not restrictions.is_of_the_calendar
    assert not restrictions.is_of_the_session
    assert tariff.elements[0].components[0].vat_micro is None


def test_no_vat_is_not_vat_of_nothing():
    tariff = read_tariff(a_tariff(element(energy("1"), time("1", "0"), parking("1", "5.5"))))

    rates = [component.vat_micro for component in tariff.elements[0].components]
    assert rates == [None, 0, 55_000]


def test_a_2_1_1_tariff_without_a_currency_takes_the_records():
    assert read_tariff(a_tariff(PRICE, currency=None), currency="CHF").currency == "CHF"


def test_a_step_of_a_flat_means_nothing():
    told = flat("0") | {"step_size": 0}

    assert read_tariff(a_tariff(element(told))).elements[0].components[0].kind is Kind.FLAT


def test_all_seven_weekdays_are_no_restriction():
    days = ["MONDAY", "SATURDAY", "SUNDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"]

    tariff = read_tariff(limited(day_of_week=days))

    assert tariff.elements[0].restrictions.days is None


def test_a_least_of_nothing_is_no_restriction():
    tariff = read_tariff(limited(min_kwh=0, min_power=0, min_current=0, min_duration=0))

    assert tariff.elements[0].restrictions == NO_RESTRICTIONS


def test_what_an_element_ahead_hides_is_named():
    tariff = read_tariff(a_tariff(element(energy("1")), element(energy("2"), time("1"))))

    assert shadowed(tariff) == ["elements[1] ENERGY"]
