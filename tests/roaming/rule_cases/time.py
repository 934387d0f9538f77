"""V101–V113: when (V104 and V106 ask the EVSE's entry and stand with the identity)."""

from datetime import timedelta

import msgspec

from roaming.intake.csv_file import read_row
from roaming.intake.profile import parse_profile
from roaming.intake.structure import Submission
from tests.makers import NOON, numbered_record
from tests.roaming.rule_cases.case import (
    EVSE_ID,
    START,
    Case,
    all_of,
    at,
    authorization,
    earlier,
    span,
)
from tests.roaming.test_csv_file import PROFILE

BY_REFERENCE = {"authorization_reference": "A-1"}


def drifting(seconds: int):
    """Nineteen sessions of the EVSE before, each so long after its authorization."""
    records, traces = [], []
    for number in range(1, 20):
        begin = START - timedelta(hours=number)
        records.append(
            numbered_record(
                number,
                evse_id=EVSE_ID,
                started_at=begin.isoformat(),
                ended_at=(begin + timedelta(minutes=50)).isoformat(),
                energy_kwh=str(10 + number),
                authorization_reference=f"B-{number}",
                max_power_kw=None,
                items=None,
            )
        )
        traces.append(
            authorization(reference=f"B-{number}", authorized_at=begin - timedelta(seconds=seconds))
        )
    own = authorization(authorized_at=START - timedelta(seconds=seconds))
    return all_of(own, *traces, earlier(*records))


def as_csv(changes: dict[str, object]) -> Submission:
    """A row whose profile says Europe/Zurich and whose times say no offset."""
    row = {"id": "a", "seconds": "3600", "wh": "1000", "amount": "0.40", **changes}
    return read_row(msgspec.json.encode(row), parse_profile(PROFILE.encode(), name="case"))


CASES = (
    Case("V101", ""),
    Case("V101", "REJECT", {"ended_at": at(-1)}),
    Case("V102", "", {"ended_at": at(), "energy_kwh": "0"}),
    Case("V102", "REJECT", {"ended_at": at()}),
    Case("V103", "", {"ended_at": (NOON + timedelta(minutes=5)).isoformat()}),
    Case("V103", "WARN", {"ended_at": (NOON + timedelta(minutes=6)).isoformat()}),
    Case("V103", "REJECT", {"ended_at": (NOON + timedelta(minutes=16)).isoformat()}),
    Case("V105", "", {"started_at": "2001-01-01T00:00:00Z"}),
    Case("V105", "REJECT", {"started_at": "2000-01-01T00:00:00Z"}),
    Case("V107", "", span(-24, 24)),
    Case("V107", "HOLD", span(-25, 24.1)),
    Case("V107", "HOLD", {**span(-6, 6.1), "current_type": "DC"}),
    Case("V107", "HOLD", {**span(-25, 24.1), "total_amount": None, "items": None}),
    Case("V107", "REJECT", span(-169, 168.1)),
    Case("V108", "", {"ended_at": at(minutes=2)}),
    Case("V108", "WARN", {"ended_at": at(seconds=59)}),
    Case("V108", "WARN", {"ended_at": at(seconds=119), "energy_kwh": "0.099"}),
    Case("V109", "", {"charging_started_at": at(), "charging_ended_at": at(1)}),
    Case("V109", "REJECT", {"charging_started_at": at(seconds=-1)}),
    Case("V109", "REJECT", {"charging_ended_at": at(1, seconds=1)}),
    Case("V110", "", received_at=START + timedelta(days=7)),
    Case("V110", "WARN", received_at=START + timedelta(days=8)),
    Case("V110", "REJECT", received_at=START + timedelta(days=91)),
    Case("V111", ""),
    Case("V111", "REJECT", {"ended_at": None}),
    Case("V112", "", BY_REFERENCE, given=authorization(authorized_at=START - timedelta(minutes=2))),
    Case(
        "V112",
        "WARN",
        BY_REFERENCE,
        given=authorization(authorized_at=START - timedelta(minutes=3)),
    ),
    Case(
        "V112",
        "HOLD",
        BY_REFERENCE,
        given=authorization(authorized_at=START - timedelta(minutes=16)),
    ),
    Case("V112", "", BY_REFERENCE, given=drifting(60)),
    Case("V112", "WARN", BY_REFERENCE, given=drifting(61)),
    Case("V113", "", {"start": "25.10.2026 01:59:59"}, read=as_csv),
    Case("V113", "HOLD", {"start": "25.10.2026 02:00:00"}, read=as_csv),
)
