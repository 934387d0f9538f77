"""``manage.py simulate_rules``: what drafts, or the default rules, would do to past records."""

import json
import sys
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from partners.models import Environment, Partner, RoamingAgreement
from roaming.models import RuleOverride
from roaming.rules.effect import EFFECTS
from roaming.services.simulation import Selection, Simulated, simulate
from roaming.services.simulation_job import Wish


class Command(BaseCommand):
    help = (
        "Judge past records by drafts of rule overrides (--draft), or by the catalog's own limits"
        " (--default), with the facts of their intake. Writes nothing. Without either, the rules"
        " in force are judged against what intake stored."
    )

    def add_arguments(self, parser):
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--draft", action="append", default=[], help="id of a draft; repeatable")
        what.add_argument("--default", action="store_true", help="the catalog without overrides")
        parser.add_argument("--from", dest="from_date", help="received from this day on (UTC)")
        parser.add_argument("--until", dest="until_date", help="received before this day (UTC)")
        parser.add_argument("--sender", help="name of the partner that sent")
        parser.add_argument("--agreement", default="", help="number of an agreement")
        parser.add_argument("--environment", choices=Environment.values, default=Environment.LIVE)
        parser.add_argument("--examples", type=int, default=10, help="ids per code and effect")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, **options):
        wish = Wish(
            selection=_selection(options, now=timezone.now()),
            drafts=_drafts(options["draft"]),
            is_default=options["default"],
        )
        figures = _simulate(wish, examples=options["examples"])
        told = {"rule_set": wish.title, **figures.as_json()}
        self.stdout.write(json.dumps(told, indent=2) if options["json"] else _in_words(told))


def _selection(options: dict, *, now: datetime) -> Selection:
    number = options["agreement"]
    if number and not RoamingAgreement.objects.filter(number=number).exists():
        raise CommandError(f"there is no agreement {number}", returncode=2)
    sender = None
    if options["sender"]:
        sender = Partner.objects.filter(name=options["sender"]).first()
        if sender is None:
            raise CommandError(f"there is no partner {options['sender']}", returncode=2)
    tomorrow = now + timedelta(days=1)
    return Selection(
        from_at=_day(options["from_date"]) or datetime(2000, 1, 1, tzinfo=UTC),
        until_at=_day(options["until_date"]) or tomorrow,
        sender=sender,
        agreement_number=number,
        environment=options["environment"],
    )


def _day(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
    except ValueError as error:
        raise CommandError(f"{text!r} is no day like 2026-11-01", returncode=2) from error


def _drafts(ids: list[str]) -> tuple[RuleOverride, ...]:
    drafts = []
    for text in ids:
        try:
            drafts.append(RuleOverride.objects.get(pk=UUID(text), activated_at=None))
        except (ValueError, ValidationError, RuleOverride.DoesNotExist) as error:
            raise CommandError(f"there is no draft {text}", returncode=2) from error
    return tuple(drafts)


def _simulate(wish: Wish, *, examples: int) -> Simulated:
    """With a bar on standard error, so that standard output holds the answer alone."""
    figures = Simulated()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
    ) as progress:
        task = progress.add_task(wish.title, total=wish.selection.records().count())
        for figures in simulate(wish.rule_set, wish.selection, examples=examples):
            progress.update(task, completed=figures.seen)
    return figures


def _in_words(told: dict) -> str:
    lines = [f"{told['rule_set']}: {told['records']} records"]
    lines += [f"  {_sum(effect, told[effect])}" for effect in EFFECTS]
    if told["differing_from_intake"]:
        lines.append(
            f"  {told['differing_from_intake']} were judged otherwise at intake, of them"
            f" {told['other_rules_version']} by an older version of the rules"
        )
    if told["unreadable"]:
        lines.append(f"  {told['unreadable']} could not be read: erased, or their profile is gone")
    for code, one in told["codes"].items():
        weights = ", ".join(f"{n} {severity}" for severity, n in one["after"].items())
        lines.append(f"{code}: {weights or 'no finding'}")
        for effect in EFFECTS[:3]:
            if one[effect]["records"]:
                lines.append(f"  {_sum(effect, one[effect])}")
                lines.append(f"    e.g. {' '.join(one['examples'][effect])}")
    return "\n".join(lines)


def _sum(effect: str, one: dict) -> str:
    amounts = "".join(f", {amount} {currency}" for currency, amount in one["amounts"].items())
    name = effect.replace("_", " ")
    return f"{name}: {one['records']} records, {one['energy_kwh']} kWh{amounts}"
