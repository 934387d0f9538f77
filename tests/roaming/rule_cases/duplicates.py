"""V401–V405 and V705: told twice, and sessions that cannot be beside each other."""

from tests.makers import numbered_record, record
from tests.roaming.rule_cases.case import EVSE_ID, Case, all_of, at, earlier, evse, span

CONTRACT = {"contract_id": record()["contract_id"]}
HERE = {"evse_id": EVSE_ID}
FAR = "DE*NLX*E00002*1"
PLACES = all_of(
    evse(latitude="54.3", longitude="10.1"),
    evse(evse_id=FAR, latitude="48.1", longitude="11.6"),
)


def beside(**changes: object):
    return earlier(numbered_record(2, **changes))


def in_parallel(others: int):
    return earlier(*(numbered_record(number, **CONTRACT) for number in range(2, 2 + others)))


def same_energy(times: int):
    """That many sessions before, one after the other."""
    return earlier(
        *(numbered_record(number, **HERE, **span(-2 * number)) for number in range(1, 1 + times))
    )


CASES = (
    Case("V401", "", given=beside()),
    Case("V401", "REJECT", {"energy_kwh": "18.5"}, given=earlier(record())),
    Case("V402", "", given=beside()),
    Case("V402", "", {"split_no": 1}, given=beside(service_session_id="S-0001", **span(-2))),
    Case("V402", "HOLD", given=beside(service_session_id="S-0001", **span(-2))),
    Case("V403", "", given=beside(**HERE, **CONTRACT, energy_kwh="18.451")),
    Case("V403", "", given=beside(**HERE, **CONTRACT, started_at=at(seconds=-121))),
    Case("V403", "HOLD", given=beside(**HERE, **CONTRACT, energy_kwh="18.45")),
    Case("V403", "HOLD", given=beside(**HERE, **CONTRACT, started_at=at(seconds=-120))),
    Case("V404", "", given=beside(**HERE, started_at=at(-1), ended_at=at(seconds=60))),
    Case("V404", "HOLD", given=beside(**HERE, started_at=at(-1), ended_at=at(seconds=61))),
    Case("V404", "HOLD", given=beside(**HERE, started_at=at(-100), ended_at=at(1))),
    Case("V404", "", given=beside(**HERE, energy_kwh="-1")),
    Case("V405", "", given=in_parallel(1)),
    Case("V405", "HOLD", given=in_parallel(2)),
    Case(
        "V405",
        "",
        given=all_of(PLACES, beside(evse_id=FAR, **CONTRACT, **span(-6, 1))),
    ),
    Case(
        "V405",
        "HOLD",
        given=all_of(PLACES, beside(evse_id=FAR, **CONTRACT, **span(-4, 1))),
    ),
    Case("V705", "", given=same_energy(3)),
    Case("V705", "WARN", given=same_energy(4)),
)
