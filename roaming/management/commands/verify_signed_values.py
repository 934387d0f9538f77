"""``manage.py verify_signed_values PATH…``: verdicts on files of signed meter data. No database."""

import json
from collections.abc import Iterator
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from roaming.rules.signed import SignedReading, read_signed_data

COLUMNS = ("file", "index", "format", "verdict", "energy_kwh", "reason")


class Command(BaseCommand):
    help = "Verify signed meter values in files, or in all files of folders."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("paths", type=Path, nargs="+", metavar="PATH")
        parser.add_argument(
            "--public-key",
            default="",
            metavar="HEX",
            help="the registered key (hex or base64), instead of the one in the file",
        )
        parser.add_argument("--json", action="store_true", help="print JSON Lines")

    def handle(self, *, paths: list[Path], public_key: str, **options):
        """An invalid value is an answer, not a failure; a path that is not there is one."""
        missing = [str(path) for path in paths if not path.exists()]
        if missing:
            raise CommandError(f"there is no {', no '.join(missing)}")
        rows = (row for path in paths for row in _rows_under(path, public_key))
        if options["json"]:
            for row in rows:
                self.stdout.write(json.dumps(row, ensure_ascii=False))
        else:
            _print_table(rows)


def _rows_under(path: Path, public_key: str) -> Iterator[dict[str, object]]:
    files = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
    for file in files:
        name = file.relative_to(path).as_posix() if path.is_dir() else file.name
        for index, reading in enumerate(read_signed_data(_text_of(file), public_key=public_key)):
            yield _row(name, index, reading)


def _text_of(file: Path) -> str:
    """Old containers are Latin-1; every byte is a letter there, so this never fails."""
    content = file.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _row(name: str, index: int, reading: SignedReading) -> dict[str, object]:
    energy = reading.energy_kwh
    return {
        "file": name,
        "index": index,
        "format": reading.format,
        "verdict": reading.verdict,
        "energy_kwh": None if energy is None else f"{energy:f}",
        "reason": reading.reason,
    }


def _print_table(rows: Iterator[dict[str, object]]) -> None:
    table = Table(*COLUMNS)
    for row in rows:
        table.add_row(*("" if row[name] is None else str(row[name]) for name in COLUMNS))
    Console().print(table)
