"""Single payments, down to the position and the records behind it; and mandates."""

from django import forms
from django.contrib import admin
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from billing.admin.amounts import amount
from billing.admin.close import name_of
from billing.admin.figures import rows_url
from billing.admin.payment_file import PAYMENT_TONES
from billing.messages.sepa_text import NotSendable, account_number, bank_code
from billing.models import ClearedSdr, DebitMandate, Payment
from billing.rules.payment_dates import mandate_ends
from billing.rules.payment_states import Told, follow_up
from partners.admin.base import EvidenceAdmin, HouseAdmin
from partners.admin.story import (
    WARN,
    ActionLink,
    Facts,
    Figure,
    Figures,
    Note,
    Step,
    Story,
    Timeline,
    link,
)
from partners.admin_paging import KeysetPaging

_TOLD = {
    Told.BANK_DATA: "The account is wrong or closed. Ask the partner for a new one; until its"
    " change of bank details is effective, nothing is proposed for it.",
    Told.RETRY: "There was no money. It is debited once more after five business days.",
    Told.MANDATE: "The debtor's bank knows no such mandate. It was ended; the partner pays by"
    " transfer or signs a new one.",
    Told.CONTACT: "The bank says no more. Ask the partner or the bank.",
    Told.ALARM: "The bank took it for a duplicate. Find out whether it was paid before.",
}


@admin.register(Payment)
class PaymentAdmin(KeysetPaging, EvidenceAdmin):
    list_display = (
        "partner",
        "money",
        "purpose_told",
        "state_label",
        "reason_code",
        "end_to_end_id",
    )
    list_select_related = ("partner", "file", "position__settlement__window__group", "mandate")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("purpose", ChoicesDropdownFilter),
        ("partner", RelatedDropdownFilter),
    )
    search_fields = ("=end_to_end_id", "=reason_code")
    search_help_text = "EndToEndId or reason code (AC04)"
    empty_text = "Payments come with payment files."

    def get_queryset(self, request):
        return super().get_queryset(request).defer("file__content")

    @display(description="Amount")
    def money(self, row) -> str:
        return amount(row.amount_minor, row.currency)

    @display(description="For")
    def purpose_told(self, row) -> str:
        return row.get_purpose_display()

    @display(description="State", label=PAYMENT_TONES)
    def state_label(self, row) -> str:
        return row.state

    def name_of(self, row) -> str:
        return f"{self.money(row)}, {row.partner}"

    def story(self, request, obj) -> Story:
        events = obj.events.order_by("at", "pk")
        steps = [
            Step(event.at, f"{event.to_state} {event.reason_code}".strip(), event.source)
            for event in events
        ]
        return Story(
            [
                *_what_to_do(obj),
                Figures([Figure("Amount", self.money(obj), self.purpose_told(obj))]),
                Facts(
                    "Payment",
                    [
                        ("Partner", link(obj.partner)),
                        ("Holder", obj.holder),
                        ("Account", f"{obj.iban[:2]} … {obj.iban[-4:]}"),
                        ("BIC", obj.bic),
                        ("EndToEndId", obj.end_to_end_id),
                        ("What the other side reads", obj.remittance),
                        ("Mandate", link(obj.mandate) if obj.mandate else None),
                        ("File", link(obj.file)),
                        ("State", obj.state),
                    ],
                ),
                Timeline("What happened", steps),
            ],
            _down(obj),
        )


def _what_to_do(payment: Payment) -> list[Note]:
    if payment.state not in ("REJECTED", "RETURNED"):
        return []
    told = _TOLD[follow_up(payment.reason_code)]
    return [Note(told, tone=WARN, title=payment.reason_code or "No reason given")]


def _down(payment: Payment) -> list[ActionLink]:
    """From the payment to its position, and to the records that it settles."""
    position = payment.position
    if position is None:
        return []
    window = position.settlement.window
    records = {
        f"Records {label}": rows_url(ClearedSdr, window=window.pk, **{f"{side}__id__exact": who})
        for label, side, who in (
            ("it sold", "seller_partner", payment.partner_id),
            ("it bought", "buyer_partner", payment.partner_id),
        )
    }
    of_position = rows_url(type(position), settlement__id__exact=position.settlement_id)
    return [
        ActionLink(f"Positions of {name_of(window)}", of_position),
        *(ActionLink(label, url) for label, url in records.items()),
    ]


class MandateForm(forms.ModelForm):
    """As it was signed; the bank's confirmation comes later."""

    class Meta:
        model = DebitMandate
        fields = (
            "partner",
            "environment",
            "reference",
            "holder",
            "iban",
            "bic",
            "signed_date",
            "prenotice_days",
            "registered_date",
            "cancelled_date",
            "cancel_reason",
        )

    def clean_iban(self) -> str:
        return _checked(account_number, self.cleaned_data["iban"])

    def clean_bic(self) -> str:
        return _checked(bank_code, self.cleaned_data["bic"])


def _checked(check, text: str) -> str:
    try:
        return check(text)
    except NotSendable as error:
        raise forms.ValidationError(str(error)) from error


_LATER = ("registered_date", "cancelled_date", "cancel_reason")


@admin.register(DebitMandate)
class DebitMandateAdmin(HouseAdmin):
    """What was signed is never changed: only registered, or cancelled with a reason."""

    form = MandateForm
    list_display = ("partner", "reference", "state_now", "masked", "signed_date", "last_used_date")
    list_select_related = ("partner",)
    list_filter = (("partner", RelatedDropdownFilter), ("environment", ChoicesDropdownFilter))
    ordering = ("partner__name", "-signed_date", "pk")
    empty_text = (
        "Nothing is collected without a signed mandate: register the paper of a partner that owes."
    )
    autocomplete_fields = ("partner",)

    def get_fields(self, request, obj=None):
        if obj is None:
            return [name for name in MandateForm.Meta.fields if not name.startswith("cancel")]
        shown = ["masked" if name == "iban" else name for name in MandateForm.Meta.fields]
        return ["state_now", *shown, "last_used_date"]

    def get_readonly_fields(self, request, obj=None):
        fields = self.get_fields(request, obj)
        return [name for name in fields if name not in _LATER] if obj else []

    @display(description="IBAN")
    def masked(self, row) -> str:
        return f"{row.iban[:2]} … {row.iban[-4:]}"

    @display(description="State", label={"USABLE": "success", "EXPIRED": "danger"})
    def state_now(self, row) -> str:
        """USABLE, or why it is not; 36 months without use end it."""
        today = timezone.localdate()
        if row.cancelled_date:
            return "CANCELLED"
        if mandate_ends(row.signed_date, row.last_used_date) <= today:
            return "EXPIRED"
        return "USABLE" if row.registered_date else "NOT REGISTERED"

    def has_delete_permission(self, request, obj=None) -> bool:
        return False
