"""Partners: their life, what is true of them from when on, and where they are paid."""

from datetime import datetime
from functools import partial

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from stdnum import iban as iban_numbers
from stdnum.exceptions import ValidationError as WrongIban
from unfold.admin import StackedInline
from unfold.contrib.filters.admin import DropdownFilter, RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.forms import PaginationInlineFormSet

from partners import queries, viewing
from partners.admin.base import EvidenceInline, HouseAdmin
from partners.admin.confirm import Question, ask
from partners.admin.life import STATE_TONES, LifePages, next_step
from partners.admin.tax import TaxRegistrationInline, TaxStatusInline
from partners.models import (
    ApiClient,
    BankAccount,
    GroupMembership,
    ParticipationContract,
    Partner,
    PartnerFacts,
    PartnerState,
    PartyOwnership,
    User,
)
from partners.rules.life import LEFT
from partners.services import life


class StateFilter(DropdownFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [*PartnerState.State.choices, (LEFT, "Leaving, service ended")]

    def queryset(self, request, queryset):
        wanted = self.value()
        if not wanted:
            return queryset
        now = timezone.now()
        if wanted != LEFT:
            return queryset.filter(state_now=wanted)
        ends_at = queries.service_end_of_partner("pk", now=now)
        return queryset.annotate(ends_at=ends_at).filter(
            state_now=PartnerState.State.LEAVING, ends_at__lte=now
        )


class StateInline(EvidenceInline):
    """The steps so far; the next one is taken on the page of its life."""

    model = PartnerState
    fields = ("state", "starts_at", "service_ends_at", "reason", "actor")
    ordering = ("-starts_at",)
    verbose_name_plural = "life"


class FactsFormSet(PaginationInlineFormSet):
    """The theme's stacked forms show no error of a whole row; the form set tells it for them."""

    def clean(self) -> None:
        super().clean()
        told = [error for form in self.forms for error in form.non_field_errors()]
        if told:
            raise ValidationError(told)


class PartnerFactsInline(StackedInline):
    model = PartnerFacts
    formset = FactsFormSet
    fields = (
        "legal_name",
        "street",
        ("postal_code", "city"),
        ("country_code", "vat_number"),
        "email",
        "starts_at",
        "ends_at",
    )
    ordering = ("-starts_at",)
    extra = 0
    can_delete = False
    tab = True
    verbose_name_plural = "legal facts"


class PartyInline(EvidenceInline):
    model = PartyOwnership
    fields = ("party", "starts_at", "ends_at")
    show_change_link = True
    verbose_name_plural = "parties"

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("party", "partner")


class ContractInline(EvidenceInline):
    model = ParticipationContract
    fields = ("number", "has_netting_clause", "exposure_cap_minor", "starts_at", "ends_at")
    show_change_link = True
    verbose_name_plural = "contracts"


class BankAccountInline(EvidenceInline):
    model = BankAccount
    fields = ("currency", "holder", "masked_iban", "bic", "starts_at", "ends_at")
    readonly_fields = ("masked_iban",)
    show_change_link = True
    verbose_name_plural = "bank accounts"


class ClientInline(EvidenceInline):
    model = ApiClient
    fields = ("name", "client_id", "environment", "scopes", "created")
    readonly_fields = ("created",)
    show_change_link = True
    verbose_name_plural = "API clients"


class UserInline(EvidenceInline):
    model = User
    fk_name = "partner"
    fields = ("username", "email", "is_active", "last_login")
    readonly_fields = ("last_login",)
    show_change_link = True
    verbose_name_plural = "logins"


@admin.register(Partner)
class PartnerAdmin(HouseAdmin):
    list_display = ("name", "state_now", "country", "parties", "created_at")
    search_fields = ("name", "facts__legal_name", "facts__vat_number")
    search_help_text = "Name, legal name or VAT number"
    ordering = ("name", "pk")
    list_filter = (StateFilter,)
    actions_detail = ("to_life", "view_as")
    empty_text = (
        "A partner is a company that signed with us; its parties, contract and logins come"
        " after it."
    )
    readonly_fields = ("state_now", "life_now", "legal_now", "parties_now", "groups_now")
    inlines = (
        StateInline,
        PartnerFactsInline,
        TaxRegistrationInline,
        TaxStatusInline,
        PartyInline,
        ContractInline,
        BankAccountInline,
        ClientInline,
        UserInline,
    )

    def get_urls(self):
        return [*LifePages(self).urls(), *super().get_urls()]

    @action(description="Its life", url_path="to-life", icon="timeline")
    def to_life(self, request, object_id):
        """Where it stands, the next step, and what that lacks."""
        partner = self.get_object(request, object_id)
        if partner is None or partner.is_clearing_house:
            raise Http404
        return HttpResponseRedirect(reverse("admin:partners_partner_life", args=[partner.pk]))

    @action(
        description="View as partner…",
        url_path="view-as",
        icon="visibility",
        permissions=["view_as"],
    )
    def view_as(self, request, object_id):
        partner = self.get_object(request, object_id)
        if partner is None or partner.is_clearing_house:
            raise Http404
        return ask(
            request,
            self,
            partner,
            Question(
                title=f"Look at the portal as {partner.name} sees it?",
                sentence="For an hour you see its pages and can change nothing. The audit trail"
                " keeps that you looked and why, and each file that you download.",
                button="Look",
                act=partial(_view_as, request, partner),
            ),
        )

    def has_view_as_permission(self, request, object_id=None) -> bool:
        # By a method: a right that is named the theme looks up before there is a database.
        return request.user.has_perm(viewing.RIGHT)

    def save_model(self, request, obj, form, change):
        """A new one is a prospect: its life begins with it."""
        super().save_model(request, obj, form, change)
        if not change:
            life.step(
                obj,
                PartnerState.State.PROSPECT,
                reason="entered",
                actor=request.user.get_username(),
                now=timezone.now(),
            )

    def get_queryset(self, request):
        now = timezone.now()
        queryset = super().get_queryset(request)
        return queryset.annotate(state_now=queries.state_of_partner("pk", now=now))

    def dressed(self, rows) -> list:
        partners = [partner.pk for partner in rows]
        now = timezone.now()
        facts = PartnerFacts.objects.filter(queries.in_period(now), partner__in=partners)
        owned = PartyOwnership.objects.filter(
            queries.in_period(now), partner__in=partners
        ).select_related("party")
        countries = dict(facts.values_list("partner", "country_code"))
        codes: dict[object, list[str]] = {}
        for ownership in owned:
            codes.setdefault(ownership.partner_id, []).append(str(ownership.party))
        for partner in rows:
            partner.country_now = countries.get(partner.pk, "")
            partner.party_codes = sorted(codes.get(partner.pk, []))
        return rows

    def get_fields(self, request, obj=None):
        if obj is None:
            return ["name"]
        return ["name", *(name for name in self.readonly_fields if name != "state_now")]

    def get_object(self, request, object_id, from_field=None):
        partner = super().get_object(request, object_id, from_field)
        if partner is not None:
            # Once: the theme asks for each value several times.
            partner.told = _today(partner)
        return partner

    @display(description="Life")
    def life_now(self, partner) -> str:
        """Where it stands and what comes next; the page of its life does it."""
        return partner.told["life"]

    @display(description="Legally, today")
    def legal_now(self, partner) -> str:
        return partner.told["legal"]

    @display(description="Parties, today")
    def parties_now(self, partner) -> str:
        return partner.told["parties"]

    @display(description="Settles in")
    def groups_now(self, partner) -> str:
        return partner.told["groups"]

    @display(description="State", label=STATE_TONES)
    def state_now(self, partner) -> str:
        return "HOUSE" if partner.is_clearing_house else (partner.state_now or "NO STATE YET")

    @display(description="Country")
    def country(self, partner) -> str:
        return partner.country_now

    @display(description="Parties")
    def parties(self, partner) -> str:
        return ", ".join(partner.party_codes)

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


def _view_as(request, partner: Partner, answers):
    viewing.start(request, partner, reason=answers["reason"], now=timezone.now())
    return HttpResponseRedirect(reverse("portal:home"))


def _today(partner: Partner) -> dict[str, str]:
    """What holds now of the partner's dated facts, in words."""
    now = timezone.now()
    facts = queries.facts_of(partner, now=now)
    owned = partner.ownerships.filter(queries.in_period(now)).select_related("party")
    joined = GroupMembership.objects.filter(contract__partner=partner).select_related("group")
    return {
        "life": _life(partner, now),
        "legal": _legal(facts) if facts else "no facts yet: add them under “Legal facts”",
        "parties": ", ".join(str(one.party) for one in owned) or "none",
        "groups": ", ".join(str(one.group) for one in joined) or "no settlement group yet",
    }


def _life(partner: Partner, now: datetime) -> str:
    if partner.is_clearing_house:
        return "The clearing house itself."
    url = reverse("admin:partners_partner_life", args=[partner.pk])
    text = "to its life, with every step"
    return format_html('{} <a class="ch-link" href="{}">{}</a>', next_step(partner, now), url, text)


def _legal(facts: PartnerFacts) -> str:
    place = f"{facts.postal_code} {facts.city}".strip()
    parts = (facts.legal_name, facts.street, place, facts.country_code, facts.vat_number)
    return ", ".join(part for part in parts if part)


class BankAccountForm(forms.ModelForm):
    class Meta:
        model = BankAccount
        fields = ("partner", "currency", "holder", "iban", "bic", "starts_at", "ends_at")

    def clean_iban(self) -> str:
        try:
            return iban_numbers.validate(self.cleaned_data["iban"])
        except WrongIban as error:
            raise forms.ValidationError(
                f"This is not a valid IBAN ({error}). Copy it from the bank's letter."
            ) from error

    def clean(self):
        """The first account is entered; from then on it takes a change with a second person."""
        entered = super().clean() or {}
        partner, currency = entered.get("partner"), entered.get("currency")
        if self.instance._state.adding and partner and not partner.is_clearing_house:
            known = BankAccount.objects.filter(partner=partner, currency=currency)
            if known.exists():
                raise forms.ValidationError(
                    f"{partner} has an account in {currency}. Ask for a change of bank details: it"
                    " is called back, approved by a second person, cooled and tested."
                )
        return entered


@admin.register(BankAccount)
class BankAccountAdmin(HouseAdmin):
    """The IBAN is typed once and then shown masked; a wrong one is ended and replaced."""

    form = BankAccountForm
    list_display = ("partner", "currency", "masked", "holder", "starts_at", "ends_at")
    list_select_related = ("partner",)
    list_filter = (("partner", RelatedDropdownFilter),)
    ordering = ("partner__name", "currency", "pk")
    empty_text = (
        "Payouts go nowhere without an account: enter the one from the contract, in its currency."
    )
    autocomplete_fields = ("partner",)

    def get_fields(self, request, obj=None):
        if obj is None:
            return ["partner", "currency", "holder", "iban", "bic", "starts_at", "ends_at"]
        return ["partner", "currency", "holder", "masked", "bic", "starts_at", "ends_at"]

    def get_readonly_fields(self, request, obj=None):
        return [name for name in self.get_fields(request, obj) if name != "ends_at"] if obj else []

    @display(description="IBAN")
    def masked(self, account) -> str:
        return account.masked_iban

    def has_delete_permission(self, request, obj=None) -> bool:
        return False
