"""Enter the tax rows that a new installation starts with; what somebody entered is left alone."""

from billing.models import DomesticReverseCharge, TaxTreatment
from billing.rules.vat.default_rows import DOMESTIC_ROWS, KIND_ROWS, RATE_ROWS
from partners.models import TaxRate


def load_default_rows() -> int:
    """Add the default rows of each country and kind that has no row yet; returns how many.

    They are a start, to be confirmed by a tax adviser before the first document.
    """
    rates = set(TaxRate.objects.values_list("country_code", "kind"))
    new_rates = [
        TaxRate(rate=row.rate, kind=row.kind, **_dated(row))
        for row in RATE_ROWS
        if (row.country, row.kind) not in rates
    ]
    kinds = set(TaxTreatment.objects.values_list("country_code", "kind"))
    new_treatments = [
        TaxTreatment(kind=row.kind, treatment=row.treatment, **_dated(row))
        for row in KIND_ROWS
        if (row.country, row.kind) not in kinds
    ]
    countries = set(DomesticReverseCharge.objects.values_list("country_code", flat=True))
    new_shifts = [
        DomesticReverseCharge(applies=row.applies, ground=row.law, **_dated(row))
        for row in DOMESTIC_ROWS
        if row.country not in countries
    ]
    TaxRate.objects.bulk_create(new_rates)
    TaxTreatment.objects.bulk_create(new_treatments)
    DomesticReverseCharge.objects.bulk_create(new_shifts)
    return len(new_rates) + len(new_treatments) + len(new_shifts)


def _dated(row) -> dict[str, object]:
    return {
        "country_code": row.country,
        "from_date": row.from_date,
        "until_date": row.until_date,
        "source": row.source,
    }
