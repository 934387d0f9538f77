"""Documents: the annex against a WeasyPrint table of the same rows, and what pages cost.

One window of ``sizes.annexed`` records of one seller. The annex is made as at a download, query
included; the table is what one would write instead. Pages are measured in processor time, with the
annex already made, because it is streamed into the PDF; memory is the peak above what was held.
"""

import csv
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.utils import timezone
from msgspec.structs import replace
from rich.console import Console
from rich.table import Table

from billing.documents import statement_pdf
from billing.documents.content import from_json
from billing.documents.invoice_pdf import render_invoice
from billing.documents.pdf import pdf_of
from billing.models import ClearingWindow, Document
from billing.services import statements
from billing.services.annex_files import MEDIA_TYPES, make_annex
from billing.services.clearing import clear_group
from billing.services.closing import close_window
from billing.services.windows import ensure_windows
from partners.models import ApiClient
from tests.benchmarks import raw_copy, world
from tests.benchmarks.processor_time import cost_of
from tests.benchmarks.sizes import Sizes
from tests.billing.invoice_samples import invoice, line
from tests.samples import statement as sample

ANNEX = {kind: f"annex as {kind.upper()}" for kind in MEDIA_TYPES}
WEASYPRINT = "WeasyPrint table of the same rows"
GOAL_PAGES_S = 0.5
ROUNDS_OF_PAGES = 5

# A process's first document loads the library and its fonts.
FIRST = """
import os, time, django
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clearinghouse.settings")
django.setup()
from tests.samples.statement import statement_pdf
started = time.process_time()
statement_pdf("de")
print(time.process_time() - started)
"""


def measure(measured: Any, database, sizes: Sizes, take_in: Callable) -> None:
    if not ApiClient.objects.filter(name="bench").exists():
        world.build()
    few = _statement(0, sizes.warm_up, take_in, database)
    many = _statement(1, sizes.annexed, take_in, database)
    postmaster = raw_copy.postmaster_of(database)
    for number in range(sizes.rounds + 1):
        document = many if number else few
        for kind, variant in ANNEX.items():
            cost = cost_of(
                lambda kind=kind, document=document: make_annex(document, kind).close(),
                python=[os.getpid()],
                postmaster=postmaster,
            )
            measured.add(variant, cost, from_json(document.content).annex.rows)
        rows = _rows(document, sizes.tabled)
        cost = cost_of(lambda rows=rows: _table(rows), python=[os.getpid()], postmaster=postmaster)
        measured.add(WEASYPRINT, cost, len(rows) - 1)
    _show(few, many, sizes)


def _statement(number: int, count: int, take_in: Callable, database) -> Document:
    """The seller's statement over ``count`` records of a group of its own."""
    group, buyers = world.group_of_round(90 + number)
    ensure_windows(group, now=timezone.now())
    take_in(count, prefix=f"DOC{number}", buyers=buyers)
    database.execute("ANALYZE")  # in production autovacuum does
    clear_group(group, run_key=f"documents {number}", now=timezone.now())
    database.execute("ANALYZE")
    window = ClearingWindow.objects.filter(cleared__isnull=False, group=group).distinct().get()
    closing = close_window(window, now=window.closes_at)
    documents = closing.settlement.documents.select_related("settlement")
    return max(documents, key=lambda one: one.content["annex"]["rows"])


def _rows(document: Document, count: int) -> list[list[str]]:
    with make_annex(document, "csv") as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        rows = list(csv.reader(text, delimiter=";"))
    return rows[: count + 1]


def _table(rows: list[list[str]]) -> bytes:
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    style = "<style>td { font-size: 3pt }</style>"
    page = f"<html lang=en><title>records</title>{style}<table>{body}</table>"
    return pdf_of(page, style_sheets=["paper.css"], at=timezone.now())


def _show(few: Document, many: Document, sizes: Sizes) -> None:
    """Processor seconds and peak memory of whole documents; WARN above the goal."""
    table = Table("document", "CPU s", "peak MiB more", title="Documents")
    console = Console(width=100)
    invoiced = invoice(lines=[line(100 + number) for number in range(sizes.invoice_lines)])
    german = "German statement of three pages with every section"
    works = {
        german: lambda: sample.statement_pdf("de"),
        f"statement over {few.content['annex']['rows']:,} SDRs": _pages(few),
        (name := f"statement over {many.content['annex']['rows']:,} SDRs"): _pages(many),
        f"the same with its annex inside, {many.content['annex']['rows']:,} SDRs": (
            lambda: statements._render(many)
        ),
        f"invoice of {sizes.invoice_lines:,} lines": lambda: render_invoice(invoiced, cii=b"<x/>"),
    }
    for one in (few, many):
        for kind in MEDIA_TYPES:
            rows = one.content["annex"]["rows"]
            works[f"{kind.upper()} of {rows:,} SDRs"] = lambda one=one, kind=kind: make_annex(
                one, kind
            ).close()
    for what, work in works.items():
        seconds, peak_mib = _best(work, rounds=ROUNDS_OF_PAGES if "statement" in what else 2)
        table.add_row(what, f"{seconds:.2f}", f"{peak_mib:.0f}")
        if what in (name, german) and seconds > GOAL_PAGES_S:
            console.print(f"WARN  {what}: {seconds:.2f} s for its pages, goal ≤ {GOAL_PAGES_S} s")
    table.add_row("the German statement as the first of a process", f"{_first():.2f}", "")
    console.print(table)


def _first() -> float:
    """Processor seconds of a new process for its first statement, its imports left out."""
    told = subprocess.run([sys.executable, "-c", FIRST], check=True, capture_output=True, text=True)
    return float(told.stdout)


def _pages(document: Document) -> Callable[[], bytes]:
    content = from_json(document.content)
    return lambda: statement_pdf.render_statement(replace(content, number=content.number))


def _best(work: Callable[[], object], *, rounds: int) -> tuple[float, float]:
    """Least processor seconds; most memory above what was held, the first round left out."""
    found = []
    for _ in range(rounds):
        # 5 sets the peak back to what is held now (proc(5)).
        Path("/proc/self/clear_refs").write_text("5")
        held = _status("VmRSS")
        started = time.process_time()
        work()
        found.append((time.process_time() - started, (_status("VmHWM") - held) / 1024))
    return min(seconds for seconds, _ in found), max(peak for _, peak in found[1:])


def _status(name: str) -> int:
    """KiB of a line of this process's status."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(one for one in lines if one.startswith(name)).split()[1])
