"""What a partner is told now: notices for everybody, for its roles, and for itself."""

from datetime import datetime
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from partners.models import Notice, Partner, Party, PartyOwnership
from partners.queries import in_period


def notices_for(partner: Partner, *, now: datetime) -> QuerySet[Notice]:
    """Every notice for the partner that was shown by ``now``, the newest first."""
    return _told(partner.pk, PartyOwnership.objects.filter(partner=partner), now=now)


def shown_to(partner: Partner, *, now: datetime) -> QuerySet[Notice]:
    """Those that hold now."""
    return notices_for(partner, now=now).filter(_goes_on(now))


def partner_and_notices(partner_id: UUID, *, now: datetime) -> Partner:
    """The partner with ``notices_now``: id, kind and title of each, in one query for every page."""
    owned = PartyOwnership.objects.filter(partner=OuterRef(OuterRef("pk")))
    shown = _told(OuterRef("pk"), owned, now=now).filter(_goes_on(now))
    told = shown.values(json=JSONObject(pk="id", kind="kind", title="title"))
    return Partner.objects.annotate(notices_now=ArraySubquery(told)).get(pk=partner_id)


def _told(partner: UUID | OuterRef, owned: QuerySet, *, now: datetime) -> QuerySet[Notice]:
    owned = owned.filter(in_period(now))
    sells = Exists(owned.filter(party__role=Party.Role.CSO))
    buys = Exists(owned.filter(party__role=Party.Role.CSP))
    return Notice.objects.filter(
        Q(audience=Notice.Audience.EVERYBODY)
        | Q(audience=Notice.Audience.PARTNER, partner=partner)
        | Q(sells, audience=Notice.Audience.CSOS)
        | Q(buys, audience=Notice.Audience.CSPS),
        shown_from_at__lte=now,
    ).order_by("-shown_from_at", "-id")


def _goes_on(now: datetime) -> Q:
    return Q(shown_until_at__isnull=True) | Q(shown_until_at__gt=now)
