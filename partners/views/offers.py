"""Offers of agreements: made, read, and answered by the other side."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.models import AgreementOffer, Party, RoamingAgreement
from partners.portal import for_partner, may, partner_of, user_of
from partners.queries_offers import agreements_of, groups_of, newest_version, offers_of, own_parties
from partners.rules import offers as rules
from partners.rules.roles import AGREE
from partners.services import offer_answers, offers
from partners.services.offers import OfferRefused, Wanted
from partners.views.agreement_forms import (
    NextVersionForm,
    OfferForm,
    TermsForm,
    as_in,
    usual,
)
from partners.views.agreement_words import STATES, terms_of
from partners.views.agreements import ENVIRONMENT, PAGE, uuid_or_none

_ANSWERED = ("ACCEPTED", "DECLINED", "COUNTERED")
_DONE = {
    "accept": gettext_lazy("Accepted: the agreement is signed, and the other side is told."),
    "decline": gettext_lazy("Declined: the other side reads why."),
    "withdraw": gettext_lazy("Withdrawn: nobody can accept it any more."),
}
# Of the newest agreements, whose other sides are suggested.
_KNOWN = 200


@dataclass(frozen=True, slots=True)
class OfferLine:
    """An offer as its own side sees it. ``other_name`` is empty where it may not be known yet."""

    offer: AgreementOffer
    is_mine: bool
    other_name: str
    other_code: str
    sells: bool
    state: str
    state_words: str


@require_safe
@for_partner
def offer_list(request: HttpRequest) -> HttpResponse:
    """Made and got, by keyset, the newest first."""
    now = timezone.now()
    found = _offers(request, now)
    if after := uuid_or_none(request.GET.get("after", "")):
        found = found.filter(pk__lt=after)
    page = list(found.order_by("-pk")[: PAGE + 1])
    context = {
        "section": "agreements",
        "shown": "offers",
        "lines": [_line(one, now=now) for one in page[:PAGE]],
        "further": page[PAGE - 1].pk if len(page) > PAGE else "",
        "may_agree": may(request, AGREE),
    }
    return render(request, "portal/offers.html", context)


@require_safe
@for_partner
def offer(request: HttpRequest, offer_id: UUID) -> HttpResponse:
    return _page(request, _found(request, offer_id))


@require_POST
@for_partner(right=AGREE)
def answer(request: HttpRequest, offer_id: UUID, verb: str) -> HttpResponse:
    """Accept, decline or withdraw; who it is for is checked by the service."""
    found = _found(request, offer_id)
    by, now = user_of(request), timezone.now()
    try:
        if verb == "accept":
            offer_answers.accept(found.pk, by=by, now=now)
        elif verb == "decline":
            reason = request.POST.get("reason", "").replace("\0", "")
            offer_answers.decline(found.pk, reason=reason, by=by, now=now)
        elif verb == "withdraw":
            offer_answers.withdraw(found.pk, by=by, now=now)
        else:
            raise Http404
    except OfferRefused as refused:
        return _page(request, _found(request, offer_id), refused=str(refused), status=409)
    messages.success(request, str(_DONE[verb]))
    return redirect("agreements:offer", offer_id=found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@for_partner(right=AGREE)
def counter(request: HttpRequest, offer_id: UUID) -> HttpResponse:
    """Other terms instead: the form begins with those that were offered."""
    found, now = _found(request, offer_id), timezone.now()
    line = _line(found, now=now)
    if line.is_mine or line.state != rules.OFFERED:
        return redirect("agreements:offer", offer_id=found.pk)
    form = TermsForm(request.POST or None, initial=as_in(found), groups=_groups(request))
    if request.method == "POST" and form.is_valid():
        try:
            made = offer_answers.counter(
                found.pk,
                group=form.cleaned_data["group"],
                terms=form.terms(service_class=found.service_class),
                note=form.cleaned_data["note"],
                by=user_of(request),
                now=now,
            )
        except OfferRefused as refused:
            _tell(form, refused)
        else:
            return _offered(request, made)
    return _form(request, form, {"line": line, "base": found.base})


@require_http_methods(["GET", "HEAD", "POST"])
@for_partner(right=AGREE)
def new(request: HttpRequest) -> HttpResponse:
    """To whoever has a code; with ``follows``, the next version of an agreement that there is."""
    if base := _followed(request):
        return _next_version(request, base)
    parties = own_parties(partner_of(request), environment=ENVIRONMENT, now=timezone.now())
    own = Party.objects.filter(pk__in=[one.pk for one in parties])
    form = OfferForm(
        request.POST or None,
        initial=usual(parties),
        parties=own,
        groups=_groups(request),
    )
    if request.method == "POST" and form.is_valid():
        try:
            return _offered(request, _make(request, form.wanted()))
        except OfferRefused as refused:
            _tell(form, refused)
    known = _agreements(request).order_by("-pk")[:_KNOWN] if request.method == "GET" else []
    mine = {one.pk for one in parties}
    sides = {one.buyer if one.seller_id in mine else one.seller for one in known}
    context = {"known": sorted(sides, key=lambda one: one.code), "has_parties": bool(parties)}
    return _form(request, form, context)


def _next_version(request: HttpRequest, base: RoamingAgreement) -> HttpResponse:
    own = own_parties(partner_of(request), environment=ENVIRONMENT, now=timezone.now())
    sells = base.seller_id in {one.pk for one in own}
    maker, taker = (base.seller, base.buyer) if sells else (base.buyer, base.seller)
    form = NextVersionForm(request.POST or None, initial=as_in(base), groups=_groups(request))
    if request.method == "POST" and form.is_valid():
        wanted = Wanted(
            maker=maker,
            taker_code=taker.code,
            taker_role=taker.role,
            maker_sells=sells,
            group=form.cleaned_data["group"],
            terms=form.terms(service_class=base.service_class),
            note=form.cleaned_data["note"],
        )
        try:
            return _offered(request, _make(request, wanted))
        except OfferRefused as refused:
            _tell(form, refused)
    return _form(request, form, {"base": base, "other": taker})


def _followed(request: HttpRequest) -> RoamingAgreement | None:
    """The newest version of the agreement that is named; of another company nobody's."""
    named = request.GET.get("follows", "")
    if not named:
        return None
    wanted = uuid_or_none(named)
    found = _agreements(request).filter(pk=wanted).first() if wanted else None
    if found is None:
        raise Http404
    return newest_version(found)


