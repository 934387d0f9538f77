"""The samples under ``docs/samples`` are those that ``python -m tests.samples`` writes."""

import io

import pypdf
import pytest

from billing.documents.languages import LANGUAGES
from tests.own_house import ROOT
from tests.samples.__main__ import main
from tests.samples.kinds import KINDS

SAMPLES = ROOT / "docs" / "samples"


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def test_are_one_of_each_kind_in_each_language():
    kept = {path.name for path in SAMPLES.iterdir()}

    wanted = {f"{name}.{language}.pdf" for name in KINDS for language in LANGUAGES}
    assert kept == wanted | {"README.md"}
    assert max(path.stat().st_size for path in SAMPLES.iterdir()) < 150_000


@pytest.mark.parametrize("name", sorted(KINDS))
def test_say_what_is_rendered_now(name):
    """Who changes a page or a text writes the samples anew."""
    kept = (SAMPLES / f"{name}.en.pdf").read_bytes()

    assert text_of(KINDS[name][1]("en")) == text_of(kept)


@pytest.mark.long
def test_are_written_by_the_command(tmp_path):
    assert main(["--target", str(tmp_path)]) == 0

    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in SAMPLES.iterdir()}
    assert (tmp_path / "README.md").read_text() == (SAMPLES / "README.md").read_text()
