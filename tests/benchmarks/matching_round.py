"""Matching against a row loop: the same records on both sides, one in a hundred off."""

import os
from datetime import UTC, datetime, timedelta

import msgspec
from django.utils import timezone

from clearinghouse.identifiers import parse_party_code
from partners.models import Party, RoamingAgreement
from roaming.intake.counter_structure import read_counter_record
from roaming.intake.structure import read_element
from roaming.services import counter_records, intake, matching
from roaming.services.intake import Origin
from tests import makers
from tests.benchmarks import orm_matching, raw_copy, world
from tests.benchmarks.processor_time import cost_of
from tests.benchmarks.sizes import Sizes

MATCHING, MATCHING_LOOP = "matching", "loop over the ORM, matching"
_OFF_EVERY = 100
_ORIGIN = Origin(door="API", actor="bench")
_SAID = (
    "csp_id cso_id service_session_id evse_id contract_id started_at ended_at energy_kwh currency"
).split()


def measure(measured, database, sizes: Sizes) -> None:
    """Each round has buyers and a day of its own: what was matched before is not read again."""
    looped = sizes.matched_by_loop
    for number in range(sizes.rounds + 1):
        _, buyers = world.group_of_round(number + 50)
        count = sizes.matched if number else sizes.warm_up
        day = _day(number)
        records = _records(count + looped, number, day, buyers)
        _take_in(records, buyers)
        database.execute("ANALYZE")  # in production autovacuum does
        _measure(measured, database, counts=(looped, count), number=number, day=day, buyers=buyers)


def _measure(
    measured, database, *, counts: tuple[int, int], number: int, day: datetime, buyers
) -> None:
    now = timezone.now()
    looped, count = counts
    agreements = RoamingAgreement.objects.filter(buyer__in=[_party(code) for code in buyers])

    def loop() -> int:
        return orm_matching.match_some(agreements, limit=looped, run_key=f"loop {number}", now=now)

    def statements() -> int:
        found = matching.match(
            from_at=day, until_at=day + timedelta(days=1), run_key=f"sql {number}", now=now
        )
        return sum(found.values())

    for variant, work, expected in (
        (MATCHING_LOOP, loop, looped),
        (MATCHING, statements, count),
    ):
        found: list[int] = []
        cost = cost_of(
            lambda work=work, found=found: found.append(work()),
            python=[os.getpid()],
            postmaster=raw_copy.postmaster_of(database),
        )
        assert found == [expected], (variant, found)
        measured.add(variant, cost, expected)


def _day(number: int) -> datetime:
    """Days of last month, so far apart that no round gathers another one's records."""
    last_month = timezone.now().replace(day=1) - timedelta(days=1)
    return datetime(last_month.year, last_month.month, 3 * number + 3, tzinfo=UTC)


def _records(count: int, number: int, day: datetime, buyers: tuple[str, str]) -> list[dict]:
    this_month = timezone.now().strftime("%Y-%m-01T")
    told = msgspec.json.encode(list(world.records(count, prefix=f"MAT{number}", buyers=buyers)))
    return msgspec.json.decode(told.replace(this_month.encode(), f"{day:%Y-%m-%dT}".encode()))


def _take_in(records: list[dict], buyers: tuple[str, str]) -> None:
    now = timezone.now()
    chunks = intake.take_in(
        map(read_element, map(msgspec.json.encode, records)),
        sender=world.client().partner,
        environment="LIVE",
        origin=_ORIGIN,
        received_at=now,
    )
    told = [outcome.outcome for chunk in chunks for outcome in chunk]
    assert told == ["accepted"] * len(records)
    for code in buyers:
        counters = [
            _counter(place, record)
            for place, record in enumerate(records)
            if record["csp_id"] == code
        ]
        taken = counter_records.take_in(
            map(read_counter_record, map(msgspec.json.encode, counters)),
            sender=makers.partner_of(_party(code)),
            environment="LIVE",
            origin=_ORIGIN,
            received_at=now,
        )
        assert {one.outcome for one in taken} == {"accepted"}


def _counter(place: int, record: dict) -> dict:
    said = {name: record[name] for name in _SAID}
    said |= {"counter_id": f"C-{record['sdr_id']}", "amount": record["total_amount"]}
    return said | ({"energy_kwh": "99"} if place % _OFF_EVERY == 0 else {})


def _party(code: str) -> Party:
    country, _, party_id = parse_party_code(code).normal.partition("*")
    return Party.objects.get(country_code=country, party_id=party_id, role="CSP")
