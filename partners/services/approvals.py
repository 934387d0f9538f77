"""Four eyes: one person asks, another one decides, over exactly the same content."""

from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import Permission
from django.db import transaction
from django.db.models import Q

from partners.models import Approval, User

VALID_FOR = timedelta(days=7)


class NotDecidable(Exception):
    """Nobody, or not this person, can decide the request (any more)."""


def request(
    verb: str,
    *,
    about: tuple[str, str],
    content_sha256: str,
    reason: str,
    maker: User,
    now: datetime,
) -> Approval:
    """Ask for ``verb`` on ``about`` (type, id); the same open request is asked once."""
    object_type, object_id = about
    wanted = {
        "verb": verb,
        "object_type": object_type,
        "object_id": object_id,
        "content_sha256": content_sha256,
        "state": Approval.State.REQUESTED,
    }
    asked = Approval.objects.filter(**wanted, expires_at__gt=now).first()
    if asked is not None:
        return asked
    return Approval.objects.create(
        **wanted, reason=reason[:500], maker=maker, requested_at=now, expires_at=now + VALID_FOR
    )


def waiting(
    verb: str, *, about: tuple[str, str], now: datetime, content_sha256: str = ""
) -> Approval | None:
    """The newest request for ``verb`` on ``about`` that a second person can still decide.

    With a hash: only over exactly that content.
    """
    object_type, object_id = about
    asked = Approval.objects.filter(
        verb=verb,
        object_type=object_type,
        object_id=object_id,
        state=Approval.State.REQUESTED,
        expires_at__gt=now,
    )
    if content_sha256:
        asked = asked.filter(content_sha256=content_sha256)
    return asked.select_related("maker").order_by("-requested_at").first()


def is_approver(user: User, right: str) -> bool:
    """Tell whether the right to decide was given to the person, by name or by a group.

    Being a superuser gives none (finance.md 8): who runs the system does not release money.
    """
    if not user.is_superuser:
        return user.has_perm(right)
    app_label, _, codename = right.partition(".")
    given = Permission.objects.filter(content_type__app_label=app_label, codename=codename)
    return user.is_active and given.filter(Q(user=user) | Q(group__user=user)).exists()


def approve(approval_id: UUID, *, checker: User, now: datetime, right: str) -> Approval:
    """Say yes. ``right``: the approver's, which a superuser needs as everybody does.

    :raises NotDecidable: decided, expired, asked for by ``checker``, or a superuser without it.
    """
    _refuse_superuser(checker, right)
    return _decide(approval_id, Approval.State.APPROVED, checker=checker, now=now)


def refuse(approval_id: UUID, *, checker: User, now: datetime, right: str) -> Approval:
    """:raises NotDecidable: as ``approve`` does."""
    _refuse_superuser(checker, right)
    return _decide(approval_id, Approval.State.REFUSED, checker=checker, now=now)


def _refuse_superuser(checker: User, right: str) -> None:
    if checker.is_superuser and not is_approver(checker, right):
        raise NotDecidable(
            "being a superuser gives no right to decide; it is given to an approver by name"
        )


def expire(*, now: datetime) -> int:
    """Close requests that nobody decided in time."""
    overdue = Approval.objects.filter(state=Approval.State.REQUESTED, expires_at__lte=now)
    return overdue.update(state=Approval.State.EXPIRED)


@transaction.atomic
def _decide(approval_id: UUID, state: str, *, checker: User, now: datetime) -> Approval:
    approval = Approval.objects.select_for_update().get(pk=approval_id)
    if approval.state != Approval.State.REQUESTED or approval.expires_at <= now:
        raise NotDecidable("the request was decided or has expired; ask again")
    if approval.maker_id == checker.pk:
        raise NotDecidable("who asked cannot decide; a second person must")
    approval.state, approval.checker, approval.decided_at = state, checker, now
    approval.save(update_fields=["state", "checker", "decided_at"])
    return approval
