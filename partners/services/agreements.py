"""The life of an agreement: a draft is put in force, a new version takes over from the old one."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max, Q

from partners.models import RoamingAgreement
from partners.services import audit


class AlreadyInForce(Exception):
    """The version is in force: it is immutable, and signing it again changes nothing."""


class AgreementsOverlap(Exception):
    """Another agreement in force covers the same parties, currency and service at that time."""


class TermsCannotHold(Exception):
    """The draft says what no record could be judged or cleared by."""


@transaction.atomic
def put_in_force(
    agreement_id: UUID | str, *, actor: str, reason: str, now: datetime
) -> RoamingAgreement:
    """Sign a draft. The open end of an earlier version of the same number is closed at its start.

    :raises AlreadyInForce: nothing was changed.
    :raises AgreementsOverlap: nothing was changed; the text names the agreement in the way.
    :raises TermsCannotHold: nothing was changed; the text names what to correct in the draft.
    """
    draft = RoamingAgreement.objects.select_for_update().get(pk=agreement_id)
    if draft.in_force_at is not None:
        raise AlreadyInForce(f"{draft} is in force since {draft.in_force_at:%Y-%m-%d}")
    if wrong := draft.wrong_terms():
        raise TermsCannotHold(" ".join(f"{name}: {told}" for name, told in wrong.items()))
    taken_over = list(
        RoamingAgreement.objects.select_for_update().filter(
            number=draft.number,
            version__lt=draft.version,
            in_force_at__isnull=False,
            ends_at__isnull=True,
            starts_at__lte=draft.starts_at,
        )
    )
    try:
        with transaction.atomic():
            for earlier in taken_over:
                earlier.ends_at = draft.starts_at
                earlier.save(update_fields=["ends_at"])
            draft.in_force_at = now
            draft.save(update_fields=["in_force_at"])
    except IntegrityError as error:
        if "agreements_in_force_do_not_overlap" not in str(error):
            raise
        raise AgreementsOverlap(_overlap(draft)) from error
    audit.record(
        "agreement.in_force",
        draft,
        actor=actor,
        at=now,
        reason=reason,
        after={"taken_over": [str(earlier) for earlier in taken_over]},
    )
    return draft


@transaction.atomic
def draft_next_version(
    agreement_id: UUID | str, *, actor: str, starts_at: datetime, now: datetime
) -> RoamingAgreement:
    """Copy a version as a draft that starts at ``starts_at``; edit it, then put it in force."""
    draft = RoamingAgreement.objects.get(pk=agreement_id)
    source = str(draft)
    newest = RoamingAgreement.objects.filter(number=draft.number).aggregate(Max("version"))
    draft.pk = RoamingAgreement._meta.pk.get_default()
    draft.version = newest["version__max"] + 1
    draft.starts_at, draft.ends_at, draft.in_force_at = starts_at, None, None
    draft._state.adding = True
    draft.save(force_insert=True)
    audit.record("agreement.drafted", draft, actor=actor, at=now, after={"copied_from": source})
    return draft


def _overlap(draft: RoamingAgreement) -> str:
    others = RoamingAgreement.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=draft.starts_at),
        seller=draft.seller,
        buyer=draft.buyer,
        currency=draft.currency,
        service_class=draft.service_class,
        in_force_at__isnull=False,
    ).exclude(pk=draft.pk)
    if draft.ends_at is not None:
        others = others.filter(starts_at__lt=draft.ends_at)
    names = ", ".join(f"{other} (from {other.starts_at:%Y-%m-%d})" for other in others)
    return (
        f"{draft} cannot be put in force: {names} covers the same parties, currency and service"
        " at that time. Let this version start later, or end the other one first."
    )
