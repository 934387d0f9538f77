"""What waits for a partner's people: each with the page on which it is done, and until when."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext

from billing.models import BalanceConfirmation
from billing.queries_balances import confirmations_of
from billing.queries_records import attention_of
from billing.queries_statements import StatementSummary
from billing.views.access import ENVIRONMENT, reader_for
from partners.models import Partner, RoamingEndpoint
from partners.portal import partner_of
from partners.queries_offers import offers_to_answer
from roaming.queries import Reader
from roaming.queries_disputes import owned_parties, readable_disputes, waiting_for
from roaming.queries_tariffs import waiting_increases

_MOST = 5


class Todo(NamedTuple):
    """One thing to do. ``until_at`` is empty where there is no deadline."""

    title: str
    told: str
    url: str
    act: str
    until_at: datetime | None = None
    is_bad: bool = False


def todos_of(
    request: HttpRequest,
    *,
    provisional: list[StatementSummary],
    limits: dict[UUID, datetime],
    now: datetime,
) -> list[Todo]:
    """Everything, what has a deadline first; ``provisional`` is empty for who sees no money."""
    partner, reader = partner_of(request), reader_for(request)
    found = [
        *_offline(partner),
        *_disputes(partner, reader, now=now),
        *_objections(provisional, limits, now=now),
        *_increases(partner, now=now),
        *_offers(partner, now=now),
        *_records(reader, now=now),
    ]
    return sorted(
        found, key=lambda one: (not one.is_bad, one.until_at is None, one.until_at or now)
    )


def balances_to_confirm(partner: Partner) -> list[Todo]:
    """Balances that the partner was asked for and did not answer."""
    asked = confirmations_of(partner, environment=ENVIRONMENT).filter(
        state=BalanceConfirmation.State.ASKED
    )
    return [
        Todo(
            gettext("Confirm your %(currency)s balance of %(date)s")
            % {
                "currency": one.currency,
                "date": date_format(localtime(one.as_of), "LONG_DATE_FORMAT"),
            },
            gettext("Say whether your books say the same."),
            reverse("portal:balance", args=[one.pk]),
            gettext("Answer"),
        )
        for one in asked.order_by("pk")[:_MOST]
    ]


def _offline(partner: Partner) -> Iterator[Todo]:
    down = RoamingEndpoint.objects.filter(
        owner=partner, environment=ENVIRONMENT, state=RoamingEndpoint.State.OFFLINE
    )
    for one in down.order_by("protocol", "pk")[:_MOST]:
        yield Todo(
            gettext("Your connection %(name)s does not answer")
            % {"name": f"{one.protocol} {one.protocol_version}".strip()},
            gettext("Messages wait for it and are sent again once it answers."),
            reverse("connections:list"),
            gettext("Look at it"),
            is_bad=True,
        )


def _disputes(partner: Partner, reader: Reader, *, now: datetime) -> Iterator[Todo]:
    owned = owned_parties(partner, environment=ENVIRONMENT, now=now)
    mine = readable_disputes(reader).filter(waiting_for(owned), closed_at__isnull=True)
    rows = list(mine.order_by("deadline_at", "pk")[: _MOST + 1])
    for one in rows[:_MOST]:
        other = one.buyer if one.seller_id in owned else one.seller
        yield Todo(
            gettext("Dispute %(number)s with %(other)s waits for you")
            % {"number": one.number, "other": other.name},
            gettext("Without an answer in time it is decided by the rules."),
            reverse("disputes:dispute", args=[one.pk]),
            gettext("Answer"),
            until_at=one.deadline_at,
        )
    if len(rows) > _MOST:
        yield Todo(
            gettext("More disputes wait for you"),
            gettext("These are the most urgent ones."),
            reverse("disputes:list") + "?show=mine",
            gettext("See all"),
        )


def _objections(
    provisional: list[StatementSummary], limits: dict[UUID, datetime], *, now: datetime
) -> Iterator[Todo]:
    for one in provisional[:_MOST]:
        until_at = limits.get(one.id)
        if until_at is not None and now <= until_at:
            yield Todo(
                gettext("Check the provisional statement of %(period)s") % {"period": one.period},
                gettext("%(number)s is final soon: object where it is wrong.")
                % {"number": one.number},
                reverse("portal:object", args=[one.id]),
                gettext("Object…"),
                until_at=until_at,
            )


def _increases(partner: Partner, *, now: datetime) -> Iterator[Todo]:
    waiting = waiting_increases(partner, environment=ENVIRONMENT, now=now)
    ends = list(waiting.order_by("notice_ends_at").values_list("notice_ends_at", flat=True)[:1000])
    if ends:
        yield Todo(
            ngettext(
                "%(count)s price increase waits for your answer",
                "%(count)s price increases wait for your answer",
                len(ends),
            )
            % {"count": len(ends)},
            gettext("Announced later than your agreement asks for."),
            reverse("tariffs:list") + "?show=mine",
            gettext("Look at the prices"),
            until_at=ends[0],
        )


def _offers(partner: Partner, *, now: datetime) -> Iterator[Todo]:
    waiting = offers_to_answer(partner, environment=ENVIRONMENT, now=now)
    rows = waiting.select_related("maker").order_by("expires_at", "pk")
    for one in rows[:_MOST]:
        yield Todo(
            gettext("%(other)s offers you an agreement") % {"other": one.maker.name},
            gettext("Accept it, decline it with a reason, or answer with other terms."),
            reverse("agreements:offer", args=[one.pk]),
            gettext("Read the offer"),
            until_at=one.expires_at,
        )


def _records(reader: Reader, *, now: datetime) -> Iterator[Todo]:
    attention = attention_of(reader, now=now)
    more = "+" if attention.is_more else ""
    said = gettext("Each says why, and what to do so that it is settled.")
    if attention.held:
        yield Todo(
            ngettext("%(count)s record held", "%(count)s records held", attention.held)
            % {"count": f"{attention.held}{more}"},
            said,
            reverse("portal:records") + "?state=held",
            gettext("See why"),
        )
    if attention.refused:
        yield Todo(
            ngettext(
                "%(count)s record refused in the last 30 days",
                "%(count)s records refused in the last 30 days",
                attention.refused,
            )
            % {"count": f"{attention.refused}{more}"},
            said,
            reverse("portal:records") + "?state=refused",
            gettext("See why"),
        )
