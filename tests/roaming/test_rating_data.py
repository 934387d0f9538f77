"""Rating of published data: stated prices, the oracle, and the tariffs of a whole country."""

import gzip
import json
import random
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.core.management import call_command

from clearinghouse.money import from_minor_units
from roaming.rules.rating.compiled import Compiled
from roaming.rules.rating.figures import half_up
from roaming.rules.rating.ocpi_tariff import read_tariff
from roaming.rules.rating.price import price
from roaming.rules.rating.refusals import TariffUnusable
from roaming.rules.rating.restriction_checks import shadowed
from roaming.rules.rating.tariff import NO_RESTRICTIONS
from roaming.rules.rating.trace import replay, trace
from roaming.rules.rating.usage import Stretch, Usage, microseconds
from tests.clearinghouse.algorithm_tables import rows_under
from tests.roaming.rating_sessions import (
    AMSTERDAM,
    a_record,
    a_tariff,
    cents,
    element,
    energy,
    exact,
    flat,
    parking,
    period,
    priced,
    time,
)
from tests.roaming.test_rating_vectors import BY_DURATION, BY_POWER, EXPIRY_FEE, RESERVED, STEPS

# Published data is not ours to redistribute: it lies beside the checkout, never in it.
SHARED = settings.BASE_DIR.parent / "shared"
DATA = SHARED / "data"
ORACLE = SHARED / "reference" / "oracles" / "rating_oracle.json"
PAIRS = sorted(path.relative_to(DATA) for path in DATA.glob("ocpi-cdr-pricing/*/cdr*.json"))
DUTCH = DATA / "ocpi-ndw-nl-2026-06" / "tariffs.json.gz"
needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="../shared/data is absent: published data is not in the repository"
)


def printed(cdr: Path, **options: object) -> dict:
    out = StringIO()
    call_command(
        "price_cdr", str(cdr), json=True, stdout=out, stderr=StringIO(), time_zone="UTC", **options
    )
    return json.loads(out.getvalue())


def read(path: Path) -> object:
    return json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


# The file states the price of the energy as the total, although its tariff has a least price of
# 0.50; the OCPI text names 0.50 / 0.55 for this very case.
STATED_WITHOUT_LEAST_PRICE = {"cdr2_less_than_2kWh.json": ("0.50", "0.55")}


@needs_data
class TestPairsOfRecordAndTariff:
    """Their times are UTC: step_size states the price of 16:55 for 16:55 UTC in January."""

    @pytest.mark.parametrize("path", PAIRS, ids=str)
    def test_has_the_stated_price(self, path):
        cdr = DATA / path
        stated = read(cdr)
        answer = printed(cdr, tariff=cdr.parent / "tariff.json")

        total = tuple(answer["total"].values())
        told = STATED_WITHOUT_LEAST_PRICE.get(cdr.name) or tuple(
            f"{Decimal(value):.2f}" for value in stated["total_cost"].values()
        )
        assert total == told
        for name in ("energy", "time", "parking"):
            for side, value in stated.get(f"total_{name}_cost", {}).items():
                assert round(Decimal(answer[name][side]), 4) == value, name
        assert replay(answer["trace"]) == tuple(map(Decimal, total))

    def test_there_are_six_of_them(self):
        assert len(PAIRS) == 6

    def test_every_tariff_of_the_folder_can_be_used(self):
        tariffs = list(DATA.glob("ocpi-cdr-pricing/*/tariff.json"))

        assert len(tariffs) == 21
        assert all(read_tariff(read(path)).elements for path in tariffs)


@needs_data
class TestExamplesOfTheSpecification:
    def test_the_record_has_the_price_it_states(self):
        answer = printed(DATA / "ocpi-spec-examples/2.2.1/cdr_example.json")

        # 1.973 h at 2.00, rounded up to five minutes: two hours.
        assert answer["total"] == {"excl_vat": "4.00", "incl_vat": "4.40"}

    def test_every_2_2_1_tariff_can_be_used(self):
        paths = list((DATA / "ocpi-spec-examples/2.2.1").glob("tariff*.json"))

        assert len(paths) == 20
        assert all(read_tariff(read(path)).elements for path in paths)

    def test_a_2_3_0_tariff_is_refused_and_not_misread(self):
        paths = (DATA / "ocpi-spec-examples/2.3.0").glob("tariff_1_simple*.json")

        for path in paths:
            with pytest.raises(TariffUnusable, match="TAX_MODEL_UNSUPPORTED"):
                read_tariff(read(path))


@needs_data
def test_2_1_1_tariffs_without_a_currency_need_the_records():
    tariffs = read(DATA / "ocpi-ndw-2.1.1-samples/tariffs.json")

    with pytest.raises(TariffUnusable, match="CURRENCY_UNKNOWN"):
        read_tariff(tariffs[0])
    prices = [read_tariff(told, currency="EUR").elements[0].components[0] for told in tariffs]
    assert [component.price_micro for component in prices] == [
        180000,
        270000,
        280000,
        281000,
        460000,
    ]
    assert {component.step_size for component in prices} == {1000}


