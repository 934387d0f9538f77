"""V301–V308 and V406: signed meter values."""

from tests.makers import numbered_record
from tests.roaming.rule_cases.case import Case, at, earlier, evse, meter_key, span
from tests.roaming.signed_values import KEY, OTHER_KEY, safe_xml, signed

KEYS_REQUIRED = {"meter_key_registry": "REQUIRED"}
TIMED = {"items": [{"kind": "TIME", "quantity": "1", "amount": "9.02"}]}


def other_with_the_same() -> dict[str, object]:
    return numbered_record(2, signed_data=signed())


CASES = (
    Case("V301", "", {"signed_data": signed()}, given=meter_key(KEY), terms=KEYS_REQUIRED),
    Case("V301", "HOLD", terms=KEYS_REQUIRED),
    Case("V302", "", {"signed_data": signed()}, given=meter_key(KEY)),
    Case("V302", "REJECT", {"signed_data": signed(forged=True)}, given=meter_key(KEY)),
    Case(
        "V302",
        "HOLD",
        {"signed_data": signed(forged=True), "location_country": "NL"},
        given=meter_key(KEY),
    ),
    Case("V302", "WARN", {"signed_data": "1B1B1B1B0101"}),
    Case("V302", "HOLD", {"signed_data": "junk"}, given=meter_key(KEY), terms=KEYS_REQUIRED),
    Case("V303", "", {"signed_data": signed()}, given=meter_key(KEY)),
    Case("V303", "HOLD", {"signed_data": safe_xml(signed(), key=KEY)}, given=meter_key(OTHER_KEY)),
    Case("V303", "HOLD", {"signed_data": signed()}, given=evse(), terms=KEYS_REQUIRED),
    Case("V304", "", {"signed_data": signed()}),
    Case("V304", "HOLD", {"signed_data": signed(end_mark="C")}),
    Case("V304", "WARN", {"signed_data": f"{signed()}\n{signed(page=14)}"}),
    Case("V305", "", {"signed_data": signed()}),
    Case("V305", "HOLD", {"signed_data": signed(status="M")}),
    Case("V305", "HOLD", {"signed_data": signed(flags="t")}),
    Case("V305", "REJECT", {"signed_data": signed(flags="E")}),
    Case("V306", "", {"signed_data": signed(), "ended_at": at(1, seconds=120)}),
    Case("V306", "HOLD", {"signed_data": signed(), "ended_at": at(1, seconds=121)}),
    Case("V306", "HOLD", {"signed_data": signed(end="118.402")}),
    Case("V307", "", {"signed_data": signed(clock="S"), **TIMED}),
    Case("V307", "HOLD", {"signed_data": signed(clock="U"), **TIMED}),
    Case("V308", "", {"signed_data": signed(identification="DE8AACA2B3C4D5L")}),
    Case("V308", "WARN", {"signed_data": signed(identification="04AB")}),
    Case("V406", "", {"signed_data": signed()}, given=earlier(numbered_record(2, **span(-2)))),
    Case("V406", "REJECT", {"signed_data": signed()}, given=earlier(other_with_the_same())),
)
