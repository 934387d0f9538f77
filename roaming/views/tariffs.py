"""Tariffs: what counts for whom, what was announced, and the buyer's answer to an increase."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from partners.models import Environment
from partners.portal import for_partner, partner_of
from partners.rules.roles import OPERATE
from roaming import queries_disputes
from roaming.models import TariffNotice
from roaming.queries import Reader, reader_of
from roaming.queries_tariffs import waiting_increases
from roaming.services import tariff_reading, tariffs
from roaming.services.tariffs import TariffRefused
from roaming.views import tariff_pages as pages
from roaming.views.tariff_pages import VERBS, AnswerForm

ENVIRONMENT = Environment.LIVE
PAGE = 50


@require_safe
@for_partner
def tariff_list(request: HttpRequest) -> HttpResponse:
    """Tariffs by keyset: of the partner's stations, and those by which it is charged."""
    reader, owned, now = _reader(request), _owned(request), timezone.now()
    found = tariff_reading.readable_tariffs(reader)
    mine = waiting_increases(partner_of(request), environment=ENVIRONMENT, now=now)
    shown = "mine" if request.GET.get("show") == "mine" else "all"
    if shown == "mine":
        found = found.filter(pk__in=mine.values("version__tariff"))
    after = _uuid(request.GET.get("after", ""))
    page = list((found.filter(id__gt=after) if after else found)[: PAGE + 1])
    rows = tariff_reading.rows_of(page[:PAGE], reader, now=now)
    context = {
        "section": "tariffs",
        "shown": shown,
        "lines": pages.lines_of(page[:PAGE], rows, owned=owned, asked=set(mine)),
        "further": page[PAGE - 1].pk if len(page) > PAGE else "",
    }
    return render(request, "portal/tariffs.html", context)


@require_safe
@for_partner
def tariff(request: HttpRequest, tariff_id: UUID) -> HttpResponse:
    """One tariff: what counts, its versions with their prices, and who was told what."""
    reader = _reader(request)
    found = tariff_reading.readable_tariffs(reader).filter(pk=tariff_id).first()
    if found is None:
        raise Http404
    told = tariff_reading.detail_of(found, reader, now=timezone.now())
    notices = tariff_reading.readable_notices(reader).filter(version__tariff=found)
    context = {
        "section": "tariffs",
        "tariff": found,
        "told": told,
        "versions": pages.versions_of(told),
        "notices": notices.order_by("-id")[: pages.MOST_NOTICES],
        "is_seller": found.seller_id in _owned(request),
    }
    return render(request, "portal/tariff.html", context)


@require_safe
@for_partner
def notice(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    return _page(request, _found(request, notice_id))


@require_POST
@for_partner(right=OPERATE)
def answer(request: HttpRequest, notice_id: UUID, verb: str) -> HttpResponse:
    """Consent to an increase, or refuse it; only the buyer's own people answer."""
    found = _found(request, notice_id)
    if verb not in VERBS:
        raise Http404
    form = AnswerForm(request.POST)
    if not form.is_valid():
        words = [str(error) for errors in form.errors.values() for error in errors]
        return _page(request, found, refused=words, status=422)
    try:
        if found.buyer_id not in _owned(request):
            raise TariffRefused(
                "VERB_NOT_YOURS", gettext("You may read this, but only the buyer answers.")
            )
        tariffs.answer(
            found.pk,
            consents=verb == "consent",
            actor=request.user.get_username(),
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        )
    except TariffRefused as refused:
        return _page(request, found, refused=[str(refused)], status=409)
    messages.success(request, gettext(VERBS[verb].done))
    return redirect("tariffs:notice", notice_id=found.pk)


def _page(
    request: HttpRequest,
    found: TariffNotice,
    *,
    refused: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = pages.notice_of(found, owned=_owned(request), now=timezone.now())
    context |= {"section": "tariffs", "refused": refused or []}
    return render(request, "portal/tariff_notice.html", context, status=status)


def _found(request: HttpRequest, notice_id: UUID) -> TariffNotice:
    """A notice of the partner's; a stranger learns nothing."""
    found = tariff_reading.readable_notices(_reader(request)).filter(pk=notice_id).first()
    if found is None:
        raise Http404
    return found


def _reader(request: HttpRequest) -> Reader:
    return reader_of(partner_of(request), environment=ENVIRONMENT, now=timezone.now())


def _owned(request: HttpRequest) -> set[UUID]:
    return queries_disputes.owned_parties(
        partner_of(request), environment=ENVIRONMENT, now=timezone.now()
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
