"""A sender's CSV that is not what it should be: told in words, row by row or as a whole."""

import gzip
from collections.abc import Iterator
from decimal import Decimal

import pytest

from roaming.intake import csv_file
from roaming.intake.csv_file import UnreadableFile, count_rows, read_csv
from roaming.intake.profile import UnusableProfile, parse_profile

PROFILE = """
title = "hostile files"
[file]
time_zone = "Europe/Zurich"
[seller]
party = "DE*NLX"
name = "Nordlicht"
[texts]
sdr_id = "id"
[times.started_at]
columns = ["start"]
formats = ["%d.%m.%Y %H:%M:%S"]
[times.ended_at]
after = "started_at"
plus_seconds_column = "seconds"
[numbers.energy_kwh]
column = "wh"
divide_by = 1000
[numbers.total_amount]
column = "amount"
[agreement]
starts_on = 2020-01-01
currency = "EUR"
group = { name = "EUR monthly" }
[[counterparties]]
party = "FR*VOL"
name = "Voltaire"
[constants]
currency = "EUR"
"""
HEAD = "id,start,seconds,wh,amount\n"
GOOD = "a,14.11.2026 10:00:00,3600,1000,1.00\n"


@pytest.fixture
def profile():
    return parse_profile(PROFILE.encode(), name="hostile")


@pytest.fixture
def written(tmp_path):
    def write(content: str | bytes):
        path = tmp_path / "sessions.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def _damaged(packed: bytes) -> bytes:
    return packed[:60] + b"\xff" * 8 + packed[68:]


def exhaust(read, path, profile) -> None:
    """Read all there is."""
    rows = read(path, profile)
    list(rows if isinstance(rows, Iterator) else [])


PACKED = gzip.compress((HEAD + "".join(f"{n}{GOOD}" for n in range(5_000))).encode())


class TestARow:
    @pytest.mark.parametrize(
        ("row", "field"),
        [
            ("a,14.11.2026 10:00:00,NaN,1000,1.00", "ended_at"),
            ("a,14.11.2026 10:00:00,Infinity,1000,1.00", "ended_at"),
            ("a,14.11.2026 10:00:00,1e999999,1000,1.00", "ended_at"),
            ("a,01.01.0001 00:00:00,3600,1000,1.00", "started_at"),
            ("a,31.12.9999 23:59:59,9999999,1000,1.00", "ended_at"),
            ("a,14.11.2026 10:00:00,3600,1000,NaN", "total_amount"),
            ("a,14.11.2026 10:00:00,3600,1000,1_000", "total_amount"),
            ("a,14.11.2026 10:00:00,3600,1e-999999999,1.00", "energy_kwh"),
            ("a,14.11.2026 10:00:00,3600,1000,1.00,more", ""),
            ("a,14.11.2026 10:00:00,3600,1000", ""),
        ],
    )
    def test_is_refused_alone(self, profile, written, row, field):
        read = list(read_csv(written(HEAD + row + "\n" + GOOD), profile))

        wrong, good = read
        assert field in [finding.field for finding in wrong.findings]
        assert {finding.code for finding in wrong.findings} == {"V001"}
        assert (good.findings, good.sdr.total_amount) == ([], Decimal("1.00"))


class TestAFile:
    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(PACKED[:-20], id="a gzip cut off"),
            pytest.param(_damaged(PACKED), id="a damaged gzip"),
            pytest.param(b"\x1f\x8b", id="the beginning of a gzip"),
            pytest.param(f"{HEAD}ä{GOOD}".encode("latin-1"), id="another encoding"),
            pytest.param((HEAD + GOOD).encode("utf-16"), id="UTF-16"),
            pytest.param(HEAD + "a" * 200_000 + GOOD, id="a field beyond all measure"),
        ],
    )
    @pytest.mark.parametrize("read", [count_rows, read_csv])
    def test_that_cannot_be_read_is_refused_in_words(self, profile, written, content, read):
        with pytest.raises(UnreadableFile, match=r".{10}"):
            exhaust(read, written(content), profile)

    def test_of_nothing_is_refused(self, profile, written):
        with pytest.raises(UnreadableFile, match="lacks the columns"):
            exhaust(read_csv, written(""), profile)

    def test_whose_header_names_a_column_twice_is_refused(self, profile, written):
        with pytest.raises(UnreadableFile, match="amount"):
            list(read_csv(written("id,start,seconds,wh,amount,amount\n"), profile))

    def test_of_one_endless_line_is_not_held_in_memory(self, profile, written):
        endless = gzip.compress((HEAD + "a" * 2 * csv_file.LONGEST_LINE).encode())

        with pytest.raises(UnreadableFile, match="line 2"):
            count_rows(written(endless), profile)


class TestAProfile:
    @pytest.mark.parametrize(
        ("old", "new", "told"),
        [
            ("Europe/Zurich", "Mars/Olympus", "Mars/Olympus"),
            ('"EUR monthly"', '"EUR monthly", time_zone = "../zone"', "../zone"),
            ("[seller]", 'encoding = "klingon"\n[seller]', "klingon"),
            ("[seller]", 'encoding = "base64"\n[seller]', "base64"),
            ("[seller]", 'delimiter = ";;"\n[seller]', ";;"),
            ('sdr_id = "id"', 'sdr_id = { template = "{id" }', "{id"),
            ('sdr_id = "id"', 'sdr_id = { template = "{id.__class__}" }', "__class__"),
            ('sdr_id = "id"', 'sdr_id = { template = "{id:>900000000}" }', ">900000000"),
            ("%d.%m.%Y", "%Q", "%Q"),
            ('currency = "EUR"\ngroup', 'currency = "ZZZ"\ngroup', "ZZZ"),
            ('currency = "EUR"\ngroup', 'currency = "EUR"\ncommission_rate = "1.5"\ngroup', "1.5"),
        ],
    )
    def test_that_cannot_work_is_refused_before_any_row(self, old, new, told):
        assert old in PROFILE

        with pytest.raises(UnusableProfile, match=told.replace("(", r"\(")):
            parse_profile(PROFILE.replace(old, new).encode(), name="wrong")

    @pytest.mark.parametrize("code", ["V601", "V999"])
    def test_may_not_override_what_is_fixed_or_unknown(self, code):
        override = f'overrides = [{{code="{code}", severity="WARN", reason="because we can"}}]\n'

        with pytest.raises(UnusableProfile, match=code):
            parse_profile(PROFILE.replace("group =", override + "group =").encode(), name="wrong")

    def test_is_text(self):
        with pytest.raises(UnusableProfile):
            parse_profile(b"title = '\xff'", name="wrong")

    def test_names_its_templates_columns(self):
        text = PROFILE.replace('sdr_id = "id"', 'sdr_id = { template = "{id}-{plug}" }')

        assert "plug" in parse_profile(text.encode(), name="good").columns()
