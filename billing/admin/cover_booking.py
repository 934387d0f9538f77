"""Cover of partners, booked by two persons: prefund and deposit that came in or are paid back."""

from functools import partial

from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from billing.admin.amounts import amount
from billing.admin.figures import rows_url
from billing.admin.two_persons import STATE_TONES, TwoPersons, told_state
from billing.models import Account, CoverBooking, Transfer
from billing.services import cover, cover_bookings
from billing.services.cover_bookings import Cover, NotBookable
from clearinghouse.money import AmountOutOfRange, from_minor_units, to_minor_units
from partners.admin.base import EvidenceAdmin
from partners.admin.confirm import NotPossible, Question, ReasonForm, ask, change_url
from partners.admin.story import ActionLink, Facts, Figure, Figures, Story, link
from partners.admin_paging import KeysetPaging
from partners.models import Partner, SettlementGroup
from partners.services import audit
from partners.services.approvals import NotDecidable

_ACCOUNTS = (cover.PREFUND, cover.DEPOSIT, cover.DEFAULT_FUND)
_LIST = "admin:billing_coverbooking_changelist"


class CoverForm(ReasonForm):
    """Whose cover, where it stands, how much, and under which reference the bank knows it."""

    partner = forms.ModelChoiceField(Partner.objects.none(), widget=UnfoldAdminSelectWidget)
    direction = forms.ChoiceField(
        choices=CoverBooking.Direction.choices, widget=UnfoldAdminSelectWidget
    )
    account = forms.ChoiceField(
        choices=[(code, Account.Code(code).label) for code in _ACCOUNTS],
        widget=UnfoldAdminSelectWidget,
    )
    currency = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    amount = forms.DecimalField(
        max_digits=15,
        decimal_places=3,
        min_value=0,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text="Above zero, e.g. 5000.00.",
    )
    reference = forms.CharField(
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
        help_text="The bank's, as it stands on the statement of account; it is booked once.",
    )
    field_order = ("partner", "direction", "account", "currency", "amount", "reference", "reason")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["partner"].queryset = Partner.objects.order_by("is_clearing_house", "name")  # type: ignore[attr-defined]
        settled = SettlementGroup.objects.order_by("environment", "currency")
        pairs = settled.values_list("currency", "environment").distinct()
        self.fields["currency"].choices = [  # type: ignore[attr-defined]
            (f"{currency} {environment}", f"{currency} ({environment})")
            for currency, environment in pairs
        ]

    def clean(self):
        super().clean()
        wanted = self.cleaned_data
        if wanted.get("amount") is None or not wanted.get("currency"):
            return wanted
        currency, _, environment = wanted["currency"].partition(" ")
        try:
            minor = to_minor_units(wanted["amount"], currency=currency)
        except AmountOutOfRange as error:
            self.add_error("amount", str(error))
            return wanted
        if minor <= 0 or from_minor_units(minor, currency=currency) != wanted["amount"]:
            self.add_error("amount", f"Enter an amount above zero in {currency}.")
        return wanted | {"code": currency, "environment": environment, "amount_minor": minor}


