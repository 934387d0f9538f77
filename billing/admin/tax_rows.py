"""VAT as dated rows: rates, treatments of parking and reservation, domestic reverse charge."""

from django import forms
from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from billing.admin.amounts import percent
from billing.models import DomesticReverseCharge, TaxTreatment
from billing.services.tax_facts import last_use
from partners.admin.base import HouseAdmin
from partners.models import TaxRate


class CountryForm(forms.ModelForm):
    """Countries by their two letters, in capitals, as everywhere."""

    def clean_country_code(self) -> str:
        code = self.cleaned_data["country_code"].strip().upper()
        if not (len(code) == 2 and code.isascii() and code.isalpha()):
            raise forms.ValidationError("Write the two letters of ISO 3166-1, e.g. DE.")
        return code


class _Dated(HouseAdmin):
    """A row holds from a day to a day; a new law is a new row, so documents keep theirs."""

    form = CountryForm
    ordering = ("country_code", "-from_date", "pk")
    search_fields = ("country_code", "source")
    search_help_text = "Country or source"
    empty_text = (
        "VAT is decided by dated rows, never guessed: add what the country's law says, with"
        " its source."
    )

    def get_readonly_fields(self, request, obj=None):
        # Decisions were taken by it: it is ended, and the next row added.
        keeps = ("until_date", "id")
        return [f.name for f in obj._meta.fields if f.name not in keeps] if obj else ()

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


class TaxRateForm(CountryForm):
    """A rate that was used ends after the last day of its use."""

    class Meta:
        model = TaxRate
        fields = "__all__"  # noqa: DJ007 every column is staff's to set
        help_texts = {
            "country_code": "two letters of ISO 3166-1, e.g. DE",
            "until_date": "empty while it holds; the next rate is the next row",
            "rate": "as a fraction: 0.19 is 19 %",
        }

    def clean_until_date(self):
        until = self.cleaned_data["until_date"]
        last = last_use(self.instance)
        if until and last and until <= last:
            raise forms.ValidationError(
                f"A settlement used this rate for {last}. End it after that day; what was settled"
                " at a wrong rate is answered by a correction."
            )
        return until


@admin.register(TaxRate)
class TaxRateAdmin(_Dated):
    form = TaxRateForm
    list_display = ("country_code", "kind", "rate_told", "from_date", "until_date", "source")
    list_filter = (("kind", ChoicesDropdownFilter),)

    @display(description="Rate")
    def rate_told(self, row) -> str:
        return percent(row.rate)


@admin.register(TaxTreatment)
class TaxTreatmentAdmin(_Dated):
    list_display = ("country_code", "kind", "treatment", "from_date", "until_date", "source")
    list_filter = (("kind", ChoicesDropdownFilter),)


@admin.register(DomesticReverseCharge)
class DomesticReverseChargeAdmin(_Dated):
    list_display = ("country_code", "applies", "ground", "from_date", "until_date", "source")
