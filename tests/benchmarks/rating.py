"""``python -m tests.benchmarks.rating``: records priced per second and core. No database.

Processor time, garbage collection as in a job that keeps nothing of what it has written. Sessions
lie in memory as the integers of ``Usage``; the last line also builds them from an OCPI record.
"""

import gc
import gzip
import json
import random
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from roaming.rules.rating.compiled import Compiled
from roaming.rules.rating.ocpi_cdr import read_record
from roaming.rules.rating.ocpi_tariff import read_tariff
from roaming.rules.rating.price import price
from roaming.rules.rating.refusals import TariffUnusable
from roaming.rules.rating.usage import Stretch, Usage, microseconds
from tests.roaming.rating_sessions import (
    a_record,
    a_tariff,
    element,
    energy,
    flat,
    parking,
    period,
)
from tests.roaming.rating_sessions import (
    time as time_price,
)

GOAL = 80_000
ROUNDS = 7
RECORDS = 20_000
ZONE = ZoneInfo("Europe/Amsterdam")
DUTCH = Path(__file__).resolve().parents[3] / "shared/data/ocpi-ndw-nl-2026-06/tariffs.json.gz"
_FIRST = microseconds(datetime(2026, 6, 5, tzinfo=UTC))
_SECOND_US = 10**6

SIMPLE = a_tariff(element(flat("0.75", "21"), time_price("0"), energy("0.56", "21")))
WITH_PARKING = a_tariff(
    element(flat("0.50", "21"), energy("0.45", "21"), parking("2", "21", 900)),
)
DAY_AND_NIGHT = a_tariff(
    element(energy("0.35", "21"), start_time="07:00", end_time="21:00"),
    element(energy("0.25", "21")),
)
HOURLY = a_tariff(
    *(
        element(
            energy(f"0.{30 + hour}", "21"),
            start_time=f"{hour:02}:00",
            end_time=f"{(hour + 1) % 24:02}:00",
        )
        for hour in range(24)
    )
)

Pair = tuple[Usage, Compiled]


def session(chance: random.Random, *, periods: int) -> Usage:
    at = _FIRST + chance.randrange(3 * 86_400) * _SECOND_US
    stretches = []
    for _ in range(periods):
        seconds = chance.randint(300, 3_600)
        until = at + seconds * _SECOND_US
        kwh = chance.randrange(20_000_000)
        stretches.append(Stretch(at, until, kwh, seconds * _SECOND_US // 3600))
        at = until
    return Usage(stretches=tuple(stretches))


def pairs_of(tariffs: Iterable[dict], *, periods: int) -> list[Pair]:
    chance = random.Random(1)
    compiled = []
    for told in tariffs:
        try:
            compiled.append(Compiled(read_tariff(told), ZONE))
        except TariffUnusable:
            continue
    return [
        (session(chance, periods=periods), compiled[index % len(compiled)])
        for index in range(RECORDS)
    ]


def price_all(pairs: list[Pair]) -> None:
    for usage, compiled in pairs:
        price(usage, compiled)


def read_and_price(told: list[dict], compiled: Compiled) -> None:
    for record in told:
        price(read_record(record).usage, compiled)


def per_second(work: Callable[[], None], records: int) -> int:
    """That of the best round: what else the machine does can only slow a round down."""
    rates = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        rates.append(records / (time.process_time() - started))
    return round(max(rates))


def measured() -> dict[str, int]:
    variants = {
        "start fee, time and kWh, 1 period": pairs_of([SIMPLE], periods=1),
        "start fee, kWh and parking, 4 periods": pairs_of([WITH_PARKING], periods=4),
        "day and night, 1 period": pairs_of([DAY_AND_NIGHT], periods=1),
        "a price per hour, 1 period, not cut by its seller": pairs_of([HOURLY], periods=1),
    }
    if DUTCH.is_file():
        with gzip.open(DUTCH) as packed:
            tariffs = json.loads(packed.read(), parse_float=Decimal)
        random.Random(2).shuffle(tariffs)
        variants["the mix of Dutch tariffs, 1 period"] = pairs_of(tariffs, periods=1)
        variants["the mix of Dutch tariffs, 3 periods"] = pairs_of(tariffs, periods=3)
    told = [a_record("2026-06-05", period(60, kwh=20, charging=60)) for _ in range(RECORDS // 10)]
    simple = Compiled(read_tariff(SIMPLE), ZONE)
    gc.collect()
    gc.freeze()
    found = {
        name: per_second(lambda pairs=pairs: price_all(pairs), len(pairs))
        for name, pairs in variants.items()
    }
    found["start fee, time and kWh, read from an OCPI record"] = per_second(
        lambda: read_and_price(told, simple), len(told)
    )
    gc.unfreeze()
    return found


def main() -> None:
    table = Table("rating", "records/s/core", f"goal {GOAL:,}")
    for name, rate in measured().items():
        table.add_row(name, f"{rate:,}", "" if rate >= GOAL else "WARN")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
