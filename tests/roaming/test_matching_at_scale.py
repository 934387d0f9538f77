"""100,000 records of each side, one in a hundred off: every outcome is counted right."""

from datetime import UTC, datetime, timedelta

import pytest

from roaming.models import Match
from roaming.services import matching
from tests import makers
from tests.makers import NOON, numbered_record, take
from tests.roaming.test_matching import counter, send

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]

RECORDS = 100_000
FIRST = datetime(2026, 11, 10, tzinfo=UTC)
# What is off, by the number's remainder of 1,000: ten in a thousand.
OFF: dict[int, dict[str, object]] = {
    **{rest: {"energy_kwh": "25"} for rest in (1, 2, 3)},
    **{rest: {"amount": "19.02"} for rest in (4, 5)},
    **{rest: {"energy_kwh": "18.5"} for rest in (6, 7)},
}
MISSING, TWICE, STRANGE = 8, 9, 10


def span(number: int) -> dict[str, object]:
    start = FIRST + timedelta(seconds=3 * number)
    return {
        "started_at": start.isoformat(),
        "ended_at": (start + timedelta(hours=1)).isoformat(),
        "contract_id": f"DE-8AA-C{number:08d}",
        "evse_id": f"DE*NLX*E{number}",
    }


def counters_of(number: int) -> list[dict[str, object]]:
    rest = number % 1_000
    if rest == MISSING:
        return []
    mine = counter(number, **(span(number) | OFF.get(rest, {})))
    if rest == TWICE:
        return [mine, mine | {"counter_id": f"again-{number}"}]
    if rest == STRANGE:
        return [mine, mine | {"counter_id": f"other-{number}", "service_session_id": f"X-{number}",
                              "contract_id": "DE-8AA-CSTRANGER-L"}]  # fmt: skip
    return [mine]


def test_every_outcome_is_counted_right(owner_connection):
    makers.AgreementMaker(counter_records="REQUIRED", evse_registry="NONE")
    take(*(numbered_record(number, **span(number)) for number in range(RECORDS)))
    send(*(one for number in range(RECORDS) for one in counters_of(number)))

    # As autovacuum does within a minute. While one transaction still holds all rows it would note
    # that the tables are empty, and every plan would be for empty tables.
    owner_connection.execute("ANALYZE roaming_sdr, roaming_sdrstate, roaming_counterrecord")

    found = matching.match(
        from_at=FIRST, until_at=NOON + timedelta(days=1), run_key="all", now=NOON
    )

    each = RECORDS // 1_000
    assert found == {
        "MATCHED": RECORDS - 8 * each,
        "MATCHED_TOLERANCE": 2 * each,
        "MISMATCH": 5 * each,
        "CSO_ONLY": each,
        "DUPLICATE": each,
        "CSP_ONLY": each,
    }
    assert Match.objects.filter(is_current=True).count() == sum(found.values())
