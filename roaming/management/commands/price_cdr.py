"""``manage.py price_cdr CDR.json``: what an OCPI record costs under its tariff. No database."""

import json
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from clearinghouse.money import from_minor_units
from roaming.rules.rating.compiled import BUCKETS, Compiled
from roaming.rules.rating.figures import plain_text_of
from roaming.rules.rating.ocpi_cdr import Record, read_record, tariff_of
from roaming.rules.rating.price import Priced, price
from roaming.rules.rating.refusals import Refused
from roaming.rules.rating.restriction_checks import shadowed
from roaming.rules.rating.tariff import Tariff
from roaming.rules.rating.trace import Line, bucket_sums, trace

_USAGE = 2
_COLUMNS = ("component", "element", "quantity", "unit", "price", "excl_vat", "incl_vat")
_FIGURES = ("quantity", "price", "excl_vat", "incl_vat")
_WIDTH = 120


class Command(BaseCommand):
    help = "Price an OCPI charge detail record (2.1.1 or 2.2.1) and show how."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("cdr", type=Path, metavar="CDR.json")
        parser.add_argument(
            "--tariff",
            type=Path,
            metavar="TARIFF.json",
            help="instead of the tariff that the record carries",
        )
        parser.add_argument(
            "--time-zone",
            metavar="TZ",
            help="of the location, as Europe/Amsterdam; else as the record says, else UTC",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *, cdr: Path, tariff: Path | None, time_zone: str | None, **options):
        """Exit 1: the record or its tariff cannot be priced; 2: the command was called wrongly."""
        given = None if tariff is None else _read(tariff)
        try:
            record = read_record(_read(cdr))
            applied = tariff_of(record, given)
            zone = _zone(time_zone or record.time_zone or "UTC")
            priced = price(record.usage, Compiled(applied, zone))
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        is_told = bool(time_zone or record.time_zone)
        for remark in _remarks(record, applied, priced, zone_is_told=is_told):
            self.stderr.write(remark)
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(priced), ensure_ascii=False))
        else:
            _print(Console(file=sys.stdout, width=_WIDTH), priced)


def _read(path: Path) -> object:
    """A JSON file with decimals as they are written; an OCPI answer around it is taken off."""
    try:
        value = json.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}", returncode=_USAGE) from error
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{path} is not JSON: {error}", returncode=_USAGE) from error
    is_answer = isinstance(value, dict) and {"status_code", "data"} <= value.keys()
    return value["data"] if is_answer else value


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CommandError(
            f"there is no time zone {name!r}; name one as Europe/Amsterdam", returncode=_USAGE
        ) from error


def _remarks(record: Record, tariff: Tariff, priced: Priced, *, zone_is_told: bool) -> list[str]:
    """What does not stop the pricing, and yet should be known."""
    found = []
    asks_clock = any(element.restrictions.is_of_the_calendar for element in tariff.elements)
    if asks_clock and not zone_is_told:
        found.append(
            "The record tells no time zone: local times of the tariff were read as UTC. "
            "Give the location's with --time-zone."
        )
    if not tariff.is_valid_at(record.started_at):
        found.append(f"The tariff {tariff.tariff_id!r} was not valid when the session started.")
    if priced.straddling:
        found.append(
            f"The price changed inside {priced.straddling} charging period(s): "
            "energy and time were shared out by the clock."
        )
    found += [f"An element ahead hides {component}." for component in shadowed(tariff)]
    return found


def _as_json(priced: Priced) -> dict[str, object]:
    total = {
        "excl_vat": str(from_minor_units(priced.excl_minor, currency=priced.currency)),
        "incl_vat": str(from_minor_units(priced.incl_minor, currency=priced.currency)),
    }
    sums = bucket_sums(priced)
    buckets: Mapping[str, object] = {
        name: {"excl_vat": plain_text_of(sums[name][0]), "incl_vat": plain_text_of(sums[name][1])}
        for name in BUCKETS
    }
    return {"currency": priced.currency, "total": total, **buckets, "trace": trace(priced)}


def _print(console: Console, priced: Priced) -> None:
    table = Table()
    for name in _COLUMNS:
        table.add_column(name.replace("_", " "), justify="right" if name in _FIGURES else "left")
    table.add_column("because")
    for line in trace(priced):
        table.add_row(*(_cell(line, name) for name in _COLUMNS), str(line["because"]))
    console.print(table)
    excl, incl = (
        from_minor_units(minor, currency=priced.currency)
        for minor in (priced.excl_minor, priced.incl_minor)
    )
    console.print(f"{excl} {priced.currency} without VAT, {incl} {priced.currency} with VAT")


def _cell(line: Line, name: str) -> str:
    value = line[name]
    return "" if value is None else str(value)
