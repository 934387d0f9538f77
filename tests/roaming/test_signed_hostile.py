"""Evidence that means harm gets a verdict soon, by itself and through the intake; the command."""

import json
import os
import subprocess
import sys
import time
from io import StringIO
from itertools import pairwise

import pytest
from django.conf import settings as settings_of_django
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from roaming.intake.structure import read_element
from roaming.models import RawRecord, SdrState, SignedValue
from roaming.rules.signed import read_signed_data
from tests.makers import AgreementMaker, numbered_record, submission, take_submissions
from tests.roaming.rule_cases.case import meter_key
from tests.roaming.signed_values import KEY, PAYLOAD, PRIVATE, der_of, ocmf, safe_xml, signed

DEEP = 100_000
HOSTILE = {
    "nothing": "",
    "junk": "x" * 1_000_000,
    "hex junk": "f" * 1_000_001,
    "too large": "x" * 2_000_001,
    "entity bomb": '<!DOCTYPE a [<!ENTITY x "xx"><!ENTITY y "&x;&x;">]><values>&y;</values>',
    "outside entity": '<!DOCTYPE a SYSTEM "file:///etc/passwd"><values/>',
    "deep XML": "<a>" * DEEP + "</a>" * DEEP,
    "deep values": "<value>" * DEEP + "</value>" * DEEP,
    "deep JSON": "[" * DEEP + "]" * DEEP,
    "half JSON": '{"a":' * DEEP,
    "deep payload": f'OCMF|{{"a":{"[" * DEEP}{"]" * DEEP}}}|{{"SD":"00"}}',
    "a number without end": f'OCMF|{{"RD":[{{"RV":{"9" * 1_000_000},"RU":"kWh"}}]}}|{{}}',
    "half records": "OCMF|{" * 100_000,
    "empty readings": f'OCMF|{{"RD":[{"{}," * 300_000}{{}}]}}|{{"SD":"00"}}',
    "half Alfen": "AP;0;3;" + "A" * 1_000_000,
    "many Alfen": "AP;0;3;" * 100_000,
    "lone surrogate": "<values>\ud800</values>",
    "lone surrogate in a record": 'OCMF|{"ID":"\ud800","RD":[]}|{"SD":"00"}',
    "NUL": "\x00",
    "unknown encoding": '<?xml version="1.0" encoding="nope"?><values><value/></values>',
}


# What a sender's export makes of good evidence.
EVIDENCE = HOSTILE | {
    "malformed DER": f'OCMF|{PAYLOAD}|{{"SD":"3006020101"}}',
    "DER of huge numbers": f'OCMF|{PAYLOAD}|{{"SD":"3082{"ff" * 4000}"}}',
    "bad base64": f'OCMF|{PAYLOAD}|{{"SD":"!!!=","SE":"base64"}}',
    "billion laughs": "<!DOCTYPE l [<!ENTITY a 'ha'>"
    + "".join(f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in pairwise("abcdefghi"))
    + "]><values><value><signedData>&i;</signedData></value></values>",
    "NUL in a record": f"OCMF|{PAYLOAD}\x00|{{}}",
    "a record cut short": signed()[:200],
}


class TestHostileEvidence:
    @pytest.mark.parametrize("text", EVIDENCE.values(), ids=EVIDENCE)
    def test_gets_a_verdict_soon(self, text):
        begun = time.monotonic()
        readings = read_signed_data(text, public_key=der_of(PRIVATE).hex())

        assert time.monotonic() - begun < 5
        assert {reading.verdict for reading in readings} <= {"invalid", "unsupported"}
        assert all(reading.reason for reading in readings)

    def test_may_not_bring_a_document_type(self):
        (reading,) = read_signed_data(HOSTILE["entity bomb"])

        assert "document type" in reading.reason

    @settings(max_examples=200, deadline=None)
    @given(content=st.binary(max_size=400), key=st.text(max_size=80))
    def test_of_any_bytes_never_raises(self, content, key):
        assert read_signed_data(content.decode("latin-1"), public_key=key)

    @settings(max_examples=200, deadline=None)
    @given(
        payload=st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["RD", "TM", "RV", "RU", "RI", "TX", "EF", "ST", "MS", "ID"]),
                    inner,
                )
            ),
            max_leaves=12,
        ),
        section=st.dictionaries(
            st.sampled_from(["SA", "SE", "SD"]), st.text(max_size=20) | st.none()
        ),
    )
    def test_in_the_shape_of_a_record_never_raises(self, payload, section):
        text = f"OCMF|{json.dumps(payload)}|{json.dumps(section)}"

        assert read_signed_data(text, public_key="04" + "ab" * 64)
        assert read_signed_data(safe_xml(json.dumps({"a": payload})))


