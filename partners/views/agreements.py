"""My agreements: what holds now, what is coming and what was, with the terms in words."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from partners.models import Environment, Party, RoamingAgreement
from partners.portal import for_partner, may, partner_of
from partners.queries import in_period
from partners.queries_offers import agreements_of, offers_of, offers_to_answer
from partners.rules.roles import AGREE
from partners.views.agreement_words import day_of, last_day, terms_of

ENVIRONMENT = Environment.LIVE
PAGE = 50
_MOST_VERSIONS = 50


class Line(NamedTuple):
    """An agreement as its own side sees it."""

    agreement: RoamingAgreement
    other: Party
    sells: bool
    begins: str
    ends: str


@require_safe
@for_partner
def agreement_list(request: HttpRequest) -> HttpResponse:
    """By keyset, the newest first."""
    partner, now = partner_of(request), timezone.now()
    shown = request.GET.get("show", "")
    shown = shown if shown in ("coming", "ended") else "current"
    found = _shown(_agreements(request, now), shown, now=now)
    if after := uuid_or_none(request.GET.get("after", "")):
        found = found.filter(pk__lt=after)
    waiting = offers_to_answer(partner, environment=ENVIRONMENT, now=now)
    # Counted with the rows, which costs no query of its own.
    counted = waiting.order_by().values("state").annotate(n=Count("pk")).values("n")
    found = found.annotate(waiting=Subquery(counted)).order_by("-pk")
    page = list(found[: PAGE + 1])
    context = {
        "section": "agreements",
        "shown": shown,
        "lines": [_line(one) for one in page[:PAGE]],
        "further": page[PAGE - 1].pk if len(page) > PAGE else "",
        "waiting": page[0].waiting if page else waiting.count(),
        "may_agree": may(request, AGREE),
    }
    return render(request, "portal/agreements.html", context)


@require_safe
@for_partner
def agreement(request: HttpRequest, agreement_id: UUID) -> HttpResponse:
    """One version, its terms, the versions beside it, and how it came to be."""
    now = timezone.now()
    own = _agreements(request, now)
    found = own.filter(pk=agreement_id).first()
    if found is None:
        raise Http404
    versions = own.filter(number=found.number).order_by("-version")
    context = {
        "section": "agreements",
        "line": _line(found),
        "terms": terms_of(found),
        "stands": _stands(found, now=now),
        "versions": [_line(one) for one in versions[:_MOST_VERSIONS]],
        "offer": offers_of(partner_of(request), environment=ENVIRONMENT, now=now)
        .filter(agreement=found)
        .first(),
        "may_agree": may(request, AGREE),
    }
    return render(request, "portal/agreement.html", context)


def _shown(
    found: QuerySet[RoamingAgreement], shown: str, *, now: datetime
) -> QuerySet[RoamingAgreement]:
    return found.filter(
        {"current": in_period(now), "coming": Q(starts_at__gt=now), "ended": Q(ends_at__lte=now)}[
            shown
        ],
    )


def _stands(one: RoamingAgreement, *, now: datetime) -> str:
    if one.starts_at > now:
        return "coming"
    return "ended" if one.ends_at is not None and one.ends_at <= now else "current"


def _agreements(request: HttpRequest, now: datetime) -> QuerySet[RoamingAgreement]:
    return agreements_of(partner_of(request), environment=ENVIRONMENT, now=now)


def _line(one: RoamingAgreement) -> Line:
    """Of ``agreements_of``."""
    sells: bool = one.sells  # type: ignore[attr-defined]
    return Line(
        one,
        one.buyer if sells else one.seller,
        sells,
        day_of(one.starts_at),
        last_day(one.ends_at) if one.ends_at else "",
    )


def uuid_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
