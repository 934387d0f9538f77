"""Published signed meter data: every verdict of its manifest, and the oracle's vectors."""

import csv
import json

import pytest
from django.conf import settings

from roaming.management.commands.verify_signed_values import _text_of
from roaming.rules.signed import read_signed_data

SHARED = settings.BASE_DIR.parent / "shared"
DATA = SHARED / "data" / "signed-meter-data"
VECTORS = SHARED / "reference" / "oracles" / "ocmf_vectors.json"
VERDICTS = {
    "valid": "valid",
    "INVALID": "invalid",
    "no-key": "no_key",
    "not checked": "unsupported",
}


@pytest.mark.skipif(
    not DATA.is_dir(), reason="../shared/data is absent: signed values are not in the repository"
)
def test_every_verdict_of_the_manifest_is_reproduced():
    with (DATA / "manifest.csv").open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["check"]]
    read = {name: read_signed_data(_text_of(DATA / name)) for name in {row["file"] for row in rows}}

    assert len(rows) == 300
    wrong = [
        (row["file"], row["value"], row["check"])
        for row in rows
        if read[row["file"]][int(row["value"])].verdict != VERDICTS[row["check"]]
    ]
    assert not wrong
    assert sum(map(len, read.values())) == len(rows)


@pytest.mark.skipif(
    not DATA.is_dir(), reason="../shared/data is absent: signed values are not in the repository"
)
def test_alfen_tells_the_energy_of_its_session():
    name = "chargy/Alfen/ALFEN-Testdatensatz-10_SAFEContainer.xml"
    begin, end = read_signed_data(_text_of(DATA / name))

    assert str(end.energy_kwh) == "11.078"
    assert (begin.transaction_begin, end.transaction_end) == (True, True)
    assert (begin.pagination, end.pagination) == ("43", "44")
    assert end.identification == "04654FFA595580"


@pytest.mark.skipif(
    not VECTORS.is_file(), reason="../shared/reference is absent: it is not in the repository"
)
def test_the_vectors_of_the_oracle_are_reproduced():
    for vector in json.loads(VECTORS.read_text(encoding="utf-8")):
        (told,) = read_signed_data(vector["ocmf"], public_key=vector["public_key_der_hex"])

        assert told.verdict == ("valid" if vector["valid"] else "invalid")
        assert str(told.energy_kwh) == vector["kwh"]