class TestHostileEvidenceThroughTheIntake:
    """Each record gets a code and is kept with its verdict; the one after it is as good as ever."""

    @pytest.fixture(autouse=True)
    def agreement(self):
        AgreementMaker()
        meter_key(KEY)()

    @pytest.mark.django_db
    @pytest.mark.parametrize("name", [name for name in EVIDENCE if EVIDENCE[name]])
    def test_gets_a_code_and_blocks_nobody(self, name):
        bad = numbered_record(1, evse_id="DE*NLX*E1001*1", signed_data=EVIDENCE[name])
        good = numbered_record(2, signed_data=signed())

        told, after = take_submissions(read_element(json.dumps(bad).encode()), submission(good))

        assert {"V001", "V302", "V303"} & set(told.codes)
        assert (after.outcome, after.codes) == ("accepted", ["V308"])
        kept = SdrState.objects.filter(id=told.record_id)
        assert kept.exists() or told.state == "REJECTED"
        assert RawRecord.objects.filter(id=told.record_id).exists()
        if told.codes != ["V001"]:
            verdicts = SignedValue.objects.filter(record_id=told.record_id)
            assert set(verdicts.values_list("verdict", flat=True)) <= {"invalid", "unsupported"}
            assert verdicts.exists()


class TestTheCommand:
    def test_prints_a_line_per_value_and_forgives_invalid_ones(self, tmp_path):
        (tmp_path / "b").mkdir()
        (tmp_path / "b" / "two.xml").write_text(
            safe_xml(ocmf(PAYLOAD), "what?", key=der_of(PRIVATE).hex())
        )
        (tmp_path / "a.txt").write_bytes(ocmf(PAYLOAD).encode() + b"\xff")
        printed = StringIO()
        call_command("verify_signed_values", str(tmp_path), json=True, stdout=printed)

        rows = [json.loads(line) for line in printed.getvalue().splitlines()]
        assert [(row["file"], row["index"], row["verdict"]) for row in rows] == [
            ("a.txt", 0, "no_key"), ("b/two.xml", 0, "valid"), ("b/two.xml", 1, "unsupported"),
        ]  # fmt: skip
        assert rows[1] == {
            "file": "b/two.xml",
            "index": 0,
            "format": "OCMF",
            "verdict": "valid",
            "energy_kwh": "21.130",
            "reason": "the signature fits the key",
        }

    def test_takes_the_registered_key(self, tmp_path, capsys):
        (tmp_path / "a.txt").write_text(ocmf(PAYLOAD))
        call_command("verify_signed_values", tmp_path / "a.txt", public_key=der_of(PRIVATE).hex())

        assert "valid" in capsys.readouterr().out

    def test_fails_where_a_path_is_not_there(self, tmp_path):
        with pytest.raises(CommandError) as caught:
            call_command("verify_signed_values", str(tmp_path / "nope"))
        assert caught.value.returncode == 1

    @pytest.mark.long
    def test_starts_no_database(self, tmp_path):
        (tmp_path / "a.txt").write_text(ocmf(PAYLOAD))
        outside = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
        printed = subprocess.run(
            [sys.executable, "manage.py", "verify_signed_values", tmp_path / "a.txt", "--json"],
            cwd=settings_of_django.BASE_DIR,
            env=outside | {"CLEARINGHOUSE_VAR": str(tmp_path / "var")},
            capture_output=True,
            text=True,
            check=True,
        )

        assert json.loads(printed.stdout)["verdict"] == "no_key"
        assert not list((tmp_path / "var").glob("*/PG_VERSION"))
        assert not list((tmp_path / "var").rglob("postmaster.pid"))
