"""No record, however malformed, unbalances the books: closing refuses on a difference.

Otherwise one sender could keep the windows of everybody open with one field.
"""

import json
import random

import pytest

from billing.services import conservation
from billing.services.closing import close_window
from roaming.intake.structure import read_element
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
