"""Put a drafted rule override in force: one person asks, another one agrees; end it again."""

import hashlib
import json
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from partners.models import Approval, User
from partners.services import approvals, audit
from partners.services.approvals import NotDecidable
from roaming.models import RuleOverride

VERB = "activate rule override"
# Who may agree to another weight of a rule, or refuse it.
RIGHT = "roaming.approve_ruleoverride"
OBJECT_TYPE = "rule override"


def ask_to_activate(override: RuleOverride, *, reason: str, user: User, now: datetime) -> Approval:
    """Ask a second person to put the draft in force as it stands.

    :raises NotDecidable: it is in force already.
    """
    if override.activated_at is not None:
        raise NotDecidable("it is in force already")
    with transaction.atomic():
        audit.record("ruleoverride.asked", override, actor=str(user), at=now, reason=reason)
        return approvals.request(
            VERB,
            about=(OBJECT_TYPE, str(override.pk)),
            content_sha256=content_of(override),
            reason=reason,
            maker=user,
            now=now,
        )


def activate_approved(approval_id: UUID, *, checker: User, now: datetime) -> RuleOverride:
    """The second person agrees: records received from its start on are judged by it.

    :raises NotDecidable: decided, expired, asked for by ``checker``, the draft has changed since,
        or another override of the rule holds at that time.
    """
    try:
        with transaction.atomic():
            approval = approvals.approve(approval_id, checker=checker, now=now, right=RIGHT)
            draft = RuleOverride.objects.select_for_update().get(pk=approval.object_id)
            if content_of(draft) != approval.content_sha256:
                raise NotDecidable("the draft has changed since; ask again")
            draft.activated_at = now
            # No override reaches back: what was judged stays judged.
            draft.starts_at = max(draft.starts_at, now)
            draft.save(update_fields=["activated_at", "starts_at", "scope_key"])
            audit.record(
                "ruleoverride.activated",
                draft,
                actor=str(checker),
                at=now,
                reason=f"{approval.reason} (asked for by {approval.maker})",
            )
            return draft
    except IntegrityError as error:
        raise NotDecidable(
            "another override of this rule holds at that time; end that one first"
        ) from error


def refuse_activation(approval_id: UUID, *, checker: User, now: datetime) -> Approval:
    """The second person does not agree: it stays a draft.

    :raises NotDecidable: decided, expired, or asked for by ``checker``.
    """
    return approvals.refuse(approval_id, checker=checker, now=now, right=RIGHT)


def end(override: RuleOverride, *, reason: str, user: User, now: datetime) -> None:
    """Let an override in force hold no longer; one that has not begun never will.

    :raises NotDecidable: it is a draft, or has ended.
    """
    is_over = override.ends_at is not None and override.ends_at <= now
    if override.activated_at is None or is_over:
        raise NotDecidable("it is not in force")
    with transaction.atomic():
        if override.starts_at >= now:
            override.activated_at = None
        else:
            override.ends_at = now
        override.save(update_fields=["activated_at", "ends_at", "scope_key"])
        audit.record("ruleoverride.ended", override, actor=str(user), at=now, reason=reason)


def open_request(override: RuleOverride, *, now: datetime) -> Approval | None:
    """The request that waits for a second person."""
    return (
        Approval.objects.filter(
            verb=VERB,
            object_id=str(override.pk),
            state=Approval.State.REQUESTED,
            expires_at__gt=now,
        )
        .select_related("maker")
        .first()
    )


def content_of(override: RuleOverride) -> str:
    """A hash of what the second person agrees to."""
    told = {
        "code": override.code,
        "scope": override.scope_key,
        "severity": override.severity,
        "limits": override.limits,
        "reason": override.reason,
        "starts_at": override.starts_at.isoformat(),
        "ends_at": override.ends_at.isoformat() if override.ends_at else None,
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
