"""V201–V213: energy and meter."""

from tests.makers import numbered_record
from tests.roaming.rule_cases.case import (
    EVSE_ID,
    Case,
    all_of,
    at,
    earlier,
    meter_key,
    span,
)
from tests.roaming.signed_values import KEY, signed

METERED = {"meter_id": "M-7", "meter_start_kwh": "100.0", "meter_end_kwh": "118.4"}
TRUCKS = {"V203": {"limits": {"large_kwh": "300"}, "reason": "truck site"}}
FREE = {"total_amount": None, "items": None}


def period(hours: float = 0, *, kwh: str = "18.4", seconds: int = 3600) -> dict[str, object]:
    return {"started_at": at(hours), "energy_kwh": kwh, "duration_s": seconds}


def periods(*of: dict[str, object]) -> dict[str, object]:
    return {"charging_periods": list(of)}


def before(meter_end_kwh: str):
    """The session before on this EVSE, which left the meter there."""
    return earlier(
        numbered_record(
            2,
            evse_id=EVSE_ID,
            **span(-2),
            meter_id="M-7",
            meter_start_kwh=None,
            meter_end_kwh=meter_end_kwh,
        )
    )


CASES = (
    Case("V201", "", {"energy_kwh": "0"}),
    Case("V201", "REJECT", {"energy_kwh": "-0.1"}),
    Case("V202", "", {"energy_kwh": "23.3"}),
    Case("V202", "HOLD", {"energy_kwh": "23.301"}),
    Case("V202", "REJECT", {"energy_kwh": "33.3"}),
    Case("V203", "", {"energy_kwh": "120"}),
    Case("V203", "HOLD", {"energy_kwh": "120.001"}),
    Case("V203", "REJECT", {"energy_kwh": "1000.001"}),
    Case("V203", "", {"energy_kwh": "300"}, terms={"rule_overrides": TRUCKS}),
    Case("V203", "HOLD", {"energy_kwh": "300.001"}, terms={"rule_overrides": TRUCKS}),
    Case("V204", "", {"energy_kwh": "0.001"}),
    Case("V204", "WARN", {"energy_kwh": "0", **FREE}),
    Case("V204", "REJECT", {"energy_kwh": "0"}),
    Case("V205", "", METERED | {"meter_end_kwh": "118.41"}),
    Case("V205", "HOLD", METERED | {"meter_end_kwh": "118.411"}),
    Case("V206", "", METERED),
    Case("V206", "REJECT", METERED | {"meter_end_kwh": "99.9"}),
    Case(
        "V206",
        "",
        METERED | {"meter_end_kwh": "99.9"},
        given=all_of(
            meter_key(KEY, ends_at=at(0.5)), meter_key(KEY, meter_id="M-8", starts_at=at(0.5))
        ),
    ),
    Case("V207", "", {**periods(period(kwh="9"), period(0.5, kwh="9.4")), "signed_data": signed()}),
    Case("V207", "HOLD", periods(period(0.5), period(0))),
    Case("V207", "HOLD", periods(period(2))),
    Case("V207", "HOLD", {"signed_data": signed(between="90.0")}),
    Case("V208", "", METERED, given=before("95.0")),
    Case("V208", "WARN", METERED, given=before("94.9")),
    Case("V208", "WARN", METERED, given=before("100.1")),
    Case("V208", "HOLD", METERED, given=before("118.4")),
    Case("V209", "", {"energy_kwh": "500.2", "max_power_kw": "600"}),
    Case("V209", "HOLD", {"energy_kwh": "500.3", "max_power_kw": "600"}),
    Case("V210", "", periods(period(kwh="18.41"))),
    Case("V210", "HOLD", periods(period(kwh="18.43"))),
    Case("V211", "", periods(period(seconds=3540))),
    Case("V211", "WARN", periods(period(seconds=3539))),
    Case(
        "V211",
        "REJECT",
        {"items": [{"kind": "PARKING", "quantity": "1.1", "amount": "9.02"}]},
    ),
    Case("V212", "", {"energy_kwh": "18.400000"}),
    Case("V212", "HOLD", {"energy_kwh": "18400"}),
    Case("V212", "HOLD", {"energy_kwh": "18.4005"}),
    Case("V213", "", {"signed_data": signed()}),
    Case("V213", "REJECT", {"signed_data": signed(end="118.398")}),
    Case("V213", "HOLD", {"signed_data": signed(end="118.398"), "location_country": "NL"}),
)
