"""V001–V015: shape and identity."""

from collections.abc import Callable
from datetime import datetime, timedelta

from partners.models import PartnerState, Party
from tests import makers
from tests.makers import LONG_AGO
from tests.roaming.rule_cases.case import START, Case, authorization, credential, evse

BY_REFERENCE = {"authorization_reference": "A-1"}


def suspended() -> None:
    partner = makers.partner_of(makers.nordlicht())
    PartnerState.objects.create(
        partner=partner, state="SUSPENDED", starts_at=START, reason="case", actor="tests"
    )


def leaving(whom: Callable[[], Party], *, ends_at: datetime, is_closed: bool = False):
    def given() -> None:
        partner = makers.partner_of(whom())
        states = {"LEAVING": START - timedelta(days=1)} | ({"CLOSED": ends_at} if is_closed else {})
        for state, starts_at in states.items():
            PartnerState.objects.create(
                partner=partner,
                state=state,
                starts_at=starts_at,
                service_ends_at=ends_at,
                reason="case",
                actor="tests",
            )

    return given


JUST_AFTER = START + timedelta(seconds=1)
CASES = (
    Case("V001", ""),
    Case("V001", "REJECT", {"energy_kwh": "a lot"}),
    Case("V001", "REJECT", {"started_at": "yesterday"}),
    Case("V002", ""),
    Case("V002", "REJECT", {"cso_id": "NL*PLD"}, given=makers.polder),
    Case("V003", ""),
    Case("V003", "HOLD", {"csp_id": "IT*ZZZ"}),
    Case("V003", "HOLD", {"csp_id": None}),
    Case("V003", "HOLD", given=suspended),
    Case("V003", "REJECT", given=leaving(makers.voltaire, ends_at=JUST_AFTER, is_closed=True)),
    Case("V003", "REJECT", given=leaving(makers.nordlicht, ends_at=JUST_AFTER, is_closed=True)),
    Case("V004", ""),
    Case("V004", "REJECT", terms={"starts_at": START + timedelta(minutes=1)}),
    Case("V004", "REJECT", terms={"mode": "DIRECT"}),
    Case("V004", "", given=leaving(makers.nordlicht, ends_at=JUST_AFTER)),
    Case("V004", "", given=leaving(makers.voltaire, ends_at=JUST_AFTER)),
    Case("V004", "REJECT", given=leaving(makers.nordlicht, ends_at=START)),
    Case("V004", "REJECT", given=leaving(makers.voltaire, ends_at=START)),
    Case("V004", "REJECT", given=leaving(makers.voltaire, ends_at=START, is_closed=True)),
    Case("V005", "", given=evse(), terms={"evse_registry": "REQUIRED"}),
    Case("V005", "REJECT", {"evse_id": "an EVSE"}),
    Case("V005", "HOLD", terms={"evse_registry": "REQUIRED"}),
    Case("V006", "", given=evse()),
    Case("V006", "REJECT", given=evse(cso=makers.polder)),
    Case("V007", "", given=credential(), terms={"credential_registry": "REQUIRED"}),
    Case("V007", "REJECT", {"contract_id": "DE-8AA-CA2B3C4D5-M"}),
    Case("V007", "HOLD", terms={"credential_registry": "REQUIRED"}),
    Case("V008", "", given=credential(blocked_at=START - timedelta(hours=23))),
    Case("V008", "HOLD", given=credential(blocked_at=START - timedelta(hours=25))),
    Case("V008", "HOLD", given=credential(ends_at=START)),
    Case("V008", "HOLD", given=credential(starts_at=START + timedelta(hours=1))),
    Case(
        "V009",
        "",
        {"contract_id": "FR-VOL-C00000001", **BY_REFERENCE},
        given=authorization(),
    ),
    Case("V009", "REJECT", {"contract_id": "NO-FJL-C00000001"}, given=makers.fjell),
    Case("V009", "REJECT", BY_REFERENCE, given=authorization(csp=makers.fjell)),
    Case(
        "V010",
        "",
        BY_REFERENCE,
        given=authorization(),
        terms={"authorization_registry": "REQUIRED"},
    ),
    Case("V010", "HOLD", terms={"authorization_registry": "REQUIRED"}),
    Case("V010", "HOLD", {"authorization_reference": "A-2"}, given=authorization()),
    Case("V011", "", BY_REFERENCE, given=authorization()),
    Case("V011", "REJECT", BY_REFERENCE, given=authorization(is_granted=False)),
    Case("V012", "", {"current_type": "AC"}, given=evse(max_power_kw=22, current_type="AC")),
    Case("V012", "WARN", {"current_type": "DC"}, given=evse(current_type="AC")),
    Case("V012", "WARN", given=evse(max_power_kw=11)),
    Case(
        "V012",
        "WARN",
        {"connector_type": "CHADEMO"},
        given=evse(connector_types=["IEC_62196_T2"]),
    ),
    Case("V013", ""),
    Case("V013", "REJECT", {"currency": "CHF"}),
    Case("V013", "REJECT", {"currency": "QQQ"}),
    Case("V014", ""),
    Case("V014", "HOLD", {"location_country": "NL"}),
    Case("V015", ""),
    Case("V015", "REJECT", {"credential_type": "ADHOC"}),
    Case("V104", "", given=evse(starts_at=LONG_AGO)),
    Case("V104", "REJECT", given=evse(starts_at=START + timedelta(minutes=1))),
    Case(
        "V106",
        "",
        {"started_at": "2026-11-14T11:00:00+01:00"},
        given=evse(time_zone="Europe/Berlin"),
    ),
    Case(
        "V106",
        "WARN",
        {"started_at": "2026-11-14T12:00:00+02:00"},
        given=evse(time_zone="Europe/Berlin"),
    ),
)
