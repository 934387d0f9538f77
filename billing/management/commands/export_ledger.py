"""``manage.py export_ledger FILE``: every sealed posting with its hashes, for an auditor."""

from collections.abc import Iterator
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from clearinghouse.statements import load_statement

_SQL = Path(__file__).resolve().parent.parent.parent / "sql" / "ledger_rows.sql"
_AT_ONCE = 5_000


class Command(BaseCommand):
    help = "Write every sealed posting; docs/audit/verify_books.py proves the file without us."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **options):
        if file.exists():
            raise CommandError(f"{file} is there already: it is not overwritten.")
        count = 0
        with file.open("x", encoding="utf-8", newline="") as target:
            for row in _rows():
                target.write("\t".join(map(str, row)) + "\n")
                count += 1
        self.stdout.write(f"{count:,} postings are in {file}.")


def _rows() -> Iterator[tuple]:
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(load_statement(_SQL), {"after": after, "limit": _AT_ONCE})
            rows = cursor.fetchall()
        yield from rows
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1][0]
