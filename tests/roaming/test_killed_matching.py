"""``kill -9`` while sessions are matched or aged: the next run ends as one that nobody disturbed.

The process is stopped at a known place by a lock on the table that it writes next.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from urllib.parse import quote

import pytest
from django.db import connections, transaction

from roaming.models import (
    AgeingStep,
    Alert,
    Authorization,
    Delivery,
    Dispute,
    Erasure,
    Match,
    MatchingRun,
    RawRecord,
    SdrEvent,
    SdrState,
)
from roaming.services import ageing, deliveries, matching
from tests import makers
from tests.makers import NOON, later, numbered_record, take
from tests.own_house import ROOT, wait_until
from tests.roaming.test_matching import counter, send

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]
MATCH = """
from datetime import UTC, datetime
from roaming.services import matching
noon = datetime(2026, 11, 14, 12, tzinfo=UTC)
matching.match_and_dispute(
    from_at=datetime(2026, 11, 12, tzinfo=UTC), until_at=noon, run_key="one", now=noon
)
"""


def aged(day: int) -> str:
    return f"""
from datetime import UTC, datetime, timedelta
from roaming.services import ageing
ageing.age_one_sided(now=datetime(2026, 11, 14, 12, tzinfo=UTC) + timedelta(days={day}))
"""


@pytest.fixture
def world():
    """Six outcomes: equal, mismatch, repeated, and one side alone, with and without leave."""
    makers.AgreementMaker(counter_records="REQUIRED", acceptance="EXPLICIT")
    take(*map(numbered_record, (1, 2, 3, 4)))
    send(
        counter(1),
        counter(1, counter_id="again"),
        counter(2, energy_kwh="30", amount="15"),
        counter(5, contract_id="DE-8AA-CZZZZZZZZ-1"),
    )
    Authorization.objects.create(
        csp=makers.voltaire(),
        cso=makers.nordlicht(),
        reference="A1",
        is_granted=True,
        service_session_id="S-00003",
        authorized_at=NOON,
    )


def picture() -> dict[str, list]:
    """What is stored, without ids and instants."""
    sequences = Delivery.objects.values_list("receiver__country_code", "sequence")
    return {
        "runs": list(MatchingRun.objects.values_list("run_key", "outcomes")),
        "matches": rows(Match, "outcome", "step", "differences", "is_current"),
        "disputes": rows(Dispute, "reason", "stage", "is_automatic"),
        "states": rows(SdrState, "state", "version"),
        "events": rows(SdrEvent, "path", "actor"),
        "deliveries": rows(Delivery, "receiver__country_code", "kind", "subject_version"),
        "gapless": sorted(sequences) == [*numbers(sequences, "DE"), *numbers(sequences, "FR")],
        "steps": rows(AgeingStep, "stage", "note"),
        "alerts": rows(Alert, "kind", "text"),
        "erased": [RawRecord.objects.count(), Erasure.objects.count()],
    }


def rows(model, *columns: str) -> list[tuple]:
    return sorted(map(repr, model.objects.values_list(*columns)))


def numbers(sequences, country: str) -> list[tuple]:
    count = sum(one == country for one, _ in sequences)
    return [(country, number) for number in range(1, count + 1)]


def kill_at(table: str, program: str, owner_connection) -> None:
    """Run ``program`` until it waits for ``table``, and kill it there."""
    with locked(table, owner_connection) as waiting:
        process = started(program)
        try:
            wait_until(
                lambda: waiting() or process.poll() is not None,
                f"it waits for {table}",
                seconds=180,
            )
            assert process.poll() is None, f"it never wrote {table}"
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
    settle(owner_connection)


@contextmanager
def locked(table: str, owner_connection):
    """Let nobody write ``table``; yields whether somebody waits."""
    with owner_connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")

        def waiting() -> bool:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            return cursor.fetchone()[0] > 0

        try:
            yield waiting
        finally:
            cursor.execute("ROLLBACK")


def started(program: str) -> subprocess.Popen:
    """A process of our own that works in this test's database."""
    database = connections["default"].settings_dict
    url = f"postgres://{database['USER']}@{quote(database['HOST'], safe='')}/{database['NAME']}"
    return subprocess.Popen(
        [sys.executable, "-c", f"import django; django.setup()\n{program}"],
        cwd=ROOT,
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "clearinghouse.settings",
            "DATABASE_URL": url,
            "REDIS_URL": "redis://nowhere.invalid",
        },
    )


def settle(owner_connection) -> None:
    """Wait until the server has noticed that its client is gone."""

    def is_alone() -> bool:
        with owner_connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE pid <> pg_backend_pid()"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            return cursor.fetchone()[0] == 0

    wait_until(is_alone, "the killed process' transaction is gone")


def undisturbed(*steps: Callable[[], None]) -> dict[str, list]:
    """What the steps would leave, were they left in peace."""
    with transaction.atomic():
        for step in steps:
            step()
        found = picture()
        transaction.set_rollback(True)
    return found


def match() -> None:
    matching.match_and_dispute(
        from_at=later(days=-2, hours=-12), until_at=NOON, run_key="one", now=NOON
    )
    deliveries.publish_overdue()  # the clock does, every minute


def age(day: int) -> None:
    ageing.age_one_sided(now=later(days=day))
    deliveries.publish_overdue()


class TestMatching:
    def test_ends_as_if_nobody_had_killed_it(self, world, owner_connection):
        """Killed at one place after the other, then run to the end, and once more."""
        expected = undisturbed(match)
        for table in ("roaming_match", "roaming_delivery"):
            kill_at(table, MATCH, owner_connection)
            assert (Match.objects.count(), MatchingRun.objects.count()) == (0, 0), table
        for table in ("roaming_deliverycounter", "roaming_dispute"):
            kill_at(table, MATCH, owner_connection)
            assert (Match.objects.count(), Dispute.objects.count()) == (6, 0), table

        match()
        first = picture()
        match()

        assert first == picture() == expected
        assert (len(first["disputes"]), first["gapless"]) == (1, True)


class TestAgeing:
    def test_ends_as_if_nobody_had_killed_it(self, world, owner_connection):
        match()
        expected = undisturbed(partial(age, 12), partial(age, 60))
        for table in ("roaming_ageingstep", "roaming_delivery", "roaming_sdrstate",
                      "roaming_alert"):  # fmt: skip
            kill_at(table, aged(12), owner_connection)
        age(12)
        for table in ("roaming_erasure", "roaming_rawrecord"):
            kill_at(table, aged(60), owner_connection)

        age(60)
        first = picture()
        age(60)

        assert first == picture() == expected
        assert (len(first["alerts"]), first["gapless"]) == (1, True)
