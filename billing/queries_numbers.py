"""Is a number of a document missing? Asked of every series, each night and whenever one wants."""

from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from clearinghouse.statements import load_statement

_SQL = Path(__file__).resolve().parent / "sql"


@dataclass(frozen=True, slots=True)
class SeriesReport:
    """A series of numbers: which were given and stand on no document, and how many beyond it."""

    series: str
    year: int
    environment: str
    last_number: int
    missing: list[str]
    unexpected: int

    @property
    def is_gapless(self) -> bool:
        return not self.missing and not self.unexpected


def series_reports() -> list[SeriesReport]:
    """Every series of statements and invoices, with its gaps."""
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL / "number_gaps.sql"), {})
        return [SeriesReport(*row) for row in cursor.fetchall()]
