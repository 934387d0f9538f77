"""docs/algorithms/rating.md: the example priced again, each line multiplied, each column added."""

from decimal import ROUND_HALF_UP, Decimal

import pytest

from roaming.rules.rating.extras import Extras
from roaming.rules.rating.refusals import RECORD_CODES, TARIFF_CODES
from roaming.rules.rating.trace import TraceDiffers, replay, trace
from tests.clearinghouse.algorithm_tables import PAGES, rows_under
from tests.roaming.rating_sessions import (
    AMSTERDAM,
    a_record,
    a_tariff,
    cents,
    component,
    element,
    period,
    priced,
)

PAGE = "rating.md"
TARIFF = ("Element", "Component", "Price", "VAT %", "Step", "From", "Until")
PERIODS = ("Local start", "Minutes", "kWh", "Charging min", "Parking min")
TRACE = (
    "Component",
    "Element",
    "Quantity",
    "Unit",
    "Price",
    "VAT %",
    "Without VAT",
    "With VAT",
    "Because",
)
KEYS = (
    "component",
    "element",
    "quantity",
    "unit",
    "price",
    "vat_percent",
    "excl_vat",
    "incl_vat",
    "because",
)


def the_example():
    elements: dict[str, dict] = {}
    for index, kind, amount, vat, step, start, end in rows_under(PAGE, columns=TARIFF):
        told = component(kind, amount, vat, int(step))
        if index in elements:
            elements[index]["price_components"].append(told)
        else:
            clock = {"start_time": start, "end_time": end} if start else {}
            elements[index] = element(told, **clock)
    rows = rows_under(PAGE, columns=PERIODS)
    periods = [
        period(
            int(minutes),
            kwh=kwh,
            **({"charging": int(charging)} if charging != "0" else {}),
            **({"parking": int(parking)} if parking != "0" else {}),
        )
        for _, minutes, kwh, charging, parking in rows
    ]
    record = a_record(rows[0][0], *periods, zone=AMSTERDAM)
    assert "discount of 5 %" in (PAGES / PAGE).read_text(encoding="utf-8")
    extras = Extras(discount_micro=50_000)
    return priced(record, a_tariff(*elements.values()), zone=AMSTERDAM, extras=extras)


class TestOneRecordByHand:
    def test_the_page_has_the_trace_that_both_sides_get(self):
        *lines, _sum = rows_under(PAGE, columns=TRACE)

        found = [
            tuple("" if line[key] is None else str(line[key]) for key in KEYS)
            for line in trace(the_example())
        ]
        assert found == lines

    def test_each_line_is_quantity_times_price_and_its_vat(self):
        for row in rows_under(PAGE, columns=TRACE):
            if row[2]:
                quantity, price, vat, excl, incl = (Decimal(row[i]) for i in (2, 4, 5, 6, 7))
                assert quantity * price == excl, row
                assert excl * (1 + vat / 100) == incl, row

    def test_the_columns_add_up_to_the_price(self):
        *lines, total = rows_under(PAGE, columns=TRACE)

        sums = [sum(Decimal(line[column]) for line in lines) for column in (6, 7)]
        assert sums == [Decimal(total[6]), Decimal(total[7])]
        assert cents(the_example()) == (total[6], total[7])

    def test_discount_and_rounding_are_what_the_page_says(self):
        *used, discount, rounding, total = rows_under(PAGE, columns=TRACE)

        for column in (6, 7):
            before = sum(Decimal(line[column]) for line in used)
            assert -before * Decimal("0.05") == Decimal(discount[column])
            left = before + Decimal(discount[column])
            rounded = left.quantize(Decimal("0.01"), ROUND_HALF_UP)
            assert rounded == Decimal(total[column])
            assert rounded - left == Decimal(rounding[column])

    def test_the_cut_at_nine_adds_up_to_what_was_charged(self):
        lines = rows_under(PAGE, columns=TRACE)
        charged = sum(Decimal(row[2]) for row in rows_under(PAGE, columns=PERIODS))

        used = [Decimal(row[2]) for row in lines if row[0] == "ENERGY" and row[8] == "used"]
        assert sum(used) == charged
        assert used[0] == (charged * 48 / 90).quantize(Decimal("0.000001"), ROUND_HALF_UP)


class TestReplay:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("quantity", "10.906668"),
            ("price", "0.46"),
            ("vat_percent", "19.00"),
            ("excl_vat", "4.91"),
            ("incl_vat", "5.94"),
            ("excl_vat", "much"),
        ],
    )
    def test_a_line_that_was_changed_is_found(self, field, value):
        lines = trace(the_example())
        lines[0][field] = value

        with pytest.raises(TraceDiffers, match="line 0"):
            replay(lines)

    def test_a_line_that_is_missing_changes_the_sum(self):
        excl, incl = replay(trace(the_example())[1:])

        assert excl != Decimal("9.30")
        assert incl != Decimal("11.25")

    def test_a_line_without_its_fields_is_no_trace(self):
        with pytest.raises(TraceDiffers, match="line 0"):
            replay([{"component": "ENERGY"}])


def test_the_page_knows_every_code():
    assert dict(rows_under(PAGE, columns=("Code", "Why"))) == dict(TARIFF_CODES)
    assert dict(rows_under(PAGE, columns=("Code of a record", "Why"))) == dict(RECORD_CODES)
