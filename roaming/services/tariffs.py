"""Publish tariffs, tell their buyers, and take the buyers' answers.

A published version is kept as received and never changed. For each buyer it counts from its date,
but an increase told too late waits for the CSP's consent or for the end of the notice.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext

from clearinghouse.money import is_currency
from clearinghouse.retry import KeyTaken, in_transaction
from clearinghouse.uuid7 import uuid7_at
from partners.models import Party, RoamingAgreement
from roaming.models import Delivery, Tariff, TariffAudience, TariffNotice, TariffVersion
from roaming.queries_tariffs import Version, version_of
from roaming.rules.rating.ocpi_tariff import read_tariff
from roaming.rules.rating.refusals import TariffUnusable
from roaming.rules.rating.stored import content_sha256, exact_json
from roaming.rules.tariff_change import increases_any, notice_of
from roaming.services import deliveries, location_news
from roaming.services.earlier_tariffs import Earlier, Peeked
from roaming.services.tariff_effect import effect_of

_LONGEST_ID = 100
FARTHEST = timedelta(days=400)


class TariffRefused(Exception):
    """Nothing was stored or answered; ``code`` is stable."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What a seller publishes: the OCPI tariff object as text, and from when it is meant to hold.

    ``replaces``: the tariff must be there (PUT), and this one. ``may_replace``: it may be there, or
    not. ``buyers``: for these alone; empty: for everyone agreed; None: as before.
    """

    seller: Party
    text: bytes
    valid_from_at: datetime | None = None
    replaces: Tariff | None = None
    may_replace: bool = False
    content_format: str = ""
    buyers: frozenset[UUID] | None = None


@dataclass(frozen=True, slots=True)
class _Content:
    value: dict[str, Any]
    tariff_id: str
    currency: str
    valid_from_at: datetime
    is_dated: bool
    unusable_reason: str


def publish(given: Publication, *, now: datetime) -> TariffVersion:
    """Keep a version and tell every buyer with an agreement; the same again changes nothing.

    What the engine refuses is kept with the reason and never counts.

    :raises TariffRefused: it cannot be told apart, is in another currency, exists already (POST) or
        names another tariff (PUT).
    """
    content = _read(given, now)
    version = in_transaction(lambda: _publish(given, content, now), also_retry=KeyTaken)
    deliveries.publish({notice.buyer_id for notice in version.notices.all()})
    return version


def answer(
    notice_id: UUID, *, consents: bool, actor: str, reason: str, now: datetime
) -> TariffNotice:
    """The CSP's word on an increase that waits: consent makes it count as published.

    A refusal leaves the old version in force until the notice has run; consent may still follow.

    :raises TariffRefused: nothing waits, or the notice has run.
    """
    with transaction.atomic():
        notice = (
            TariffNotice.objects.select_for_update(of=("self",))
            .select_related("version__tariff")
            .get(pk=notice_id)
        )
        _check_answerable(notice, consents=consents, now=now)
        notice.state = TariffNotice.State.COUNTS if consents else TariffNotice.State.REFUSED
        if consents:
            notice.counts_from_at = notice.version.valid_from_at
        notice.answered_at, notice.answered_by = now, actor[:150]
        notice.reason = reason[:500]
        notice.save(
            update_fields=["state", "counts_from_at", "answered_at", "answered_by", "reason"]
        )
        seller_id = notice.version.tariff.seller_id
        Delivery.objects.bulk_create(
            [
                Delivery(
                    receiver_id=seller_id,
                    kind=Delivery.Kind.TARIFF,
                    subject_id=notice.pk,
                    subject_version=2 if consents else 1,
                    created_at=now,
                )
            ],
            ignore_conflicts=True,
        )
    deliveries.publish({seller_id})
    return notice


def _check_answerable(notice: TariffNotice, *, consents: bool, now: datetime) -> None:
    if notice.state == TariffNotice.State.COUNTS:
        raise TariffRefused(
            "NOTHING_WAITS", gettext("This version counts already; nothing waits for you.")
        )
    if now >= notice.notice_ends_at:
        raise TariffRefused(
            "NOTICE_HAS_RUN", gettext("The notice has run; the version counts since then.")
        )
    if not consents and notice.state == TariffNotice.State.REFUSED:
        raise TariffRefused(
            "REFUSED_ALREADY", gettext("You have refused it; only a consent can follow.")
        )


def _read(given: Publication, now: datetime) -> _Content:
    try:
        value = exact_json(given.text)
    except ValueError as error:
        raise TariffRefused(
            "TARIFF_UNREADABLE", gettext("The tariff is no JSON: %(error)s.") % {"error": error}
        ) from error
    if not isinstance(value, dict) or b"\\u0000" in given.text:
        raise TariffRefused(
            "TARIFF_UNREADABLE", gettext("Send the tariff as one OCPI tariff object.")
        )
    name, currency = value.get("id"), value.get("currency")
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_ID:
        raise TariffRefused("TARIFF_ID_MISSING", gettext("Name the tariff in its field id."))
    if not isinstance(currency, str) or not is_currency(currency):
        raise TariffRefused("CURRENCY_UNKNOWN", gettext("Name the currency, e.g. EUR."))
    reason, starts_at = "", None
    try:
        starts_at = read_tariff(value).starts_at
    except TariffUnusable as unusable:
        reason = str(unusable)[:500]
    except RecursionError:
        raise TariffRefused(
            "TARIFF_UNREADABLE", gettext("The tariff is nested too deeply.")
        ) from None
    dated = _dated(given, starts_at, now)
    valid_from_at = dated or now
    if abs(valid_from_at - now) > FARTHEST:
        days = FARTHEST.days
        raise TariffRefused(
            "VALID_FROM_TOO_FAR",
            gettext("valid_from is at most %(days)s days away.") % {"days": days},
        )
    return _Content(value, name, currency, valid_from_at, dated is not None, reason)


def _dated(given: Publication, starts_at: datetime | None, now: datetime) -> datetime | None:
    """From when it says that it holds; None: it does not say."""
    dated = given.valid_from_at or starts_at
    if dated is None or not given.may_replace:
        return dated
    # Who connects sends all price lists, also those that have been in force for long.
    return max(dated, now - FARTHEST)


def _publish(given: Publication, content: _Content, now: datetime) -> TariffVersion:
    tariff, last = _tariff(given, content)
    offer_changed = _offer(tariff, given.buyers)
    sha256 = content_sha256(content.value)
    if last is not None:
        same_time = last.valid_from_at == content.valid_from_at or (
            given.may_replace and (not content.is_dated or last.valid_from_at <= now)
        )
        if last.content_sha256 == sha256 and same_time:
            if offer_changed:
                location_news.tell_of_tariff(tariff, now=now)
            return last
        if given.replaces is None and not given.may_replace:
            text = f"{tariff.tariff_id!r} is published; put its next version."
            raise TariffRefused("TARIFF_EXISTS", text)
    row = TariffVersion(
        id=uuid7_at(now),
        tariff=tariff,
        version=last.version + 1 if last else 1,
        published_at=now,
        valid_from_at=content.valid_from_at,
        content=content.value,
        content_format=given.content_format,
        content_sha256=sha256,
        unusable_reason=content.unusable_reason,
    )
    agreements = [] if row.unusable_reason else _agreements(tariff, now)
    earlier = Earlier(tariff) if agreements else None
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise KeyTaken("tariff_version_is_unique") from error
    if earlier is not None:
        _tell_buyers(version_of(row), row, agreements, earlier, now=now)
    location_news.tell_of_tariff(tariff, now=now)
    return row


def withdraw(tariff: Tariff, *, now: datetime) -> None:
    """Offer a tariff no more; records that name it are still rated by it. Twice is once."""
    with transaction.atomic():
        if Tariff.objects.filter(pk=tariff.pk, withdrawn_at__isnull=True).update(withdrawn_at=now):
            location_news.tell_of_tariff(tariff, now=now)


def _offer(tariff: Tariff, buyers: frozenset[UUID] | None) -> bool:
    """For whom it is from now on; published again, it is offered again. Was anything changed?"""
    changed = False
    if tariff.withdrawn_at is not None:
        tariff.withdrawn_at, changed = None, True
        tariff.save(update_fields=["withdrawn_at"])
    if buyers is None:
        return changed
    audience = set(tariff.audience.values_list("buyer", flat=True))
    if audience - buyers:
        tariff.audience.exclude(buyer__in=buyers).delete()
    TariffAudience.objects.bulk_create(
        [TariffAudience(tariff=tariff, buyer_id=buyer) for buyer in sorted(buyers - audience)],
        ignore_conflicts=True,
    )
    return changed or audience != buyers


def _tariff(given: Publication, content: _Content) -> tuple[Tariff, TariffVersion | None]:
    """The tariff that is meant, made if it is new, and its newest version."""
    seller = given.seller
    tariff = given.replaces
    if tariff is not None and tariff.tariff_id.casefold() != content.tariff_id.casefold():
        raise TariffRefused(
            "TARIFF_ID_DIFFERS",
            gettext("This is %(tariff_id)s; publish another one by POST.")
            % {"tariff_id": f"{tariff.tariff_id!r}"},
        )
    if tariff is None:
        tariff = Tariff.objects.filter(seller=seller, tariff_id__iexact=content.tariff_id).first()
    if tariff is None:
        tariff, _ = Tariff.objects.get_or_create(
            seller=seller,
            tariff_id=content.tariff_id,
            defaults={"environment": seller.environment, "currency": content.currency},
        )
    if tariff.currency != content.currency:
        raise TariffRefused(
            "CURRENCY_DIFFERS",
            gettext("The tariff is in %(currency)s; publish one in %(currency2)s under another id.")
            % {"currency": tariff.currency, "currency2": content.currency},
        )
    return tariff, tariff.versions.order_by("-version").first()


def _tell_buyers(
    version: Version,
    row: TariffVersion,
    agreements: Iterable[RoamingAgreement],
    earlier: Earlier,
    *,
    now: datetime,
) -> None:
    notices = [_notice(agreement, version, row, earlier, now) for agreement in agreements]
    TariffNotice.objects.bulk_create(notices)
    Delivery.objects.bulk_create(
        Delivery(
            receiver_id=notice.buyer_id,
            kind=Delivery.Kind.TARIFF,
            subject_id=notice.pk,
            created_at=now,
        )
        for notice in notices
    )


def _agreements(tariff: Tariff, now: datetime) -> list[RoamingAgreement]:
    """One of each buyer: the version in force now, else the next one; in the tariff's currency.

    A tariff that is for some buyers is told to them alone.
    """
    audience = list(tariff.audience.values_list("buyer", flat=True))
    rows = RoamingAgreement.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=now),
        seller=tariff.seller,
        currency=tariff.currency,
        in_force_at__isnull=False,
    ).select_related("group")
    if audience:
        rows = rows.filter(buyer__in=audience)
    first: dict[UUID, RoamingAgreement] = {}
    for row in rows.order_by("buyer", "starts_at"):
        first.setdefault(row.buyer_id, row)
    return list(first.values())


def _notice(
    agreement: RoamingAgreement,
    version: Version,
    row: TariffVersion,
    earlier: Earlier,
    now: datetime,
) -> TariffNotice:
    own = earlier.replaced(version, agreement.buyer_id)
    formers = Peeked(earlier.formers(version, agreement.buyer_id))
    incl_tax = agreement.price_basis == RoamingAgreement.PriceBasis.INCL_TAX
    told = notice_of(
        is_increase=increases_any(
            (one.read for one in chain(own, formers)), version.read, incl_tax=incl_tax
        ),
        told_at=now,
        valid_from_at=row.valid_from_at,
        days=agreement.tariff_notice_days,
        zone=ZoneInfo(agreement.group.time_zone),
    )
    # Of several former tariffs none is the one to tell the effect by.
    old = next(iter(own), None) or formers.only
    return TariffNotice(
        id=uuid7_at(now),
        version=row,
        buyer_id=agreement.buyer_id,
        state=TariffNotice.State.WAITING if told.waits else TariffNotice.State.COUNTS,
        is_increase=told.is_increase,
        told_at=now,
        notice_ends_at=told.notice_ends_at,
        counts_from_at=told.counts_from_at,
        effect=effect_of(old, version, agreement, now=now),
    )
