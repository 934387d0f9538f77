"""What makes the demo's money whole: tax facts, a fee list, and the proof of its ledger."""

from datetime import date

from billing.models import DomesticReverseCharge, TaxTreatment, Transfer
from billing.models.tax import SupplyKind
from billing.services import sealing
from billing.services.tax_rows import load_default_rows
from clearinghouse.demo.cast import CAST, HOUSE, World
from partners.models import FeeComponent, Partner, SettlementGroup, TaxRegistration, TaxStatus
from partners.queries import clearing_house

_SINCE = date(2026, 7, 1)
# Code: name, kind, rate (minor units, or basis points), payer.
_FEES = {
    "record": ("Per record", "PER_SDR", 2, "CSO"),
    "share": ("0.5 % of sales", "BP_OF_AMOUNT", 50, "CSO"),
    "month": ("Monthly fee", "MONTHLY", 2500, "PARTICIPANT"),
}


def set_up_money(world: World) -> None:
    """VAT is decided by dated facts, and the house charges by its list; what exists stays."""
    load_default_rows()
    _what_an_adviser_decided()
    world.group.taxes = SettlementGroup.Taxes.DECIDED
    world.group.save(update_fields=["taxes"])
    _tax_facts(clearing_house(), HOUSE.country, HOUSE.vat_number, is_dealer=False)
    for company in CAST:
        _tax_facts(
            world.partners[company.name], company.country, company.vat_number, is_dealer=True
        )
    for code, (name, kind, rate, payer) in _FEES.items():
        FeeComponent.objects.get_or_create(
            group=world.group,
            code=code,
            defaults={
                "name": name,
                "kind": kind,
                "rate": rate,
                "payer": payer,
                "rounding": "PER_WINDOW",
                "from_date": _SINCE,
            },
        )


def _what_an_adviser_decided() -> None:
    """No default row: how parking is treated, and whether France shifts among resellers."""
    told = {"from_date": _SINCE, "source": "invented for the demo"}
    for country in sorted({company.country for company in CAST}):
        TaxTreatment.objects.get_or_create(
            country_code=country,
            kind=SupplyKind.PARKING,
            defaults=told | {"treatment": TaxTreatment.Treatment.AS_ELECTRICITY},
        )
    DomesticReverseCharge.objects.get_or_create(
        country_code="FR", defaults=told | {"applies": False, "ground": ""}
    )


def _tax_facts(partner: Partner, country: str, vat_number: str, *, is_dealer: bool) -> None:
    for kind in ["SEAT", "DEALER"] if is_dealer else ["SEAT"]:
        TaxStatus.objects.get_or_create(
            partner=partner,
            kind=kind,
            defaults={
                "country_code": country if kind == "SEAT" else "",
                "proof": "shown for the demo",
                "from_date": _SINCE,
            },
        )
    TaxRegistration.objects.get_or_create(
        partner=partner,
        country_code=country,
        defaults={
            "vat_number": vat_number,
            "check_number": "DEMO-CHECK",
            "check_date": _SINCE,
            "from_date": _SINCE,
        },
    )


def balances() -> dict[str, int]:
    """Debits minus credits of each account code, in minor units; together they are zero."""
    found: dict[str, int] = {}
    sides = Transfer.objects.values_list(
        "debit_account__code", "credit_account__code", "amount_minor"
    )
    for debit, credit, amount in sides:
        found[debit] = found.get(debit, 0) + amount
        found[credit] = found.get(credit, 0) - amount
    return dict(sorted(found.items()))


def proof() -> sealing.Verdict:
    """What ``verify_ledger`` says."""
    return sealing.verify()
