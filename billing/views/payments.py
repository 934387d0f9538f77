"""My payments: whom to pay by when, what moved, and the account that the partner is paid on."""

from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.queries_own_payments import (
    instructions_of,
    letters_to,
    payments_of,
    states_of,
    told,
    with_statements,
)
from billing.views.access import ENVIRONMENT
from billing.views.pages import cursor_of
from partners.models import BankDetailChange, Partner
from partners.portal import for_partner, partner_of, user_of
from partners.rules.roles import FINANCE, SEE_FINANCE
from partners.services import bank_changes
from partners.services.bank_changes import NewAccount, NotChangeable

PAGE = 24


@require_safe
@for_partner(right=SEE_FINANCE)
def payment_list(request: HttpRequest) -> HttpResponse:
    """Instructions where partners pay each other; else positions and payments of the house.

    Below them the letters about what was not paid in time.
    """
    partner, before = partner_of(request), cursor_of(request, "before")
    is_direct = settings.MONEY_FLOW == "INSTRUCTION_ONLY"
    own = instructions_of(partner, environment=ENVIRONMENT)
    rows = list((own.filter(id__lt=before) if before else own)[: PAGE + 1]) if is_direct else []
    states = states_of(partner, environment=ENVIRONMENT)
    context = {
        "section": "payments",
        "is_direct": is_direct,
        "instructions": told(rows[:PAGE], to=partner),
        "older": rows[PAGE - 1].pk if len(rows) > PAGE else None,
        "is_first_page": before is None,
        "states": [] if is_direct else with_statements(states)[:PAGE],
        "payments": [] if is_direct else payments_of(partner, environment=ENVIRONMENT)[:PAGE],
        "letters": letters_to(partner, environment=ENVIRONMENT, most=PAGE),
        "changes": _changes_of(partner)[:3],
    }
    return render(request, "portal/payments.html", context)


class AccountForm(forms.Form):
    """The new account, as the bank wrote it."""

    currency = forms.CharField(label=gettext_lazy("Currency"), max_length=3, initial="EUR")
    holder = forms.CharField(label=gettext_lazy("Holder"), max_length=140)
    iban = forms.CharField(label=gettext_lazy("IBAN"), max_length=42)
    bic = forms.CharField(label=gettext_lazy("BIC"), max_length=11, required=False)
    reason = forms.CharField(label=gettext_lazy("Why"), min_length=5, max_length=500)


@require_http_methods(["GET", "HEAD", "POST"])
@for_partner(right=FINANCE)
def change_account(request: HttpRequest) -> HttpResponse:
    """Ask for another account; from then on payouts wait until it was confirmed and tested."""
    form = AccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _asked(request, form):
        return redirect("portal:payments")
    context = {"section": "payments", "form": form}
    return render(request, "portal/account_new.html", context, status=422 if form.errors else 200)


def _asked(request: HttpRequest, form: AccountForm) -> bool:
    said = form.cleaned_data
    wanted = NewAccount(
        partner=partner_of(request),
        currency=said["currency"].upper(),
        holder=said["holder"],
        iban=said["iban"],
        bic=said["bic"],
    )
    try:
        bank_changes.request(wanted, reason=said["reason"], by=user_of(request), now=timezone.now())
    except NotChangeable as refused:
        form.add_error(None, str(refused))
        return False
    messages.success(
        request,
        gettext("Asked for. We call a contact that was on file before; payouts wait meanwhile."),
    )
    return True


@require_POST
@for_partner(right=FINANCE)
def withdraw_change(request: HttpRequest, change_id: UUID) -> HttpResponse:
    """Take the own request back; the account on file stays."""
    change = get_object_or_404(_changes_of(partner_of(request)), pk=change_id)
    try:
        bank_changes.end(
            change.pk,
            reason="withdrawn by the partner",
            by=user_of(request),
            now=timezone.now(),
        )
    except NotChangeable as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, gettext("Withdrawn. You are paid on the account as before."))
    return redirect("portal:payments")


def _changes_of(partner: Partner):
    own = BankDetailChange.objects.filter(partner=partner)
    return own.order_by("-requested_at", "-pk")
