"""Manual adjustments: an amount no record explains, with reason, counter-account, two persons."""

import hashlib
from datetime import datetime
from uuid import UUID

from billing.models import ClearingWindow, ManualAdjustment
from clearinghouse.retry import in_transaction
from clearinghouse.uuid7 import uuid7_at
from partners.models import Approval, Partner, SettlementGroup, User
from partners.services import approvals

VERB = "adjustment.post"
# Who may post or refuse; apart from the right to ask.
RIGHT = "billing.approve_manualadjustment"


class NotAdjustable(Exception):
    """The window is closed, or nobody else approved exactly this adjustment."""


def request(
    window: ClearingWindow,
    partner: Partner,
    amount_minor: int,
    *,
    counter_account: str,
    reason: str,
    maker: User,
    now: datetime,
) -> ManualAdjustment:
    """Ask for an adjustment: + the partner gets, − it pays; a second person posts it.

    :raises NotAdjustable: the window is closed.
    """
    if window.state != ClearingWindow.State.OPEN:
        raise NotAdjustable("The window is closed; adjust in the one that is open.")
    adjustment_id = uuid7_at(now)
    said = f"{adjustment_id}|{window.pk}|{partner.pk}|{amount_minor}|{counter_account}|{reason}"
    approval = approvals.request(
        VERB,
        about=("ManualAdjustment", str(adjustment_id)),
        content_sha256=hashlib.sha256(said.encode()).hexdigest(),
        reason=reason,
        maker=maker,
        now=now,
    )
    return ManualAdjustment.objects.create(
        id=adjustment_id,
        window=window,
        partner=partner,
        environment=window.environment,
        currency=window.group.currency,
        amount_minor=amount_minor,
        counter_account=counter_account,
        reason=reason[:500],
        approval=approval,
        requested_at=now,
    )


def decide(adjustment_id: UUID, *, approve: bool, checker: User, now: datetime) -> ManualAdjustment:
    """Post or refuse an adjustment; it goes into its window, which must still be open.

    :raises NotAdjustable: the window closed meanwhile, or it was decided before.
    :raises partners.services.approvals.NotDecidable: the maker cannot decide, nor a superuser
        without the right.
    """
    return in_transaction(lambda: _decide(adjustment_id, approve, checker, now))


def _decide(adjustment_id: UUID, approve: bool, checker: User, now: datetime) -> ManualAdjustment:
    SettlementGroup.objects.select_for_update().get(windows__adjustments=adjustment_id)
    adjustment = ManualAdjustment.objects.select_related("window").get(pk=adjustment_id)
    if adjustment.state != ManualAdjustment.State.REQUESTED:
        raise NotAdjustable(f"The adjustment is {adjustment.state}.")
    if not approve:
        approvals.refuse(adjustment.approval_id, checker=checker, now=now, right=RIGHT)
        adjustment.state = ManualAdjustment.State.REFUSED
        adjustment.save(update_fields=["state"])
        return adjustment
    if adjustment.window.state != ClearingWindow.State.OPEN:
        raise NotAdjustable("The window closed meanwhile; ask for one in the open window.")
    approval = approvals.approve(adjustment.approval_id, checker=checker, now=now, right=RIGHT)
    if approval.state == Approval.State.APPROVED:
        adjustment.state, adjustment.posted_at = ManualAdjustment.State.POSTED, now
        adjustment.save(update_fields=["state", "posted_at"])
    return adjustment
