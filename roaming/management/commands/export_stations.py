"""``manage.py export_stations``: station data with the attributes that AFIR names."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from django.core.management.base import BaseCommand
from django.utils import timezone

from partners.models import Environment
from roaming.documents import station_files
from roaming.documents.station_files import Tally
from roaming.management.parties import cso_by_code
from roaming.protocols.ocpi import stations
from roaming.queries_stations import exported_locations


class Command(BaseCommand):
    help = (
        "Write static and dynamic data of the published stations, one row per connector, with"
        " ad-hoc prices. On stderr: what the operators did not tell."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", nargs="?", default="-", help="where to; - is stdout")
        parser.add_argument("--format", choices=("csv", "json"), default="csv")
        parser.add_argument("--environment", choices=Environment.values, default="LIVE")
        parser.add_argument("--cso", default="", help="of this one alone, e.g. DE*NLX")
        parser.add_argument("--country", default="", help="of this one alone, e.g. NL")

    def handle(self, *, file: str, format: str, environment: str, cso: str, country: str, **_):
        now, tally = timezone.now(), Tally()
        csos = [cso_by_code(cso, environment).pk] if cso else []
        found = exported_locations(environment=environment, csos=csos, country=country.upper())
        rows = station_files.tallied(stations.rows(found, now=now), tally)
        if format == "csv":
            lines = station_files.csv_file(rows)
        else:
            lines = station_files.json_file(rows, environment=environment, generated_at=now)
        with _opened(file, self.stdout) as target:
            for line in lines:
                target.write(line)
        self.stderr.write(_summary(tally))


@contextlib.contextmanager
def _opened(file: str, stdout) -> Iterator:
    if file == "-":
        # Django's wrapper adds a line's end to each piece.
        yield getattr(stdout, "_out", sys.stdout)
        return
    with Path(file).open("w", encoding="utf-8", newline="") as target:
        yield target


def _summary(tally: Tally) -> str:
    lines = [f"{tally.rows:,} connectors. Not told, by attribute:"]
    for name in station_files.COLUMNS:
        if missing := tally.lacking[name]:
            never = "  (no protocol has a field for it)" if name in station_files.NEVER_TOLD else ""
            lines.append(f"  {name:<24}{missing:>9,}{never}")
    return "\n".join(lines)
