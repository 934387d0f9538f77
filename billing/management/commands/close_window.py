"""``manage.py close_window --currency CUR``: close, settle and render the oldest open window."""

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from billing.management import waiting
from billing.queries import PairRow
from billing.services.closing import Closing, NotClosable, close_window
from billing.services.statements import render_and_export
from clearinghouse.money import format_amount
from partners.models import Environment, SettlementGroup

_USAGE = 2


class Command(BaseCommand):
    help = "Close the oldest open window of a settlement group at once: clear, net, render."

    def add_arguments(self, parser):
        parser.add_argument("--currency", required=True, type=str.upper, help="ISO 4217, as EUR")
        parser.add_argument("--group", help="needed where several groups have the currency")
        parser.add_argument(
            "--environment", choices=Environment.values, default=Environment.LIVE.value
        )
        parser.add_argument("--dry-run", action="store_true", help="compute it and keep nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *, currency: str, dry_run: bool, **options):
        group = _group(currency, options["group"], options["environment"])
        try:
            closing = close_window(group, now=timezone.now(), dry_run=dry_run)
        except NotClosable as error:
            raise CommandError(str(error)) from error
        paths = {} if dry_run or closing is None else _render(closing)
        if options["json"]:
            report = _as_json(closing, currency=currency, paths=paths, dry_run=dry_run)
            if dry_run:
                report |= waiting.as_json(closing.waiting if closing else None)
            self.stdout.write(json.dumps(report, ensure_ascii=False))
        else:
            _print(Console(file=sys.stdout), closing, paths, group=group, dry_run=dry_run)


def _group(currency: str, name: str | None, environment: str) -> SettlementGroup:
    groups = SettlementGroup.objects.filter(environment=environment).order_by("name")
    fitting = list(groups.filter(currency=currency))
    if name:
        fitting = [group for group in fitting if group.name == name]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(f'"{group.name}"' for group in fitting)
        raise CommandError(
            f"several groups settle in {currency}: {names}. Name one with --group.",
            returncode=_USAGE,
        )
    named = f' called "{name}"' if name else ""
    known = ", ".join(f'"{group.name}" ({group.currency})' for group in groups) or "none"
    raise CommandError(
        f"no {environment} group{named} settles in {currency}. Known groups: {known}.",
        returncode=_USAGE,
    )


def _render(closing: Closing) -> dict[UUID, Path]:
    """Render the statements after the commit; by partner."""
    now = timezone.now()
    return {
        document.partner_id: render_and_export(document, now=now) for document in closing.documents
    }


def _as_json(
    closing: Closing | None, *, currency: str, paths: Mapping[UUID, Path], dry_run: bool
) -> dict[str, object]:
    if closing is None:
        lists: dict[str, object] = {
            name: [] for name in ("positions", "pairs", "differences", "blocked")
        }
        return {"window": None, "currency": currency, **lists}
    window = closing.window
    return {
        "window": {
            "id": str(window.pk),
            "opened_at": _iso(window.opened_at),
            "closed_at": None if dry_run else _iso(window.closed_at),
        },
        "currency": currency,
        "positions": [
            {
                "partner": position.partner.name,
                "receivable_minor": position.receivable_minor,
                "payable_minor": position.payable_minor,
                "fees_minor": position.fees_minor,
                "net_minor": position.net_minor,
                "statement_path": str(path) if (path := paths.get(position.partner_id)) else None,
            }
            for position in closing.positions
        ],
        "pairs": [_pair_as_json(pair) for pair in closing.pairs],
        "differences": closing.settlement.preview["pairs"],
        "blocked": closing.settlement.preview["blocked"],
    }


def _pair_as_json(pair: PairRow) -> dict[str, object]:
    return {
        "cso": pair.cso,
        "cso_id": pair.cso_id,
        "csp": pair.csp,
        "csp_id": pair.csp_id,
        "sdrs": pair.sdrs,
        "billed_sdrs": pair.billed_sdrs,
        "energy_kwh": _plain(pair.energy_kwh),
        "energy_kwh_all": _plain(pair.energy_kwh_all),
        "gross_minor": pair.claim_minor,
        "payout_minor": pair.payout_minor,
    }


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


def _plain(number: Decimal) -> str:
    """``16874.153``: no exponent, no trailing zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _print(
    console: Console,
    closing: Closing | None,
    paths: Mapping[UUID, Path],
    *,
    group: SettlementGroup,
    dry_run: bool,
) -> None:
    if closing is None:
        console.print(f"{group.name}: nothing to close.")
        return
    window = closing.window
    console.print(
        f"{group.name}: window {window.supply_starts_at:%Y-%m-%d %H:%M}Z to"
        f" {window.supply_ends_at:%Y-%m-%d %H:%M}Z"
        + (" would be closed; nothing was kept." if dry_run else " is closed.")
    )
    console.print(_pairs_table(closing, group.currency))
    console.print(_positions_table(closing, group.currency, paths))
    if closing.waiting:
        console.print(*waiting.as_tables(closing.waiting, currency=group.currency))
    for folder in sorted({path.parent for path in paths.values()}):
        console.print(f"The statements lie in {folder}", soft_wrap=True)


def _pairs_table(closing: Closing, currency: str) -> Table:
    title = f"Pairs, {currency}"
    table = Table("seller", "buyer", "SDRs", "billed", "kWh", "claim", "payout", title=title)
    for column in table.columns[2:]:
        column.justify = "right"
    for pair in closing.pairs:
        table.add_row(
            f"{pair.cso} {pair.cso_id}",
            f"{pair.csp} {pair.csp_id}",
            f"{pair.sdrs:,}",
            f"{pair.billed_sdrs:,}",
            f"{pair.energy_kwh:,.3f}",
            _figure(pair.claim_minor, currency),
            _figure(pair.payout_minor, currency),
        )
    return table


def _positions_table(closing: Closing, currency: str, paths: Mapping[UUID, Path]) -> Table:
    title = f"Positions, {currency}"
    table = Table("partner", "receivable", "payable", "fees", "net", "statement", title=title)
    for column in table.columns[1:5]:
        column.justify = "right"
    for position in closing.positions:
        figures = (
            position.receivable_minor,
            position.payable_minor,
            position.fees_minor,
            position.net_minor,
        )
        table.add_row(
            position.partner.name,
            *(_figure(minor, currency) for minor in figures),
            path.name if (path := paths.get(position.partner_id)) else "",
        )
    return table


def _figure(minor: int, currency: str) -> str:
    """``1,234.50``: the table's title names the currency."""
    return format_amount(minor, currency).removesuffix(f" {currency}")
