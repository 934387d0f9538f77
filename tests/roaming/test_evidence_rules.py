"""Files are judged by what they are; names cannot lead anywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roaming.rules.evidence import (
    ENDINGS,
    LONGEST_NAME,
    EvidenceRefused,
    check_file,
    clean_name,
)
from tests.roaming.evidence_files import HOSTILE, TRUE, pdf

LIMIT = 1_000_000


@pytest.mark.parametrize(("name", "content", "media_type"), TRUE)
def test_each_kind_is_known_by_its_content(name, content, media_type):
    file = check_file(name, content, limit_bytes=LIMIT)

    assert (file.file_name, file.media_type) == (name, media_type)


@pytest.mark.parametrize(("name", "content", "code"), HOSTILE)
def test_what_is_hostile_is_refused_with_its_code(name, content, code):
    with pytest.raises(EvidenceRefused) as refused:
        check_file(name, content, limit_bytes=LIMIT)

    assert refused.value.code == code


def test_what_is_too_large_is_refused():
    with pytest.raises(EvidenceRefused) as refused:
        check_file("a.pdf", pdf(), limit_bytes=len(pdf()) - 1)

    assert refused.value.code == "FILE_TOO_LARGE"


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Windows\\evil.pdf", "evil.pdf"),
        ("/abs.pdf", "abs.pdf"),
        (".hidden.pdf", "hidden.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie_x.pdf"),
        ('a";filename="b.pdf', "a_filename=_b.pdf"),
        ("a\x00.pdf", "a.pdf"),
        ("con.pdf", "_con.pdf"),
        ("Zählerstand Mär.pdf", "Zählerstand_Mär.pdf"),
        ("x" * 500 + ".pdf", "x" * 116 + ".pdf"),
        ("", "evidence.pdf"),
        ("../..", "evidence.pdf"),
    ],
)
def test_names_are_cleaned(given_name, kept):
    assert check_file(given_name, pdf(), limit_bytes=LIMIT).file_name == kept


@given(st.text(max_size=400))
def test_no_name_leads_anywhere(name):
    kept = clean_name(name)

    assert len(kept) <= LONGEST_NAME
    assert not set(kept) & set('/\\\0\r\n"<>:|?*;%')
    assert not kept.startswith(".")
    assert clean_name(kept) == kept


@given(st.binary(max_size=300), st.sampled_from(["a.pdf", "a.json", "a.csv", "a.png"]))
def test_any_bytes_are_taken_under_a_fitting_name_or_refused_with_a_code(content, name):
    codes = set()
    try:
        file = check_file(name, content, limit_bytes=LIMIT)
    except EvidenceRefused as refused:
        codes = {refused.code[:5]}
    else:
        assert file.file_name.endswith(ENDINGS[file.media_type])
    assert codes <= {"FILE_"}
