"""The measuring itself: variants in turns, round by round; medians of the rounds' ratios."""

import json
import os
import platform
import statistics
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import msgspec
import psycopg
from django.db import connection, connections
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from billing.services.clearing import clear_group
from billing.services.windows import ensure_windows
from partners.models import SettlementGroup
from roaming.intake.structure import read_element
from roaming.models import IntakeBatch
from roaming.services.intake import CHUNK_RECORDS, Origin, take_in
from tests.benchmarks import (
    documents_round,
    matching_round,
    orm_clearing,
    posting_round,
    raw_copy,
    world,
)
from tests.benchmarks.documents_round import ANNEX, WEASYPRINT
from tests.benchmarks.matching_round import MATCHING, MATCHING_LOOP
from tests.benchmarks.posting_round import HORDAK, POSTING
from tests.benchmarks.processor_time import Cost, cost_of
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.web_server import BASELINE, OURS, WebServer, web_server

HTTP = {form: f"batch over HTTP ({form})" for form in ("JSON", "NDJSON")}
RAW_COPY = {form: f"raw COPY ({form})" for form in HTTP}
DRF = "DRF many=True + bulk_create"
CLEARING, LOOP = "clearing", "loop over the ORM"
NOTHING_NEW = "clearing with nothing new, per record cleared before"


class Comparison(NamedTuple):
    """How many times as quick as ``slow`` the ``quick`` variant is to be, by the clock."""

    name: str
    goal: float
    quick: str
    slow: str


COMPARISONS = [
    Comparison(
        "batch over HTTP (JSON) : raw COPY into the same tables",
        0.3,
        HTTP["JSON"],
        RAW_COPY["JSON"],
    ),
    Comparison(
        "batch over HTTP (NDJSON) : raw COPY into the same tables",
        0.3,
        HTTP["NDJSON"],
        RAW_COPY["NDJSON"],
    ),
    Comparison("batch over HTTP : DRF many=True + bulk_create", 20.0, HTTP["JSON"], DRF),
    Comparison("clearing : loop over the ORM", 100.0, CLEARING, LOOP),
    Comparison("matching : loop over the ORM", 50.0, MATCHING, MATCHING_LOOP),
    Comparison("ledger posting : django-hordak bulk_create", 8.0, POSTING, HORDAK),
    *(
        Comparison(f"{variant} : WeasyPrint table of the same rows", 8.0, variant, WEASYPRINT)
        for variant in ANNEX.values()
    ),
]


class Measurements:
    """Costs per record of each variant, one per round; the first round warms up and is left out."""

    def __init__(self) -> None:
        self.costs: dict[str, list[Cost]] = defaultdict(list)

    def add(self, variant: str, cost: Cost, records: int) -> None:
        self.costs[variant].append(Cost(*(part / records for part in cost)))

    def rounds(self, variant: str) -> list[Cost]:
        return self.costs[variant][1:]

    def ratio(self, quick: str, slow: str) -> list[float]:
        """How many records ``quick`` does in the time in which ``slow`` does one, per round."""
        pairs = zip(self.rounds(quick), self.rounds(slow), strict=True)
        return [other.wall_s / one.wall_s for one, other in pairs]


def measure_intake(measured: Measurements, sizes: Sizes) -> None:
    credentials = world.build()
    connections.close_all()
    raw_copy.make_clone(_owner_connection("postgres"), of=connection.settings_dict["NAME"])
    database, clone = _owner_connection(), _owner_connection(raw_copy.CLONE)
    with web_server() as server:
        server.log_in(credentials)
        for number in range(sizes.rounds + 1):
            for form in HTTP:
                _measure_batch(
                    measured, server, database, clone, form=form, number=number, count=sizes.batch
                )
            count = sizes.batch if number else sizes.warm_up
            _measure_baseline(measured, server, database, number=number, count=count)
    clone.close()
    database.close()


def _measure_batch(
    measured: Measurements,
    server: WebServer,
    database,
    clone,
    *,
    form: str,
    number: int,
    count: int,
) -> None:
    records = world.records(count, prefix=f"{form}{number}")
    body, media_type = _body_of(records, form)
    cost = cost_of(
        lambda: server.send(OURS, body, media_type=media_type, accepted=count),
        python=server.pids,
        postmaster=raw_copy.postmaster_of(database),
    )
    measured.add(HTTP[form], cost, count)
    batch_id = str(IntakeBatch.objects.order_by("-id").values_list("id", flat=True)[0])
    chunks = raw_copy.ready_chunks(database, batch_id, chunk_records=CHUNK_RECORDS, records=count)
    raw_copy.copy_batch_row(database, clone, batch_id)
    cost = cost_of(
        lambda: raw_copy.copy_chunks(clone, chunks),
        python=[os.getpid()],
        postmaster=raw_copy.postmaster_of(database),
    )
    measured.add(RAW_COPY[form], cost, count)


def _body_of(records, form: str) -> tuple[bytes, str]:
    if form == "JSON":
        return msgspec.json.encode(list(records)), "application/json"
    return b"\n".join(map(msgspec.json.encode, records)), "application/x-ndjson"


