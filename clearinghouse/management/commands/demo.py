"""``manage.py demo``: records become settlement PDFs, from nothing, in a minute."""

import os
import sys
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from billing.models import Account, Document
from billing.services import clearing, sealing, statements
from clearinghouse.demo import books, cast, logins, offers, sessions, story
from clearinghouse.money import format_amount
from roaming.services import figures


class Command(BaseCommand):
    help = "Build the demo world: five partners, three months of sessions, two settlements."

    def handle(self, **options):
        if settings.PRODUCTION:
            raise CommandError("the demo world is not for production")
        world = cast.set_up(actor="demo")
        books.set_up_money(world)
        folder = Path(settings.VAR_DIR) / "demo"
        logins.ensure_logins(folder / "logins.json", world.partners)
        outcomes = _tell(world)
        clearing.clear_group(world.group, run_key="demo:last", now=timezone.now())
        offers.offer_other_terms(world, now=timezone.now())
        documents = _render(world, folder)
        sealing.seal(now=timezone.now())
        figures.prepare(now=timezone.now())
        _print_summary(world, outcomes, documents, folder)


def _tell(world: cast.World) -> Counter[str]:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=sys.stderr)) as progress:
        task = progress.add_task("three months of sessions", total=len(list(sessions.every_day())))
        return story.send_all(world, tick=lambda: progress.advance(task))


def _render(world: cast.World, folder: Path) -> list[Document]:
    """Write each statement's PDF beside the others, named by its number and partner."""
    folder.mkdir(parents=True, exist_ok=True)
    final = Document.objects.filter(kind=Document.Kind.STATEMENT)
    documents = list(
        final.filter(settlement__window__group=world.group)
        .select_related("partner", "settlement__window")
        .order_by("number")
    )
    for document in documents:
        stored = statements.render_document(document, now=timezone.now())
        part = folder / f"{document.number}.part"
        part.write_bytes(bytes(stored.content))
        os.replace(part, folder / f"{document.number} {document.partner.name}.pdf")
    return documents


def _print_summary(
    world: cast.World, outcomes: Counter[str], documents: list[Document], folder: Path
) -> None:
    console = Console(file=sys.stdout)
    words = ", ".join(f"{number} {word}" for word, number in sorted(outcomes.items()))
    console.print(f"{sum(outcomes.values())} records through the intake: {words}")
    table = Table("statement", "partner", "month", "position", title="Settlement statements")
    table.columns[-1].justify = "right"
    for document in documents:
        settlement = document.settlement
        if settlement is None:
            continue
        position = settlement.positions.get(partner=document.partner)
        month = settlement.window.supply_starts_at.astimezone(ZoneInfo(world.group.time_zone))
        table.add_row(
            document.number,
            document.partner.name,
            f"{month:%B %Y}",
            format_amount(position.net_minor, settlement.currency),
        )
    console.print(table)
    _print_books(console, world)
    console.print(f"{len(documents)} PDFs in {folder}")
    console.print("Next: [bold]make run[/bold] serves the site and prints the demo's logins.")


def _print_books(console: Console, world: cast.World) -> None:
    table = Table("account", "debits − credits", title="Trial balance")
    table.columns[-1].justify = "right"
    found = books.balances()
    for code, minor in found.items():
        table.add_row(Account.Code(code).label, format_amount(minor, world.group.currency))
    table.add_section()
    table.add_row("all", format_amount(sum(found.values()), world.group.currency))
    console.print(table)
    verdict = books.proof()
    word = "ok" if verdict.ok else f"BROKEN: {verdict.first_broken}"
    console.print(f"verify_ledger: {word}, {verdict.checked} seals, {verdict.unsealed} unsealed")
