"""``manage.py price_cdr``: what it prints, what it warns of, how it refuses; without a database."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from roaming.rules.rating.trace import replay
from tests.roaming.rating_sessions import (
    a_record,
    a_tariff,
    element,
    energy,
    flat,
    parking,
    period,
    time,
)

TARIFF = a_tariff(
    element(flat("0.50", "20"), energy("0.25", "10"), parking("2.00", "20", 900)),
)
RECORD = a_record("2026-06-05", period(60, kwh="20.45"), period(40, parking=40))


@pytest.fixture
def write(tmp_path):
    def one(name: str, value: object):
        path = tmp_path / name
        # Decimals as numbers, as partners write them.
        path.write_text(json.dumps(value, default=float), encoding="utf-8")
        return path

    return one


def run(*arguments: object, **options: object) -> tuple[dict, str]:
    printed, warned = StringIO(), StringIO()
    call_command(
        "price_cdr", *map(str, arguments), json=True, stdout=printed, stderr=warned, **options
    )
    return json.loads(printed.getvalue()), warned.getvalue()


def test_prints_one_object_with_decimals_as_text(write):
    answer, warned = run(write("cdr.json", RECORD), tariff=write("tariff.json", TARIFF))

    assert list(answer) == [
        "currency",
        "total",
        "energy",
        "time",
        "parking",
        "reservation",
        "flat",
        "trace",
    ]
    assert answer["currency"] == "EUR"
    assert answer["total"] == {"excl_vat": "7.11", "incl_vat": "8.02"}
    assert answer["energy"] == {"excl_vat": "5.1125", "incl_vat": "5.62375"}
    assert answer["time"] == answer["reservation"] == {"excl_vat": "0.00", "incl_vat": "0.00"}
    assert answer["parking"] == {"excl_vat": "1.50", "incl_vat": "1.80"}
    assert answer["flat"] == {"excl_vat": "0.50", "incl_vat": "0.60"}
    assert replay(answer["trace"]) == (Decimal("7.11"), Decimal("8.02"))
    assert warned == ""


def test_takes_the_tariff_that_the_record_carries(write):
    answer, _ = run(write("cdr.json", RECORD | {"tariffs": [TARIFF]}))

    assert answer["total"]["excl_vat"] == "7.11"


def test_takes_off_the_answer_around_an_object(write):
    wrapped = {"status_code": 1000, "data": RECORD | {"tariffs": [TARIFF]}}

    assert run(write("cdr.json", wrapped))[0]["total"]["excl_vat"] == "7.11"


LOCAL = a_tariff(element(time("1"), end_time="12:00"), element(time("2")))
AT_NOON = a_record("2026-06-05T11:00", period(60, charging=60), tariffs=[LOCAL])


@pytest.mark.parametrize(
    ("options", "fields", "total", "warns"),
    [
        ({}, {}, "1.00", True),
        ({"time_zone": "Europe/Amsterdam"}, {}, "2.00", False),
        ({}, {"location": {"time_zone": "Europe/Amsterdam"}}, "2.00", False),
        ({"time_zone": "UTC"}, {"location": {"time_zone": "Europe/Amsterdam"}}, "1.00", False),
    ],
)
def test_local_times_are_of_the_zone_given_else_of_the_record_else_utc(
    write, options, fields, total, warns
):
    answer, warned = run(write("cdr.json", AT_NOON | fields), **options)

    assert answer["total"]["excl_vat"] == total
    assert ("tells no time zone" in warned) is warns


def test_warns_of_what_is_odd_and_prices_all_the_same(write):
    tariff = LOCAL | {"end_date_time": "2020-01-01T00:00:00Z"}
    tariff["elements"] = [*tariff["elements"], element(time("3"))]
    record = a_record("2026-06-05T11:00", period(120, charging=120))

    answer, warned = run(
        write("cdr.json", record), tariff=write("tariff.json", tariff), time_zone="UTC"
    )

    assert answer["total"]["excl_vat"] == "3.00"
    assert warned.splitlines() == [
        "The tariff 'T1' was not valid when the session started.",
        "The price changed inside 1 charging period(s): energy and time were shared out by the "
        "clock.",
        "An element ahead hides elements[2] TIME.",
    ]


def test_refuses_with_the_code_of_the_reason(write):
    with pytest.raises(CommandError, match="NO_TARIFF") as refused:
        run(write("cdr.json", RECORD))
    assert refused.value.returncode == 1

    broken = a_tariff(element(energy("1"), end_date="x"))
    with pytest.raises(CommandError, match=r"TARIFF_UNREADABLE at elements\[0\].restrictions"):
        run(write("cdr.json", RECORD), tariff=write("tariff.json", broken))


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        (None, {}, "cannot read"),
        ("{", {}, "is not JSON"),
        ("[" * 100_000, {}, "is not JSON"),
        (json.dumps(RECORD, default=float), {"time_zone": "Mars/Olympus"}, "no time zone"),
        (json.dumps(RECORD, default=float), {"time_zone": "../etc/passwd"}, "no time zone"),
    ],
)
def test_a_wrong_call_ends_with_2(tmp_path, write, text, options, says):
    path = tmp_path / "cdr.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")

    with pytest.raises(CommandError, match=says) as refused:
        run(path, tariff=write("tariff.json", TARIFF), **options)
    assert refused.value.returncode == 2


def test_shows_a_table_to_a_person(write, capsys):
    call_command("price_cdr", str(write("cdr.json", RECORD)), tariff=write("t.json", TARIFF))

    printed = capsys.readouterr().out
    assert "step_size 900 s" in printed
    assert "7.11 EUR without VAT, 8.02 EUR with VAT" in printed


@pytest.mark.long
def test_starts_no_server(write, tmp_path):
    """In a folder of its own, where a started PostgreSQL would leave its data."""
    home = tmp_path / "var"
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "REDIS_URL", "CLEARINGHOUSE_START")
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "price_cdr", str(write("cdr.json", RECORD)), "--json"],
        cwd=settings.BASE_DIR,
        env=environment | {"CLEARINGHOUSE_VAR": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stdout == ""
    assert "NO_TARIFF" in done.stderr
    assert not home.exists()
