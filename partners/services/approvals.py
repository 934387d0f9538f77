"""Four eyes: one person asks, another one decides, over exactly the same content."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

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


def approve(approval_id: UUID, *, checker: User, now: datetime) -> Approval:
    """:raises NotDecidable: decided, expired, or asked for by ``checker``."""
    return _decide(approval_id, Approval.State.APPROVED, checker=checker, now=now)


def refuse(approval_id: UUID, *, checker: User, now: datetime) -> Approval:
    """:raises NotDecidable: decided, expired, or asked for by ``checker``."""
    return _decide(approval_id, Approval.State.REFUSED, checker=checker, now=now)


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
