"""Tax facts on a partner's page: registrations with the check that proved them, and statuses."""

from unfold.admin import StackedInline, TabularInline

from partners.models import TaxRegistration, TaxStatus


class TaxRegistrationInline(StackedInline):
    """Shifting the tax needs a recorded check; a number alone proves nothing."""

    model = TaxRegistration
    fields = (
        ("country_code", "vat_number"),
        ("check_number", "check_date"),
        ("from_date", "until_date"),
    )
    ordering = ("country_code", "-from_date")
    extra = 0
    can_delete = False
    tab = True
    verbose_name_plural = "VAT registrations"


class TaxStatusInline(TabularInline):
    model = TaxStatus
    fields = ("kind", "country_code", "proof", "exemption_code", "from_date", "until_date")
    ordering = ("kind", "-from_date")
    extra = 0
    can_delete = False
    tab = True
    verbose_name_plural = "tax statuses"
