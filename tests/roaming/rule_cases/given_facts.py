"""What part 3 supplies: our own price, VAT and exposure, here given as facts."""

from decimal import Decimal
from typing import NamedTuple

from roaming.rules.catalog import check_sdr
from roaming.rules.facts import PriceFact
from roaming.rules.findings import Facts, Finding, Terms
from tests.makers import LONG_AGO, NOON, record, submission

# Switched on by part 3; everything else goes through the intake.
WAITING = frozenset({"V703"})
# The part of it that asks the tariff waits; the part in euro goes through the intake.
HALF = frozenset({"V506"})
TERMS = Terms(
    agreement_id="a",
    buyer_id="b",
    mode="CLEARED_PO",
    currency="EUR",
    acceptance="ON_VALIDATION",
    starts_at=LONG_AGO,
    ends_at=None,
    evse_registry="IF_PRESENT",
    warn_after_days=7,
    refuse_after_days=90,
)
OURS = Decimal("9.02")


class Given(NamedTuple):
    """The default record beside a price of ours."""

    code: str
    severity: str
    price: dict[str, object] = {}
    record: dict[str, object] = {}

    def judged(self) -> tuple[list[Finding], list[str]]:
        price = PriceFact(**({"tariff_is_valid": True, "amount": OURS} | self.price))
        facts = Facts(
            received_at=NOON,
            seller_is_known=True,
            sender_may_act=True,
            seller_state="ACTIVE",
            buyer_is_known=True,
            buyer_state="ACTIVE",
            terms=TERMS,
            price=price,
        )
        return check_sdr(submission(record(**self.record)).sdr, facts)


def claim(amount: str) -> dict[str, object]:
    return {"total_amount": amount, "items": None}


TAXED = {"amount": Decimal(100), "vat_rate": Decimal("0.19")}
BLOCKED = {"blocking_fee": Decimal(12), "blocking_fee_cap": Decimal(12)}

CASES = (
    Given("V501", ""),
    Given("V501", "HOLD", {"tariff_is_valid": False}),
    Given("V502", "", record=claim("9.06")),
    Given("V502", "HOLD", record=claim("9.07")),
    Given("V502", "", {"amount": Decimal(2)}, claim("2.02")),
    Given("V502", "HOLD", {"amount": Decimal(2)}, claim("2.03")),
    Given("V505", ""),
    Given("V505", "WARN", record=claim("0")),
    Given("V505", "REJECT", {"is_free": True}),
    Given("V506", "", {"price_per_kwh": Decimal("0.17")}),
    Given("V506", "HOLD", {"price_per_kwh": Decimal("0.16")}),
    Given("V507", "", BLOCKED),
    Given("V507", "HOLD", BLOCKED | {"blocking_fee": Decimal("12.01")}),
    Given("V507", "HOLD", BLOCKED | {"blocking_in_grace": True}),
    Given("V508", "", TAXED, claim("100")),
    Given("V508", "HOLD", TAXED, claim("119.02")),
    Given("V510", "", {"tariff_currency": "EUR"}),
    Given("V510", "REJECT", {"tariff_currency": "CHF"}),
    Given("V703", ""),
    Given("V703", "HOLD", {"exposure_reached": True}),
)
