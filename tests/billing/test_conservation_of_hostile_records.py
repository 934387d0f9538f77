"""No record, however malformed, unbalances the books: closing refuses on a difference.

Otherwise one sender could keep the windows of everybody open with one field.
"""

import json
import random

import pytest

from billing.services import conservation
from billing.services.closing import close_window
from roaming.intake.structure import read_element
from roaming.models import RawRecord
from roaming.services.intake import Origin, take_in
from tests.makers import NOON, AgreementMaker, nordlicht, numbered_record, partner_of, take

pytestmark = pytest.mark.django_db

NUMBERS = (
    "0",
    "-0",
    "0.005",
    "-1",
    "1e5",
    "1e-7",
    "99999999999.999999",
    "100000000000",
    "NaN",
    "Infinity",
    "1e400",
    "1_0",
    "\N{FULLWIDTH DIGIT FIVE}",
    "1e-400",
    "",
    None,
    1.5,
    10**30,
    True,
    [],
)
TEXTS = ("", "\x00", "\u202e", "\uffff", "\ud800", "x" * 300, None, 5, "EUR", "eur", "E\x00R", "\n")
INSTANTS = ("2026-11-14", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "x", None, 5)
PARTS = [{"kind": kind, "amount": amount} for kind in ("FEE", "X") for amount in NUMBERS]
FIELDS: dict[str, tuple] = {
    "total_amount": NUMBERS,
    "energy_kwh": NUMBERS,
    "split_no": NUMBERS,
    "currency": TEXTS,
    "sdr_id": TEXTS,
    "csp_id": TEXTS,
    "cso_id": TEXTS,
    "contract_id": TEXTS,
    "location_name": TEXTS,
    "service_session_id": TEXTS,
    "credits_sdr_id": TEXTS,
    "started_at": INSTANTS,
    "ended_at": INSTANTS,
    "items": tuple([part, part] for part in PARTS),
}
NO_RECORDS = (b"", b"[]", b"null", b"{", b'{"sdr_id":"\xff"}', b'{"a":' + b"[" * 5_000)


@pytest.fixture(autouse=True)
def agreement():
    return AgreementMaker()


def differing() -> list[str]:
    return [str(line) for line in conservation.lines() if not line.holds]


@pytest.mark.parametrize("currency", ["\uffff", "\u202e", "\n", "\x00"])
def test_an_unprintable_currency_keeps_no_window_open(agreement, currency):
    take(numbered_record(1), numbered_record(2, currency=currency))

    closing = close_window(agreement.group, now=NOON)

    assert closing is not None
    assert differing() == []


@pytest.mark.parametrize("seed", range(8))
def test_any_batch_is_answered_in_full_and_conserved(agreement, seed):
    chance = random.Random(seed)
    records = [numbered_record(chance.randrange(200)) for _ in range(120)]
    for fields in records:
        for name in chance.sample(sorted(FIELDS), chance.choice([1, 1, 2])):
            fields[name] = chance.choice(FIELDS[name])
    bodies = [*(json.dumps(fields).encode() for fields in records), *NO_RECORDS]

    chunks = take_in(
        map(read_element, bodies),
        sender=partner_of(nordlicht()),
        environment="LIVE",
        origin=Origin(door="API", actor="tests"),
        received_at=NOON,
    )

    assert [one.index for chunk in chunks for one in chunk] == list(range(len(bodies)))
    assert differing() == []


# One session as a careless or hostile system may tell it, in whatever order it arrives.
TOLD = {
    "the record": {},
    "again": {},
    "with other content": {"energy_kwh": "18.5"},
    "under another id": {"sdr_id": "NLX-X", "service_session_id": "S-X"},
    "the session again": {"sdr_id": "NLX-Y", "evse_id": "DE*NLX*E00077*1"},
    "taken back": {
        "sdr_id": "NLX-C",
        "credits_sdr_id": "NLX-00001",
        "total_amount": "-9.02",
        "items": None,
    },
    "taken back again": {
        "sdr_id": "NLX-D",
        "credits_sdr_id": "NLX-00001",
        "total_amount": "-9.02",
        "items": None,
    },
    "put right": {"sdr_id": "NLX-R", "replaces_sdr_id": "NLX-00001", "energy_kwh": "18.0"},
    "a year late": {
        "sdr_id": "NLX-L",
        "service_session_id": "S-L",
        "started_at": "2025-11-14T10:00:00Z",
        "ended_at": "2025-11-14T11:00:00Z",
    },
    "enormous": {
        "sdr_id": "NLX-E",
        "service_session_id": "S-E",
        "items": [{"kind": "FEE", "amount": "0.01"}] * 20_000,
        "charging_periods": [{"started_at": "2026-11-14T10:00:00Z", "duration_s": 1}] * 20_000,
    },
}


@pytest.mark.parametrize("seed", range(8))
def test_any_order_leaves_nothing_lost_and_nobody_blocked(agreement, seed):
    told = list(TOLD)
    random.Random(seed).shuffle(told)
    good = numbered_record(2)

    outcomes = take(*(numbered_record(1, **TOLD[name]) for name in told), good)

    assert [one.index for one in outcomes] == list(range(len(TOLD) + 1))
    assert (outcomes[-1].outcome, outcomes[-1].codes) == ("accepted", [])
    by_name = dict(zip(told, outcomes, strict=False))
    # One of those that tell of the same money may be first; every other one has a code.
    for name, one in by_name.items():
        assert one.codes or one.outcome in ("accepted", "duplicate"), name
    assert "V110" in by_name["a year late"].codes
    assert "V503" in by_name["enormous"].codes
    twins = [by_name[name] for name in ("the record", "again", "with other content")]
    assert any("V401" in one.codes for one in twins)
    kept = {one.record_id for one in outcomes}
    assert RawRecord.objects.filter(id__in=kept).count() == len(kept)
    assert differing() == []