@admin.register(CoverBooking)
class CoverBookingAdmin(TwoPersons, KeysetPaging, EvidenceAdmin):
    list_display = (
        "partner",
        "money",
        "direction_told",
        "account_told",
        "state_label",
        "reference",
        "requested_at",
    )
    list_select_related = ("partner", "approval__maker", "approval__checker")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("direction", ChoicesDropdownFilter),
        ("partner", RelatedDropdownFilter),
    )
    empty_text = "Cover is asked for by one person and posted by another."
    change_list_template = "admin/billing/cover_bookings.html"

    @display(description="Amount")
    def money(self, row) -> str:
        return amount(row.amount_minor, row.currency)

    @display(description="Direction")
    def direction_told(self, row) -> str:
        return row.get_direction_display()

    @display(description="Account")
    def account_told(self, row) -> str:
        return Account.Code(row.account).label

    @display(description="State", label=STATE_TONES)
    def state_label(self, row) -> str:
        return told_state(row, timezone.now())

    def name_of(self, row) -> str:
        return f"{self.money(row)} of cover for {row.partner}"

    def story(self, request, obj) -> Story:
        notes, actions = self.waiting(request, obj)
        return Story(
            [*notes, self._figures(obj), self._facts(obj)],
            [
                *actions,
                ActionLink(
                    "Cover accounts",
                    rows_url(Account, partner__id__exact=obj.partner_id, code__startswith="24"),
                ),
            ],
        )

    def _figures(self, row) -> Figures:
        """The balance as it is, and what it comes to where the booking still waits."""
        held = cover.balance_minor(
            row.partner, row.account, currency=row.currency, environment=row.environment
        )
        figures = [
            Figure("Amount", self.money(row), row.get_direction_display().lower()),
            Figure("Held now", amount(held, row.currency), self.account_told(row)),
        ]
        if row.state == CoverBooking.State.REQUESTED:
            is_in = row.direction == CoverBooking.Direction.IN
            after = held + (row.amount_minor if is_in else -row.amount_minor)
            figures.append(Figure("Held once posted", amount(after, row.currency)))
        return Figures(figures)

    def _facts(self, row) -> Facts:
        transfer = Transfer.objects.filter(event_key=f"cover:{row.reference}").first()
        is_posted = row.state == CoverBooking.State.POSTED
        return Facts(
            "Booking",
            [
                ("Partner", link(row.partner)),
                ("Account", self.account_told(row)),
                ("Bank's reference", row.reference),
                ("Reason", row.reason),
                ("State", self.state_label(row)),
                ("Asked for by", row.approval.maker),
                ("Asked for", row.requested_at),
                ("Decided by", row.approval.checker),
                ("Posted", row.posted_at),
                ("Transfer", link(transfer) if transfer and is_posted else None),
                ("Environment", row.environment),
            ],
        )

    def ask_view(self, request):
        """One person asks."""
        self.refuse_others(request)
        question = Question(
            title="Book cover of a partner",
            sentence="For money that the bank shows, in or out. A second person posts it; from then"
            " on it raises or lowers the partner's limit.",
            button="Ask a second person",
            form_class=CoverForm,
            act=partial(_request, request),
        )
        return ask(request, self, None, question, back_url=reverse(_LIST))

    def question(self, request, row, *, approve: bool) -> Question:
        verb = "Post" if approve else "Refuse"
        return Question(
            title=f"{verb} {self.money(row)} of cover for {row.partner}?",
            sentence=f"“{row.reason}” Compare it with the bank's statement of account; only another"
            " booking takes it back."
            if approve
            else "It is not posted. Who asked can ask anew.",
            button=verb,
            effect=[self._figures(row), self._facts(row)],
            is_dangerous=approve,
            act=partial(_act, request, row, approve),
        )


def may_book(request) -> bool:
    return request.user.has_perm("billing.change_coverbooking")


def _request(request, answers):
    now = timezone.now()
    wanted = Cover(
        partner=answers["partner"],
        account=answers["account"],
        direction=answers["direction"],
        amount_minor=answers["amount_minor"],
        currency=answers["code"],
        environment=answers["environment"],
        reference=answers["reference"],
    )
    try:
        with transaction.atomic():
            row = cover_bookings.request(
                wanted, reason=answers["reason"], maker=request.user, now=now
            )
            _note("cover.requested", row, request, answers["reason"], now)
    except NotBookable as error:
        raise NotPossible(str(error)) from error
    return HttpResponseRedirect(change_url(row))


def _act(request, row: CoverBooking, approve: bool, answers) -> str:
    now = timezone.now()
    try:
        with transaction.atomic():
            cover_bookings.decide(row.pk, approve=approve, checker=request.user, now=now)
            verb = "posted" if approve else "refused"
            _note(f"cover.{verb}", row, request, answers["reason"], now)
    except (NotBookable, NotDecidable) as error:
        raise NotPossible(f"Nothing was changed: {error}") from error
    return "Posted: the next reading counts it." if approve else "Refused."


def _note(action: str, row: CoverBooking, request, reason: str, now) -> None:
    audit.record(action, row, actor=request.user.get_username(), at=now, reason=reason)
