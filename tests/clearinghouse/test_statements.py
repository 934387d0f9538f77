"""Statements whose parameters travel apart, and that a connection prepares once."""

from pathlib import Path

import pytest
from django.db import DataError, connection

from clearinghouse.statements import run_bound

pytestmark = pytest.mark.django_db


@pytest.fixture
def doubled(tmp_path: Path) -> Path:
    path = tmp_path / "doubled.sql"
    path.write_text("-- Twice a number.\nSELECT %(number)s::int * 2, %(names)s::text[]\n")
    return path


def prepared() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '-- Twice a number%'"
        )
        return cursor.fetchone()[0]


def test_is_prepared_once_and_counted_each_time(doubled, django_assert_num_queries):
    with django_assert_num_queries(3):
        rows = [
            run_bound(doubled, {"number": n, "names": ["a"] * n}, is_prepared=True)
            for n in range(3)
        ]

    assert rows == [[(n * 2, ["a"] * n)] for n in range(3)]
    assert prepared() == 1


def test_is_not_prepared_unless_it_is_asked_for(doubled):
    for number in range(3):
        run_bound(doubled, {"number": number, "names": []})

    assert prepared() == 0


def test_fails_as_other_statements_do(doubled):
    with pytest.raises(DataError):
        run_bound(doubled, {"number": "one", "names": []})


def test_without_rows_returns_none(tmp_path):
    path = tmp_path / "nothing.sql"
    path.write_text("DELETE FROM partners_party WHERE name = %(name)s")

    assert run_bound(path, {"name": "nobody"}) == []
