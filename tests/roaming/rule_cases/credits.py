"""V601–V605, V701, V702 and V704: records that answer an earlier one, and behaviour."""

from datetime import timedelta

from tests.makers import NOON, numbered_record, record, submission, take_submissions
from tests.roaming.rule_cases.case import Case, at, earlier, evse, outage
from tests.roaming.rule_cases.case import all_of as both

CREDIT = {
    "sdr_id": "NLX-C1",
    "credits_sdr_id": "NLX-0001",
    "total_amount": "-9.02",
    "items": None,
}
SECOND = CREDIT | {"sdr_id": "NLX-C2"}
REPLACEMENT = {"sdr_id": "NLX-R1", "replaces_sdr_id": "NLX-0001"}
ORIGINAL = earlier(record())
CREDITED = both(ORIGINAL, earlier(record(**CREDIT)))


def day_of(received: int, *, refused: int):
    return earlier(
        *(
            numbered_record(number, energy_kwh="-1" if number <= refused else "18.4")
            for number in range(1, received + 1)
        )
    )


def first_batch() -> None:
    take_submissions(submission(numbered_record(2)), sequence=1)


CASES = (
    Case("V601", "", CREDIT, given=ORIGINAL),
    Case("V601", "HOLD", CREDIT),
    Case("V601", "HOLD", REPLACEMENT),
    Case("V602", "", CREDIT, given=ORIGINAL),
    Case("V602", "", CREDIT | {"energy_kwh": "-18.4"}, given=ORIGINAL),
    Case("V602", "HOLD", CREDIT | {"total_amount": "-9.01"}, given=ORIGINAL),
    Case("V602", "HOLD", CREDIT | {"energy_kwh": "18.3"}, given=ORIGINAL),
    Case("V603", "", CREDIT, given=ORIGINAL),
    Case("V603", "REJECT", SECOND, given=CREDITED),
    Case("V603", "REJECT", SECOND | {"credits_sdr_id": "NLX-C1"}, given=CREDITED),
    Case("V604", "", CREDIT, given=ORIGINAL, received_at=NOON + timedelta(days=90)),
    Case("V604", "HOLD", CREDIT, given=ORIGINAL, received_at=NOON + timedelta(days=91)),
    Case("V605", "", REPLACEMENT, given=CREDITED),
    Case("V605", "", REPLACEMENT, given=ORIGINAL, terms={"acceptance": "EXPLICIT"}),
    Case("V605", "REJECT", REPLACEMENT, given=ORIGINAL),
    Case("V701", "", given=day_of(20, refused=1)),
    Case("V701", "WARN", given=day_of(20, refused=2)),
    Case("V704", "", sequence=2, given=first_batch),
    Case("V704", "WARN", sequence=3, given=first_batch),
    Case("V702", "", given=both(evse(), outage(ends_at=at(0.9)))),
    Case("V702", "HOLD", given=both(evse(), outage())),
)
