"""Publish tariffs, tell their buyers, and take the buyers' answers.

A published version is kept as received and never changed. For each buyer it counts from its date,
but an increase told too late waits for the CSP's consent or for the end of the notice.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Q

from clearinghouse.money import is_currency
from clearinghouse.retry import KeyTaken, in_transaction
from clearinghouse.uuid7 import uuid7_at
from partners.models import Party, RoamingAgreement
from roaming.models import Delivery, Tariff, TariffNotice, TariffVersion
from roaming.queries_tariffs import Tariffs, Version, tariffs_of, version_of
from roaming.rules.rating.ocpi_tariff import read_tariff
from roaming.rules.rating.refusals import TariffUnusable
from roaming.rules.rating.stored import content_sha256, exact_json
from roaming.rules.tariff_change import increases_any, notice_of
from roaming.services import deliveries
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

    ``replaces``: the tariff must be there (PUT), and this one.
    """

    seller: Party
    text: bytes
    valid_from_at: datetime | None = None
    replaces: Tariff | None = None


@dataclass(frozen=True, slots=True)
class _Content:
    value: dict[str, Any]
    tariff_id: str
    currency: str
    valid_from_at: datetime
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
        raise TariffRefused("NOTHING_WAITS", "This version counts already; nothing waits for you.")
    if now >= notice.notice_ends_at:
        raise TariffRefused("NOTICE_HAS_RUN", "The notice has run; the version counts since then.")
    if not consents and notice.state == TariffNotice.State.REFUSED:
        raise TariffRefused("REFUSED_ALREADY", "You have refused it; only a consent can follow.")


def _read(given: Publication, now: datetime) -> _Content:
    try:
        value = exact_json(given.text)
    except ValueError as error:
        raise TariffRefused("TARIFF_UNREADABLE", f"The tariff is no JSON: {error}.") from error
    if not isinstance(value, dict) or b"\\u0000" in given.text:
        raise TariffRefused("TARIFF_UNREADABLE", "Send the tariff as one OCPI tariff object.")
    name, currency = value.get("id"), value.get("currency")
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_ID:
        raise TariffRefused("TARIFF_ID_MISSING", "Name the tariff in its field id.")
    if not isinstance(currency, str) or not is_currency(currency):
        raise TariffRefused("CURRENCY_UNKNOWN", "Name the currency, e.g. EUR.")
    reason, starts_at = "", None
    try:
        starts_at = read_tariff(value).starts_at
    except TariffUnusable as unusable:
        reason = str(unusable)[:500]
    except RecursionError:
        raise TariffRefused("TARIFF_UNREADABLE", "The tariff is nested too deeply.") from None
    valid_from_at = given.valid_from_at or starts_at or now
    if abs(valid_from_at - now) > FARTHEST:
        days = FARTHEST.days
        raise TariffRefused("VALID_FROM_TOO_FAR", f"valid_from is at most {days} days away.")
    return _Content(value, name, currency, valid_from_at, reason)


def _publish(given: Publication, content: _Content, now: datetime) -> TariffVersion:
    tariff, last = _tariff(given, content)
    sha256 = content_sha256(content.value)
    if last is not None:
        same = (last.content_sha256, last.valid_from_at) == (sha256, content.valid_from_at)
        if same:
            return last
        if given.replaces is None:
            text = f"{tariff.tariff_id!r} is published; put its next version."
            raise TariffRefused("TARIFF_EXISTS", text)
    row = TariffVersion(
        id=uuid7_at(now),
        tariff=tariff,
        version=last.version + 1 if last else 1,
        published_at=now,
        valid_from_at=content.valid_from_at,
        content=content.value,
        content_sha256=sha256,
        unusable_reason=content.unusable_reason,
    )
    earlier = tariffs_of([tariff.seller_id], environment=tariff.environment)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise KeyTaken("tariff_version_is_unique") from error
    if not row.unusable_reason:
        _tell_buyers(version_of(row), row, earlier, now=now)
    return row


def _tariff(given: Publication, content: _Content) -> tuple[Tariff, TariffVersion | None]:
    """The tariff that is meant, made if it is new, and its newest version."""
    seller = given.seller
    tariff = given.replaces
    if tariff is not None and tariff.tariff_id.casefold() != content.tariff_id.casefold():
        raise TariffRefused(
            "TARIFF_ID_DIFFERS", f"This is {tariff.tariff_id!r}; publish another one by POST."
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
            f"The tariff is in {tariff.currency}; publish one in {content.currency} under another"
            " id.",
        )
    return tariff, tariff.versions.order_by("-version").first()


def _tell_buyers(version: Version, row: TariffVersion, earlier: Tariffs, *, now: datetime) -> None:
    notices = [
        _notice(agreement, version, row, earlier, now) for agreement in _agreements(row.tariff, now)
    ]
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
    """One of each buyer: the version in force now, else the next one; in the tariff's currency."""
    rows = RoamingAgreement.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=now),
        seller=tariff.seller,
        currency=tariff.currency,
        in_force_at__isnull=False,
    ).select_related("group")
    first: dict[UUID, RoamingAgreement] = {}
    for row in rows.order_by("buyer", "starts_at"):
        first.setdefault(row.buyer_id, row)
    return list(first.values())


def _notice(
    agreement: RoamingAgreement,
    version: Version,
    row: TariffVersion,
    earlier: Tariffs,
    now: datetime,
) -> TariffNotice:
    own = _replaced(version, agreement.buyer_id, earlier)
    former = _formers(version, agreement.buyer_id, earlier)
    replaced = [*own, *former]
    # Of several former tariffs none is the one to tell the effect by.
    old = next(iter(own), former[0] if len(former) == 1 else None)
    incl_tax = agreement.price_basis == RoamingAgreement.PriceBasis.INCL_TAX
    told = notice_of(
        is_increase=increases_any((one.read for one in replaced), version.read, incl_tax=incl_tax),
        told_at=now,
        valid_from_at=row.valid_from_at,
        days=agreement.tariff_notice_days,
        zone=ZoneInfo(agreement.group.time_zone),
    )
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


def _replaced(version: Version, buyer_id: UUID, earlier: Tariffs) -> list[Version]:
    """What counts for the buyer where the version would begin, and what was to begin later."""
    name, starts_at = version.tariff_id, version.valid_from_at
    begins = {starts_at} | {
        began
        for one in earlier.named(version.seller_id, name)
        if (began := one.counts_from(buyer_id)) > starts_at
    }
    found = [earlier.in_force(version.seller_id, name, buyer_id, at) for at in sorted(begins)]
    return list(dict.fromkeys(one for one in found if one is not None))


def _formers(version: Version, buyer_id: UUID, earlier: Tariffs) -> list[Version]:
    """Of a tariff that does not count yet where the version begins: the seller's other tariffs.

    A new id must not dodge the notice; which stations it touches is judged when records name it.
    """
    seller_id, starts_at = version.seller_id, version.valid_from_at
    if earlier.in_force(seller_id, version.tariff_id, buyer_id, starts_at):
        return []
    others = [
        earlier.in_force(seller_id, name, buyer_id, starts_at)
        for name in earlier.names_of(seller_id)
        if name != version.tariff_id.casefold()
    ]
    return [one for one in others if one is not None and one.currency == version.currency]
