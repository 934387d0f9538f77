"""V503–V506: the claim as stated. What needs our own price is in ``given_facts``."""

from tests.roaming.rule_cases.case import Case

FREE = {"total_amount": None, "items": None}


def items(*amounts: str) -> dict[str, object]:
    return {"items": [{"kind": "ENERGY", "amount": amount} for amount in amounts]}


CASES = (
    Case("V503", "", {"total_amount": "9.03"}),
    Case("V503", "REJECT", {"total_amount": "9.04"}),
    Case("V504", "", FREE),
    Case("V504", "REJECT", {"total_amount": "-0.01", "items": None}),
    Case("V504", "HOLD", items("10.02", "-1.00")),
    Case("V506", "", {"total_amount": "36.80", **items("36.80")}),
    Case("V506", "HOLD", {"total_amount": "36.81", **items("36.81")}),
    Case(
        "V506",
        "HOLD",
        {"total_amount": "150.01", "energy_kwh": "100", "max_power_kw": "200", **items("150.01")},
    ),
)