def _make(request: HttpRequest, wanted: Wanted) -> AgreementOffer:
    return offers.make(wanted, by=user_of(request), now=timezone.now())


def _offered(request: HttpRequest, made: AgreementOffer) -> HttpResponse:
    messages.success(
        request, gettext("Offered. Nothing is in force before the other side accepts it.")
    )
    return redirect("agreements:offer", offer_id=made.pk)


def _tell(form: TermsForm, refused: OfferRefused) -> None:
    form.tell(refused.wrong)
    if text := str(refused):
        form.add_error(None, text)


def _form(request: HttpRequest, form: TermsForm, more: Mapping[str, object]) -> HttpResponse:
    context = {"section": "agreements", "form": form, **more}
    status = 422 if form.errors else 200
    return render(request, "portal/offer_new.html", context, status=status)


def _page(
    request: HttpRequest, found: AgreementOffer, *, refused: str = "", status: int = 200
) -> HttpResponse:
    line = _line(found, now=timezone.now())
    side = rules.MAKER if line.is_mine else rules.TAKER
    context = {
        "section": "agreements",
        "line": line,
        "offer": found,
        "terms": terms_of(found),
        "verbs": rules.verbs_of(side, line.state) if may(request, AGREE) else [],
        "answers": getattr(found, "answers", None),
        "refused": refused,
    }
    return render(request, "portal/offer.html", context, status=status)


def _line(one: AgreementOffer, *, now: datetime) -> OfferLine:
    """Whom an offer reaches is known to its maker by an agreement or an answer alone."""
    is_mine: bool = one.is_mine  # type: ignore[attr-defined]
    state = rules.standing(one.state, expires_at=one.expires_at, now=now)
    if not is_mine:
        name, code = one.maker.name, one.maker.code
    else:
        is_known = one.base_id is not None or state in _ANSWERED
        name = one.taker.name if is_known and one.taker else ""
        code = one.taker_code
    sells = one.maker_sells if is_mine else not one.maker_sells
    return OfferLine(one, is_mine, name, code, sells, state, str(STATES[state]))


def _found(request: HttpRequest, offer_id: UUID) -> AgreementOffer:
    found = _offers(request, timezone.now()).select_related("answers", "counter", "agreement")
    one = found.filter(pk=offer_id).first()
    if one is None:
        raise Http404
    return one


def _offers(request: HttpRequest, now: datetime) -> QuerySet[AgreementOffer]:
    return offers_of(partner_of(request), environment=ENVIRONMENT, now=now)


def _agreements(request: HttpRequest) -> QuerySet[RoamingAgreement]:
    return agreements_of(partner_of(request), environment=ENVIRONMENT, now=timezone.now())


def _groups(request: HttpRequest):
    return groups_of(partner_of(request), environment=ENVIRONMENT, now=timezone.now())