MONDAY = "2026-03-02"
ORACLE_SESSIONS = {
    "R1": (
        a_tariff(
            element(energy("0.20", step=500), end_time="17:00"), element(energy("0.27", step=500))
        ),
        "16:30",
        [period(30, kwh="4.3"), period(10, kwh="1.1")],
    ),
    "R2": (
        a_tariff(element(time("5", step=600), end_time="17:00"), element(time("7", step=600))),
        "16:54",
        [period(6, charging=6), period(22, charging=22)],
    ),
    "R3": (STEPS, "16:35", [period(25, charging=25), period(10, charging=10)]),
    "R4": (STEPS, "19:40", [period(12, charging=12), period(20, parking=20)]),
    "R5": (
        a_tariff(element(time("1", step=600), parking("2", step=600))),
        "10:00",
        [period(21, charging=21), period(16, parking=16)],
    ),
    "R6": (RESERVED, "10:00", [period(15, reserved=15), period(60, kwh=20)]),
    "R7": (
        BY_POWER,
        "10:00",
        [period(10, kwh=1), period(50, kwh=40), period(8, kwh="0.5")],
    ),
    "R8": (BY_DURATION, "10:00", [period(30, kwh=5), period(10, kwh="1.2")]),
    "R9": (EXPIRY_FEE, "10:00", [period(60, reserved=60)]),
}


@pytest.mark.skipif(not ORACLE.is_file(), reason="../shared/reference is absent")
class TestOracle:
    @pytest.mark.parametrize("name", ORACLE_SESSIONS)
    def test_has_the_worked_total(self, name):
        case = next(one for one in json.loads(ORACLE.read_text())["cases"] if one["id"] == name)
        tariff, starts, periods = ORACLE_SESSIONS[name]

        found = priced(a_record(f"{MONDAY}T{starts}", *periods), tariff)

        excl, incl = cents(found)
        assert excl == case["total"]
        assert incl == case.get("total_incl_vat", incl)
        if "total_unrounded" in case:
            assert str(exact(found)).rstrip("0") == case["total_unrounded"]

    def test_has_no_case_beyond_these(self):
        cases = json.loads(ORACLE.read_text())["cases"]

        assert [case["id"] for case in cases] == list(ORACLE_SESSIONS)

    def test_rounds_as_it_says(self):
        rows = [row for row in json.loads(ORACLE.read_text())["rounding"] if "half_up" in row]

        assert len(rows) == 2
        for row in rows:
            thousandths = int(Decimal(row["value"]).scaleb(3))
            assert Decimal(half_up(thousandths, 10)).scaleb(-2) == Decimal(row["half_up"])


@cache
def dutch_tariffs() -> list[dict]:
    with gzip.open(DUTCH) as packed:
        return json.loads(packed.read(), parse_float=Decimal)


def a_session(chance: random.Random) -> Usage:
    """One to three charging periods around the day of the snapshot, and at times parking."""
    at = microseconds(datetime(2026, 6, 5, tzinfo=UTC)) + chance.randrange(3 * 86_400) * 10**6
    stretches = []
    for _ in range(chance.randint(1, 3)):
        seconds = chance.randint(300, 7_200)
        until = at + seconds * 10**6
        stretches.append(Stretch(at, until, chance.randrange(30_000_000), seconds * 10**6 // 3600))
        at = until
    if chance.random() < 0.3:
        seconds = chance.randint(60, 20_000)
        stretches.append(Stretch(at, at + seconds * 10**6, 0, 0, seconds * 10**6 // 3600))
    return Usage(stretches=tuple(stretches))


@pytest.mark.long
@needs_data
class TestTariffsOfTheNetherlands:
    """10,521 tariffs of 36 parties, over generated sessions; the report is in the docs."""

    def test_prices_sessions_without_a_crash_and_every_trace_adds_up(self):
        chance = random.Random(20260607)
        zone = ZoneInfo(AMSTERDAM)
        sessions = 0
        for told in dutch_tariffs():
            try:
                compiled = Compiled(read_tariff(told), zone)
            except TariffUnusable:
                continue
            for _ in range(3):
                found = price(a_session(chance), compiled)
                total = tuple(
                    from_minor_units(minor, currency="EUR")
                    for minor in (found.excl_minor, found.incl_minor)
                )
                assert replay(trace(found)) == total, told["id"]
                sessions += 1

        assert sessions == 3 * 10_505

    def test_the_page_reports_which_are_unusable_and_why(self):
        unusable: Counter[tuple[str, str]] = Counter()
        hidden = simple = 0
        for told in dutch_tariffs():
            try:
                tariff = read_tariff(told)
            except TariffUnusable as refused:
                unusable[refused.code, told["party_id"]] += 1
                continue
            hidden += bool(shadowed(tariff))
            simple += all(one.restrictions == NO_RESTRICTIONS for one in tariff.elements)

        page = "rating.md"
        reported = rows_under(page, columns=("Code", "Party", "Tariffs", "Why"))
        assert {(code, party): int(count) for code, party, count, _ in reported} == unusable
        counts = {
            what: int(count.replace(",", ""))
            for what, count in rows_under(page, columns=("Of the published tariffs", "Number"))
        }
        assert counts == {
            "all": len(dutch_tariffs()),
            "usable": len(dutch_tariffs()) - sum(unusable.values()),
            "unusable": sum(unusable.values()),
            "usable, without any restriction": simple,
            "usable, with a component that an element ahead hides": hidden,
        }


def test_flat_and_time_prices_of_the_published_kind():
    """The commonest shape of all: a start fee, a free time and a price per kWh."""
    tariff = a_tariff(element(flat("0.75"), time("0"), energy("0.56")))

    found = priced(a_record(MONDAY, period(60, kwh=10, charging=60)), tariff)

    assert cents(found) == ("6.35", "6.35")
