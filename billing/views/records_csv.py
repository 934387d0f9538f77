"""The list of records as CSV: UTF-8 with a byte order mark, ``;`` between fields, decimal point.

Instants are ISO 8601 in UTC. Text that strangers wrote cannot become a spreadsheet formula.
"""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from django.db.models import QuerySet

from billing.queries_records import RecordLine, page_of_records
from clearinghouse.database_roles import partner_role
from clearinghouse.spreadsheet import neutralize
from roaming.models import SdrState
from roaming.queries import Reader

COLUMNS = (
    "sdr_id attempt state direction counterparty started_at ended_at energy_kwh claim_amount"
    " currency codes why remedy window statement received_at record_id"
).split()
_CHUNK = 5_000


class _Line:
    """What ``csv.writer`` writes to: it hands each line straight back."""

    def write(self, text: str) -> str:
        return text


def stream_records(states: QuerySet[SdrState], *, reader: Reader) -> Iterator[str]:
    """Header and lines, a chunk of 5,000 at a time, read as the partner role."""
    writer = csv.writer(_Line(), delimiter=";", lineterminator="\r\n")
    yield "\N{BYTE ORDER MARK}" + writer.writerow(COLUMNS)
    before, is_more = None, True
    while is_more:
        with partner_role():
            page = page_of_records(states, reader=reader, size=_CHUNK, before=before)
        yield "".join(writer.writerow(_cells(line)) for line in page.lines)
        before, is_more = page.older, page.older is not None


def _cells(line: RecordLine) -> list[str]:
    texts = {
        "codes": " ".join(reason.code for reason in line.reasons),
        "why": " / ".join(reason.message for reason in line.reasons),
        "remedy": " / ".join(dict.fromkeys(reason.remedy for reason in line.reasons)),
    }
    return [
        neutralize(line.sdr_id),
        str(line.attempt),
        line.stage,
        line.direction,
        neutralize(line.counterparty),
        _instant(line.started_at),
        _instant(line.ended_at),
        _number(line.energy_kwh),
        _number(line.claim_amount),
        neutralize(line.currency),
        *(neutralize(text) for text in texts.values()),
        line.window,
        line.statement,
        _instant(line.received_at),
        str(line.record_id),
    ]


def _instant(instant: datetime | None) -> str:
    return instant.astimezone(UTC).isoformat(timespec="seconds") if instant else ""


def _number(number: Decimal | None) -> str:
    if number is None:
        return ""
    return f"{number.normalize():f}" if number else "0"
