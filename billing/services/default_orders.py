"""Handling a default takes two persons: one asks over what would happen, another does it."""

from datetime import datetime
from uuid import UUID

from billing.models import DefaultCase, Settlement
from billing.services.default_preview import would_happen
from billing.services.defaults import NotInDefault, handle_default
from billing.services.preview import sha256_of
from clearinghouse.retry import in_transaction
from partners.models import Approval, Partner, User
from partners.services import approvals, audit

VERB = "default.handle"
# Who may do what another asked for.
RIGHT = "billing.approve_defaultcase"
_TYPE = "Default"


def hash_of(case: DefaultCase) -> str:
    """Over what the case would do, so that a yes is to that and nothing else."""
    return sha256_of(
        {
            "settlement": str(case.settlement_id),
            "partner": str(case.partner_id),
            "owed_minor": case.owed_minor,
            "outcome": case.outcome,
            "draws": case.draws,
            "uncovered_minor": case.uncovered_minor,
            "positions": case.positions,
            "claims": case.claims,
        }
    )


def open_request(settlement: Settlement, partner: Partner, *, now: datetime) -> Approval | None:
    """The request that waits for a second person, whatever it was over."""
    return approvals.waiting(VERB, about=(_TYPE, _about(partner, settlement)), now=now)


def request(
    settlement: Settlement, partner: Partner, *, reason: str, maker: User, now: datetime
) -> Approval:
    """Ask a second person.

    :raises NotInDefault: there is nothing to handle.
    """

    def asked() -> Approval:
        case = would_happen(settlement, partner, now=now)
        approval = approvals.request(
            VERB,
            about=(_TYPE, _about(partner, settlement)),
            content_sha256=hash_of(case),
            reason=reason,
            maker=maker,
            now=now,
        )
        _note("default.requested", settlement, partner, by=maker, reason=reason, now=now)
        return approval

    return in_transaction(asked)


def confirm(
    settlement: Settlement,
    partner: Partner,
    approval_id: UUID,
    *,
    reason: str,
    checker: User,
    now: datetime,
) -> DefaultCase:
    """Do what was asked for; both or neither.

    :raises NotInDefault: nothing to handle, or something else would happen now.
    :raises partners.services.approvals.NotDecidable: decided, expired, or asked by the checker.
    """

    def done() -> DefaultCase:
        approval = approvals.approve(approval_id, checker=checker, now=now, right=RIGHT)
        case = handle_default(
            settlement, partner, reason=reason, actor=checker.get_username(), now=now
        )
        if hash_of(case) != approval.content_sha256:
            raise NotInDefault("Cover or claims changed since it was asked for. Ask again.")
        _note("default.handled", settlement, partner, by=checker, reason=reason, now=now)
        return case

    return in_transaction(done)


def _about(partner: Partner, settlement: Settlement) -> str:
    # Short enough for the column: the settlement is in the content's hash too.
    return f"{str(settlement.pk)[-12:]}:{partner.pk}"


def _note(
    action: str, settlement: Settlement, partner: Partner, *, by: User, reason: str, now: datetime
) -> None:
    audit.record(
        action,
        settlement,
        actor=by.get_username(),
        at=now,
        reason=reason,
        after={"partner": partner.name},
    )
