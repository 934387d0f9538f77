"""Tell the systems of both sides of an offer: the taker that it was made, the maker of the answer.

The news are read from the offers themselves, so that a killed process or an absent broker loses
none; each is owed once.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from partners.models import AgreementOffer
from roaming.models import Delivery
from roaming.services import deliveries

# Older ones are no news.
_TOLD_FOR = timedelta(days=7)
_AT_ONCE = 1_000
OFFERED, DECIDED = 0, 1
_State = AgreementOffer.State
# Who learns of a decision: the side that did not make it.
_OF_THE_TAKER = (_State.ACCEPTED, _State.DECLINED, _State.COUNTERED)


def owe_news(*, now: datetime) -> int:
    """Owe what happened to offers since, and number it; how many messages."""
    owed = [*_offered(now), *_decided(now)]
    Delivery.objects.bulk_create(
        [
            Delivery(
                receiver_id=receiver,
                kind=Delivery.Kind.AGREEMENT,
                subject_id=offer_id,
                subject_version=version,
                created_at=now,
            )
            for receiver, offer_id, version in owed
        ],
        ignore_conflicts=True,
    )
    deliveries.publish({receiver for receiver, *_ in owed})
    return len(owed)


def _offered(now: datetime) -> Iterator[tuple[UUID, UUID, int]]:
    news = AgreementOffer.objects.filter(
        ~_is_told("taker", OFFERED), taker__isnull=False, made_at__gt=now - _TOLD_FOR
    )
    for offer_id, taker in news.order_by("pk").values_list("pk", "taker")[:_AT_ONCE]:
        yield taker, offer_id, OFFERED


def _decided(now: datetime) -> Iterator[tuple[UUID, UUID, int]]:
    """A counter-offer is told to the maker as an answer, and by itself as an offer."""
    recent = AgreementOffer.objects.filter(decided_at__gt=now - _TOLD_FOR)
    to_maker = Q(state__in=[*_OF_THE_TAKER, _State.EXPIRED])
    to_taker = Q(state__in=[_State.WITHDRAWN, _State.EXPIRED], taker__isnull=False)
    for side, concerned in (("maker", to_maker), ("taker", to_taker)):
        news = recent.filter(concerned, ~_is_told(side, DECIDED)).order_by("pk")
        for offer_id, receiver in news.values_list("pk", side)[:_AT_ONCE]:
            yield receiver, offer_id, DECIDED


def _is_told(side: str, version: int) -> Exists:
    return Exists(
        Delivery.objects.filter(
            receiver=OuterRef(side),
            subject_id=OuterRef("pk"),
            kind=Delivery.Kind.AGREEMENT,
            subject_version=version,
        )
    )
