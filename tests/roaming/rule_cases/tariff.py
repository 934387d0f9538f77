"""V501–V510 by published tariffs and agreements: our own price beside the claim."""

from datetime import date
from decimal import Decimal

from partners.models import TaxRate
from tests.roaming.rule_cases.case import Case, all_of
from tests.roaming.tariff_world import per_kwh, published

IDLE = {"idle_fee": {"grace_min": 30, "per_min": "0.10", "max_per_session": "3.00"}}
NAMED = {"tariff_id": "NLX-AC"}
PARKING = "PARKING"
# It ends at 23:30 UTC: in Berlin on the 14th, the first day of the new rate.
NIGHT = {"started_at": "2026-11-13T22:30:00Z", "ended_at": "2026-11-13T23:30:00Z"}


def german(rate: str, kind: str = "ELECTRICITY", **days: date):
    """A VAT rate of Germany, entered by staff."""
    days = {"from_date": date(2020, 1, 1)} | days
    return lambda: TaxRate.objects.create(
        country_code="DE", kind=kind, rate=Decimal(rate), source="law", **days
    )


OLD = german("0.19", until_date=date(2026, 11, 14))
NEW = german("0.16", from_date=date(2026, 11, 14))


def tariff(price: str = "0.49", **fields: object):
    return lambda: published(per_kwh(price, **fields))


def with_parking(vat: str):
    component = {"type": "PARKING_TIME", "price": 6.0, "step_size": 60, "vat": float(vat)}
    return lambda: published(per_kwh("0.49", component, vat="19"))


def claim(amount: str, **fields: object) -> dict[str, object]:
    return {**NAMED, "total_amount": amount, "items": None, **fields}


def parked(total: str, fee: str, hours: str, starts: str) -> dict[str, object]:
    items = [
        {"kind": "ENERGY", "quantity": "18.400", "amount": "9.02"},
        {"kind": "PARKING", "quantity": hours, "amount": fee},
    ]
    return claim(total, items=items, started_at=f"2026-11-14T{starts}:00:00Z")


CASES = (
    Case("V501", "", NAMED, tariff()),
    Case("V501", "HOLD", {"tariff_id": "OTHER"}, tariff()),
    Case("V501", "HOLD", NAMED, terms={"rating": "HOUSE"}),
    Case("V501", "HOLD", NAMED, tariff(tax_included="NO")),
    Case("V502", "", claim("9.06"), tariff()),
    Case("V502", "HOLD", claim("9.07"), tariff()),
    Case("V502", "WARN", claim("9.07"), tariff(), {"rating": "HOUSE"}),
    Case("V502", "", claim("10.00"), tariff(), {"price_tolerances": {"amount": "1.00"}}),
    Case("V505", "", NAMED, tariff()),
    Case("V505", "WARN", claim("0"), tariff()),
    Case("V505", "REJECT", NAMED, tariff("0")),
    Case("V506", "HOLD", claim("27.10"), tariff()),
    Case("V507", "", parked("12.02", "3.00", "2", "08"), tariff(), {"tariff_extras": IDLE}),
    Case("V507", "HOLD", parked("12.03", "3.01", "2", "08"), tariff(), {"tariff_extras": IDLE}),
    Case("V507", "HOLD", parked("9.03", "0.01", "0.5", "10"), tariff(), {"tariff_extras": IDLE}),
    Case("V508", "", NAMED, tariff(vat="21")),
    Case("V508", "HOLD", claim("10.91"), tariff(vat="21")),
    Case("V509", "", NAMED, all_of(tariff(vat="19"), german("0.19"))),
    Case("V509", "", NAMED, all_of(tariff(vat="16"), OLD, NEW)),
    Case("V509", "", {**NAMED, **NIGHT}, all_of(tariff(vat="16"), OLD, NEW)),
    Case("V509", "HOLD", NAMED, all_of(tariff(vat="21"), german("0.19"))),
    Case("V509", "HOLD", NAMED, all_of(tariff(vat="19"), OLD, NEW)),
    Case("V509", "HOLD", NAMED, all_of(with_parking("7"), german("0.19"), german("0.19", PARKING))),
    Case("V510", "", NAMED, tariff()),
    Case("V510", "REJECT", NAMED, tariff(currency="CHF")),
)
