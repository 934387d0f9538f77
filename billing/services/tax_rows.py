"""Enter the tax rows that a new installation starts with; what somebody entered is left alone."""

from billing.models import DomesticReverseCharge, TaxTreatment
from billing.rules.vat.default_rows import DOMESTIC_ROWS, KIND_ROWS, RATE_ROWS
from partners.models import TaxRate


def load_default_rows() -> int:
    """Add the default rows of each country and kind that has no row yet; returns how many.

    They are a start, to be confirmed by a tax adviser before the first document.
    """
    added = 0
    rates = set(TaxRate.objects.values_list("country_code", "kind"))
    for row in RATE_ROWS:
        if (row.country, row.kind) not in rates:
            TaxRate.objects.create(rate=row.rate, kind=row.kind, **_dated(row))
            added += 1
    kinds = set(TaxTreatment.objects.values_list("country_code", "kind"))
    for kind in KIND_ROWS:
        if (kind.country, kind.kind) not in kinds:
            TaxTreatment.objects.create(kind=kind.kind, treatment=kind.treatment, **_dated(kind))
            added += 1
    domestic = set(DomesticReverseCharge.objects.values_list("country_code", flat=True))
    for shift in DOMESTIC_ROWS:
        if shift.country not in domestic:
            DomesticReverseCharge.objects.create(
                applies=shift.applies, ground=shift.law, **_dated(shift)
            )
            added += 1
    return added


def _dated(row) -> dict[str, object]:
    return {
        "country_code": row.country,
        "from_date": row.from_date,
        "until_date": row.until_date,
        "source": row.source,
    }