def _measure_baseline(
    measured: Measurements, server: WebServer, database, *, number: int, count: int
) -> None:
    body, media_type = _body_of(world.records(count, prefix=f"DRF{number}"), "JSON")
    cost = cost_of(
        lambda: server.send(BASELINE, body, media_type=media_type, accepted=count),
        python=server.pids,
        postmaster=raw_copy.postmaster_of(database),
    )
    measured.add(DRF, cost, count)


def measure_clearing(measured: Measurements, sizes: Sizes) -> None:
    looped = sizes.cleared_by_loop
    with _owner_connection() as database:
        for number in range(sizes.rounds + 1):
            group, buyers = world.group_of_round(number)
            ensure_windows(group, now=timezone.now())
            count = sizes.cleared if number else sizes.warm_up
            _take_in(count + looped, prefix=f"CLR{number}", buyers=buyers)
            database.execute("ANALYZE")  # in production autovacuum does
            _measure_clearing(measured, group, database, number=number, counts=(looped, count))


def measure_matching(measured: Measurements, sizes: Sizes) -> None:
    with _owner_connection() as database:
        matching_round.measure(measured, database, sizes)


def measure_posting(measured: Measurements, sizes: Sizes) -> None:
    with _owner_connection() as database:
        posting_round.measure(measured, database, sizes)


def measure_documents(measured: Measurements, sizes: Sizes) -> None:
    with _owner_connection() as database:
        documents_round.measure(measured, database, sizes, _take_in)


def _measure_clearing(
    measured: Measurements,
    group: SettlementGroup,
    database,
    *,
    number: int,
    counts: tuple[int, int],
) -> None:
    now = timezone.now()
    looped, count = counts

    def loop() -> int:
        return orm_clearing.clear_some(group, limit=looped, run_key=f"loop {number}", now=now)

    def statement() -> int:
        return clear_group(group, run_key=f"sql {number}", now=now).run.cleared

    def nothing_new() -> int:
        return clear_group(group, run_key=f"again {number}", now=now).run.cleared

    ways = (
        (LOOP, loop, looped, looped),
        (CLEARING, statement, count, count),
        (NOTHING_NEW, nothing_new, 0, count),
    )
    for variant, work, expected, records in ways:
        cleared: list[int] = []
        cost = cost_of(
            lambda work=work, cleared=cleared: cleared.append(work()),
            python=[os.getpid()],
            postmaster=raw_copy.postmaster_of(database),
        )
        assert cleared == [expected], variant
        measured.add(variant, cost, records)


def _take_in(count: int, *, prefix: str, buyers: tuple[str, str]) -> None:
    client = world.client()
    records = world.records(count, prefix=prefix, buyers=buyers)
    chunks = take_in(
        map(read_element, map(msgspec.json.encode, records)),
        sender=client.partner,
        environment=client.environment,
        origin=Origin(door="API", actor="bench", client=client),
        received_at=timezone.now(),
    )
    outcomes = [outcome.outcome for chunk in chunks for outcome in chunk]
    assert outcomes == ["accepted"] * count


def _owner_connection(name: str = "") -> psycopg.Connection:
    default = connection.settings_dict
    return psycopg.connect(
        dbname=name or default["NAME"],
        user="clearinghouse_owner",
        host=default["HOST"],
        autocommit=True,
    )


def ratios_of(measured: Measurements) -> dict[Comparison, float]:
    """The median over the rounds of each comparison whose two sides were measured."""
    return {
        one: round(statistics.median(measured.ratio(one.quick, one.slow)), 3)
        for one in COMPARISONS
        if one.quick in measured.costs
    }


def costs_of(measured: Measurements) -> dict[str, dict[str, float]]:
    return {
        variant: Cost(
            *(statistics.median(parts) for parts in zip(*measured.rounds(variant), strict=True))
        ).per_record(1)
        for variant in measured.costs
    }


def show(ratios: dict[Comparison, float], costs: dict[str, dict[str, float]]) -> None:
    console = Console(width=100)
    table = Table("ratio", "goal", "measured", title="Ratios (medians of rounds in turns)")
    for one, ratio in ratios.items():
        table.add_row(one.name, f"≥ {one.goal:g}", f"{ratio:g}")
    console.print(table)
    table = Table("per record", "µs by the clock", "Python CPU µs", "PostgreSQL CPU µs")
    for variant, cost in costs.items():
        table.add_row(variant, *(f"{value:,.1f}" for value in cost.values()))
    console.print(table)
    for one, ratio in ratios.items():
        if ratio < one.goal:
            console.print(f"WARN  {one.name} is {ratio:g}, below its goal of {one.goal:g}")


MEASURING = {
    "intake": measure_intake,
    "clearing": measure_clearing,
    "matching": measure_matching,
    "posting": measure_posting,
    "documents": measure_documents,
}


def run(target: Path, parts: Iterable[str], sizes: Sizes) -> None:
    """Measure ``parts``, in their order, and write what was found as JSON."""
    measured = Measurements()
    for part in parts:
        MEASURING[part](measured, sizes)
    ratios, costs = ratios_of(measured), costs_of(measured)
    show(ratios, costs)
    report = {
        "ratios": {one.name: ratio for one, ratio in ratios.items()},
        "goals": {one.name: one.goal for one in ratios},
        "per_record": costs,
        "sizes": asdict(sizes),
        "machine": {"python": platform.python_version(), "processors": os.cpu_count()},
    }
    target.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
