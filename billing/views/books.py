"""My books: balances to confirm, what is not settled yet, and what is open by days past due."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_lazy, gettext_noop
from django.views.decorators.http import require_http_methods, require_safe

from billing.documents.table_files import CSV, csv_lines
from billing.models import BalanceConfirmation
from billing.queries_accruals import accruals, accruals_complete_until
from billing.queries_ageing import ageing, today_at
from billing.queries_balances import confirmations_of
from billing.queries_books import NotCompleteYet
from billing.queries_statements import pdf_of
from billing.rules.accruals import AccrualLine
from billing.services import balances
from billing.services.balances import Answer, AnswerRefused
from billing.services.downloads import note_download
from billing.stored_files import answer_with
from billing.views.access import ENVIRONMENT
from clearinghouse.money import AmountOutOfRange, from_minor_units, to_minor_units
from clearinghouse.periods import DEFAULT_TIME_ZONE
from partners.models import Partner
from partners.portal import for_partner, partner_of, request_id
from partners.portal_fields import AmountField
from partners.rules.roles import FINANCE, SEE_FINANCE

_ZONE = ZoneInfo(DEFAULT_TIME_ZONE)
_SHOWN = 24
_HEADERS = "supply_month direction counterparty currency price_basis standing records claim".split()


class AsOfForm(forms.Form):
    """An instant of the house's calendar."""

    as_of = forms.DateTimeField(
        label=gettext_lazy("As of"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )


class AnswerForm(forms.Form):
    """Agreed, or the balance that is held instead and why."""

    agrees = forms.ChoiceField(
        label=gettext_lazy("Do your books say the same?"),
        choices=[
            ("yes", gettext_lazy("Yes, we agree")),
            ("no", gettext_lazy("No, ours differ")),
        ],
        widget=forms.RadioSelect,
    )
    amount = AmountField(
        label=gettext_lazy("Your balance"),
        required=False,
        max_digits=18,
        decimal_places=4,
    )
    text = forms.CharField(
        label=gettext_lazy("Why it differs"),
        required=False,
        max_length=balances.LONGEST_ANSWER,
        widget=forms.Textarea({"rows": 3}),
    )

    def __init__(self, asked, *, currency: str):
        super().__init__(asked)
        self.currency = currency

    def clean_amount(self) -> int | None:
        """In minor units; an amount that the currency cannot hold is refused, never rounded."""
        amount: Decimal | None = self.cleaned_data["amount"]
        if amount is None:
            return None
        try:
            minor = to_minor_units(amount, currency=self.currency)
        except AmountOutOfRange as error:
            raise forms.ValidationError(str(error)) from error
        if from_minor_units(minor, currency=self.currency) != amount:
            raise forms.ValidationError(
                gettext("%(currency)s has no such small amounts.") % {"currency": self.currency}
            )
        return minor

    def said(self) -> Answer:
        """What a valid form says."""
        told = self.cleaned_data
        if told["agrees"] == "yes":
            return Answer(agrees=True, text=told["text"])
        return Answer(agrees=False, own_balance_minor=told["amount"], text=told["text"])


@dataclass(frozen=True, slots=True)
class OwnLine:
    """An accrual from the partner's side."""

    supply_month: str
    direction: str
    counterparty: str
    currency: str
    price_basis: str
    standing: str
    sdrs: int
    claim_minor: int


@require_safe
@for_partner(right=SEE_FINANCE)
def home(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Everything that a finance person needs for a month's or year's end."""
    partner, now = partner_of(request), timezone.now()
    form = AsOfForm(request.GET or None)
    as_of = _asked(form, now)
    lines, problem = _accruals(partner, as_of, now)
    if request.GET.get("file") and not problem:
        response = StreamingHttpResponse(
            csv_lines(_HEADERS, (_cells(line) for line in lines)), content_type=CSV
        )
        response["Content-Disposition"] = f'attachment; filename="accruals-{as_of:%Y-%m-%d}.csv"'
        return response
    context = {
        "section": "books",
        "confirmations": _confirmations(partner),
        "as_of": as_of,
        "as_of_text": as_of.astimezone(_ZONE).strftime("%Y-%m-%dT%H:%M"),
        "accruals": lines,
        "problem": problem,
        "aged": ageing(today=today_at(now), environment=ENVIRONMENT, partner=partner),
    }
    return render(request, "portal/books.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_partner(right=SEE_FINANCE, to_write=FINANCE)
def balance(request: HttpRequest, confirmation_id: UUID) -> HttpResponse:
    """One balance, and the form that answers it."""
    own = confirmations_of(partner_of(request), environment=ENVIRONMENT)
    row = get_object_or_404(own, pk=confirmation_id)
    form = AnswerForm(request.POST or None, currency=row.currency)
    if request.method == "POST" and form.is_valid() and _answered(request, row, form):
        return redirect("portal:balance", confirmation_id=confirmation_id)
    context = {"section": "books", "row": row, "form": form}
    return render(request, "portal/balance.html", context, status=422 if form.errors else 200)


@require_safe
@for_partner(right=SEE_FINANCE)
def balance_pdf(request: HttpRequest, confirmation_id: UUID) -> HttpResponse:
    """The stored bytes of the partner's own confirmation."""
    partner = partner_of(request)
    own = confirmations_of(partner, environment=ENVIRONMENT)
    document = get_object_or_404(own, pk=confirmation_id).document
    file = pdf_of(document)
    if file is None:
        raise Http404("the PDF is not rendered yet")
    note_download(
        actor=request.user.get_username(),
        partner=partner,
        object_type="balance_confirmation",
        object_id=document.number,
        now=timezone.now(),
        request_id=request_id(),
    )
    return answer_with(file, name=f"{document.number}.pdf", request=request)


def _confirmations(partner: Partner) -> list[BalanceConfirmation]:
    own = confirmations_of(partner, environment=ENVIRONMENT)
    return list(own.order_by("-id")[:_SHOWN])


def _answered(request: HttpRequest, row, form: AnswerForm) -> bool:
    """Keep it; what is refused is told above the form."""
    by = request.user.get_username()
    try:
        balances.answer(row.pk, form.said(), by=by, now=timezone.now())
    except AnswerRefused as refused:
        form.add_error(None, str(refused))
        return False
    messages.success(request, gettext("Your answer is with the clearing house."))
    return True


def _asked(form: AsOfForm, now: datetime) -> datetime:
    """The instant that was asked for, or the end of the last month."""
    typed = form.cleaned_data["as_of"] if form.is_bound and form.is_valid() else None
    if typed:
        return typed.replace(tzinfo=_ZONE)
    local = now.astimezone(_ZONE)
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _accruals(partner: Partner, as_of: datetime, now: datetime) -> tuple[list[OwnLine], str]:
    try:
        lines = accruals(as_of=as_of, now=now, environment=ENVIRONMENT, partner=partner)
    except NotCompleteYet:
        until = accruals_complete_until(now=now).astimezone(_ZONE)
        told = gettext("That can be read from an hour later on; until %(day)s it can.")
        return [], told % {"day": date_format(until, "LONG_DATETIME_FORMAT")}
    ids = {line.seller for line in lines} | {line.buyer for line in lines}
    names = dict(Partner.objects.filter(pk__in=[i for i in ids if i]).values_list("pk", "name"))
    return [_own(line, partner, names) for line in lines], ""


def _own(line: AccrualLine, partner: Partner, names: dict[UUID, str]) -> OwnLine:
    is_sold = line.seller == partner.pk
    other = line.buyer if is_sold else line.seller
    return OwnLine(
        line.supply_month,
        gettext_noop("You sold") if is_sold else gettext_noop("You bought"),
        names[other] if other else gettext("not known yet"),
        line.currency,
        line.price_basis,
        line.standing,
        line.sdrs,
        line.claim_minor,
    )


def _cells(line: OwnLine) -> tuple[str | int | Decimal, ...]:
    return (
        line.supply_month,
        line.direction,
        line.counterparty,
        line.currency,
        line.price_basis,
        line.standing,
        line.sdrs,
        from_minor_units(line.claim_minor, currency=line.currency),
    )
