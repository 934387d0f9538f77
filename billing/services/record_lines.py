"""A partner's records as lines of a CSV: ``;`` between fields, decimal point, instants in UTC.

Text that strangers wrote cannot become a spreadsheet formula.
"""

from datetime import UTC, datetime
from decimal import Decimal

from billing.queries_records import RecordLine
from clearinghouse.spreadsheet import neutralize

COLUMNS = (
    "sdr_id attempt state direction counterparty started_at ended_at energy_kwh claim_amount"
    " currency codes why remedy window statement received_at record_id"
).split()


def cells_of(line: RecordLine) -> list[str]:
    """One record, a text for each of ``COLUMNS``."""
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
