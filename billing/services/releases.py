"""Four eyes over a calculated settlement: one person asks, another issues exactly what was asked.

The hash of the preview goes with the request; a settlement that was cancelled and calculated anew
has another, so that nobody's yes is carried over.
"""

from datetime import datetime
from uuid import UUID

from billing.models import Document, Settlement
from billing.queries_objections import open_against
from billing.services import settling
from billing.services.settling import NotReleasable
from clearinghouse.retry import in_transaction
from partners.models import Approval, User
from partners.services import approvals, audit

VERB = "settlement.release"
# Who may decide; apart from the right to ask.
RIGHT = "billing.approve_settlement"
_TYPE = "Settlement"


def open_request(settlement: Settlement, *, now: datetime) -> Approval | None:
    """The request that waits for a second person, if there is one."""
    return approvals.waiting(
        VERB,
        about=(_TYPE, str(settlement.pk)),
        content_sha256=settlement.preview_sha256,
        now=now,
    )


def request_release(settlement: Settlement, *, reason: str, maker: User, now: datetime) -> Approval:
    """Ask a second person to release what the preview shows.

    :raises NotReleasable: it is issued or cancelled, or an objection to it is open.
    """
    if settlement.state != Settlement.State.CALCULATED:
        raise NotReleasable(f"The settlement is {settlement.state}; there is nothing to release.")
    if open_against(settlement.window).exists():
        raise NotReleasable("Objections to its statements wait for an answer.")

    def asked() -> Approval:
        approval = approvals.request(
            VERB,
            about=(_TYPE, str(settlement.pk)),
            content_sha256=settlement.preview_sha256,
            reason=reason,
            maker=maker,
            now=now,
        )
        _note("settlement.release_requested", settlement, by=maker, reason=reason, now=now)
        return approval

    return in_transaction(asked)


def approve_and_release(
    settlement: Settlement, approval_id: UUID, *, reason: str, checker: User, now: datetime
) -> list[Document]:
    """Decide the request and issue the settlement; both or neither.

    :raises NotReleasable: what was approved is not what would be issued.
    :raises partners.services.approvals.NotDecidable: decided, expired, or asked by the checker.
    """

    def released() -> list[Document]:
        approval = approvals.approve(approval_id, checker=checker, now=now, right=RIGHT)
        documents = settling.release(
            settlement, preview_sha256=approval.content_sha256, approval=approval, now=now
        )
        _note("settlement.released", settlement, by=checker, reason=reason, now=now)
        return documents

    return in_transaction(released)


def refuse_release(
    settlement: Settlement, approval_id: UUID, *, reason: str, checker: User, now: datetime
) -> None:
    """Say no; the settlement stays calculated and can be cancelled or asked for again.

    :raises partners.services.approvals.NotDecidable: decided, expired, or asked by the checker.
    """

    def refused() -> None:
        approvals.refuse(approval_id, checker=checker, now=now, right=RIGHT)
        _note("settlement.release_refused", settlement, by=checker, reason=reason, now=now)

    in_transaction(refused)


def cancel(settlement: Settlement, *, reason: str, by: User, now: datetime) -> None:
    """Take a calculated settlement back with a reason.

    :raises NotReleasable: it was issued, or cancelled before.
    """

    def cancelled() -> None:
        settling.cancel(settlement, reason=reason, now=now)
        _note("settlement.cancelled", settlement, by=by, reason=reason, now=now)

    in_transaction(cancelled)


def _note(action: str, settlement: Settlement, *, by: User, reason: str, now: datetime) -> None:
    audit.record(
        action,
        settlement,
        actor=by.get_username(),
        at=now,
        reason=reason,
        after={"preview_sha256": settlement.preview_sha256},
    )
