"""My objections: to which statements, what was answered; and the form that raises one."""

from decimal import Decimal
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from billing.models import Document, Objection
from billing.queries_objections import contested, counterparties_in, objections_of
from billing.queries_statements import statements_of, summaries_of
from billing.rules import objection as rules
from billing.rules.objection import ObjectionRefused
from billing.services.objections import Grounds, raise_objection
from billing.views.access import ENVIRONMENT
from billing.views.pages import cursor_of
from clearinghouse.money import AmountOutOfRange, from_minor_units, to_minor_units
from partners.portal import for_partner, partner_of
from partners.portal_fields import AmountField
from partners.rules.roles import FINANCE, SEE_FINANCE

PAGE = 50


class ObjectionForm(forms.Form):
    """What is wrong, how much of it, and with whom or which record."""

    text = forms.CharField(
        label=gettext_lazy("What is wrong?"),
        max_length=rules.LONGEST_TEXT,
        widget=forms.Textarea({"rows": 4}),
    )
    amount = AmountField(
        label=gettext_lazy("How much of it is in doubt"),
        required=False,
        max_digits=15,
        decimal_places=3,
    )
    counterparty = forms.ChoiceField(label=gettext_lazy("With whom"), required=False)
    sdr_id = forms.CharField(
        label=gettext_lazy("SDR id of one record"), required=False, max_length=100
    )

    def __init__(self, asked, *, currency: str, counterparties: dict[str, str]):
        super().__init__(asked)
        self.currency = currency
        self.fields["counterparty"] = forms.ChoiceField(
            label=gettext("With whom"),
            required=False,
            choices=[("", gettext("Nobody in particular"))]
            + [(code, f"{name} ({code})") for code, name in counterparties.items()],
        )

    def clean_amount(self) -> int | None:
        """In minor units; an amount that the currency cannot hold is refused, never rounded."""
        amount: Decimal | None = self.cleaned_data["amount"]
        if amount is None:
            return None
        try:
            minor = to_minor_units(amount, currency=self.currency)
        except AmountOutOfRange as error:
            raise forms.ValidationError(str(error)) from error
        if minor <= 0 or from_minor_units(minor, currency=self.currency) != amount:
            raise forms.ValidationError(
                gettext("Enter an amount above zero in %(currency)s.") % {"currency": self.currency}
            )
        return minor

    def grounds(self) -> Grounds:
        """What a valid form says."""
        said = self.cleaned_data
        return Grounds(
            text=said["text"],
            amount_minor=said["amount"],
            counterparty=said["counterparty"],
            sdr_id=said["sdr_id"],
        )


@require_safe
@for_partner(right=SEE_FINANCE)
def objection_list(request: HttpRequest) -> HttpResponse:
    """The partner's own, newest first, by keyset."""
    own = objections_of(partner_of(request), environment=ENVIRONMENT).order_by("-id")
    if before := cursor_of(request, "before"):
        own = own.filter(id__lt=before)
    rows = list(own[: PAGE + 1])
    context = {
        "section": "statements",
        "objections": _told(rows[:PAGE]),
        "older": rows[PAGE - 1].pk if len(rows) > PAGE else None,
        "is_first_page": before is None,
    }
    return render(request, "portal/objections.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_partner(right=SEE_FINANCE, to_write=FINANCE)
def object_to(request: HttpRequest, document_id: UUID) -> HttpResponse:
    """One statement of the partner's: its objections, and the form while one is possible."""
    partner = partner_of(request)
    own = statements_of(partner, environment=ENVIRONMENT, statuses=["FINAL", "PROVISIONAL"])
    document = get_object_or_404(own, id=document_id)
    [statement] = summaries_of(own.filter(id=document_id), partner=partner)
    statement_now, now = contested(document), timezone.now()
    try:
        rules.refuse_raising(statement_now, at=now)
        closed = ""
    except ObjectionRefused as refused:
        closed = str(refused)
    form = ObjectionForm(
        request.POST or None,
        currency=statement.currency,
        counterparties=counterparties_in(document),
    )
    if request.method == "POST" and form.is_valid() and _raised(request, document, form):
        return redirect("portal:object", document_id=document_id)
    mine = objections_of(partner, environment=ENVIRONMENT).filter(document=document)
    context = {
        "section": "statements",
        "statement": statement,
        "form": form,
        "closed": closed,
        "until_at": statement_now.until_at,
        "objections": _told(list(mine.order_by("-id")[:PAGE])),
    }
    status = 422 if form.errors else 200
    return render(request, "portal/objection_new.html", context, status=status)


def _raised(request: HttpRequest, document: Document, form: ObjectionForm) -> bool:
    """Raise it; what is refused is told above the form."""
    by = request.user.get_username()
    try:
        raise_objection(document, form.grounds(), by=by, now=timezone.now())
    except ObjectionRefused as refused:
        form.add_error(None, str(refused))
        return False
    messages.success(
        request, gettext("Your objection is with the clearing house; its answer appears here.")
    )
    return True


def _told(objections: list[Objection]) -> list[tuple[Objection, str]]:
    """Each with what comes next."""
    return [(one, rules.next_step(one.state, one.remedy)) for one in objections]
