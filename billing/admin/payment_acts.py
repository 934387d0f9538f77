"""What a person can do with a payment file: approve, refuse, ask anew, cancel, export."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from billing.messages.sepa import CURRENCY
from billing.models import PaymentFile, Settlement
from billing.services.payments import approving, exporting
from billing.services.payments.approving import NotApprovable
from billing.services.payments.exporting import NotExportable
from partners.admin.confirm import NotPossible, Question
from partners.admin.story import ActionLink
from partners.services.approvals import NotDecidable, is_approver


def may_change(request) -> bool:
    """Propose, cancel, export, download."""
    return request.user.has_perm("billing.change_paymentfile")


def may_approve(request) -> bool:
    """Approve and refuse: the approver's right, which the others do not bring along."""
    return is_approver(request.user, approving.RIGHT)


def payment_links(request, settlement: Settlement) -> list[ActionLink]:
    """From an issued settlement to the files that pay it, where the house moves money."""
    is_paid_here = settings.MONEY_FLOW != "INSTRUCTION_ONLY" and settlement.currency == CURRENCY
    if not may_change(request) or not is_paid_here or settlement.state != "ISSUED":
        return []
    return [
        ActionLink(
            f"{label}…",
            reverse("admin:billing_paymentfile_propose", args=[settlement.pk, kind]),
        )
        for label, kind in (
            ("Pay out", PaymentFile.Kind.CREDIT_TRANSFER),
            ("Collect", PaymentFile.Kind.DIRECT_DEBIT),
        )
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A button, who has it, when it fits, and what it says before it is done."""

    label: str
    sentence: str
    button: str
    done: str
    may: Callable[..., bool]
    fits: Callable[..., bool]
    run: Callable[..., object]
    is_dangerous: bool = False


def _waits_for(request, file: PaymentFile) -> bool:
    if file.state != "DRAFT" or file.proposed_by == request.user.get_username():
        return False
    asked = approving.open_request(file, now=timezone.now())
    return asked is not None and asked.maker_id != request.user.pk


def _has_expired(_request, file: PaymentFile) -> bool:
    return file.state == "DRAFT" and approving.open_request(file, now=timezone.now()) is None


def _approve(request, file, reason):
    approving.approve(file.pk, reason=reason, checker=request.user, now=timezone.now())


def _refuse(request, file, reason):
    approving.refuse(file.pk, reason=reason, checker=request.user, now=timezone.now())


def _ask(request, file, reason):
    approving.ask(file, reason=reason, maker=request.user, now=timezone.now())


def _cancel(request, file, reason):
    approving.cancel(file.pk, reason=reason, by=request.user, now=timezone.now())


def _export(request, file, _reason):
    exporting.export(file.pk, by=request.user, now=timezone.now())


ACTS = {
    "approve": Act(
        label="Approve…",
        sentence="You approve exactly the bytes with this hash. From then on they can be exported,"
        " once.",
        button="Approve",
        done="Approved. It can be exported now.",
        may=may_approve,
        fits=_waits_for,
        run=_approve,
    ),
    "refuse": Act(
        label="Refuse…",
        sentence="The file is cancelled; what it was to pay can be proposed anew.",
        button="Refuse",
        done="Refused and cancelled.",
        may=may_approve,
        fits=_waits_for,
        run=_refuse,
        is_dangerous=True,
    ),
    "again": Act(
        label="Ask anew…",
        sentence="Nobody decided in time. A second person is asked for the same bytes.",
        button="Ask a second person",
        done="Asked.",
        may=may_change,
        fits=_has_expired,
        run=_ask,
    ),
    "export": Act(
        label="Export…",
        sentence="Everything is checked once more, payouts are posted, and the file is yours to"
        " hand to the bank. It is exported once; downloads of it are in the audit trail.",
        button="Export",
        done="Exported and posted. Download it and hand it to the bank.",
        may=may_change,
        fits=lambda _request, file: file.state == "APPROVED",
        run=_export,
    ),
    "cancel": Act(
        label="Cancel…",
        sentence="The file does not leave; what it was to pay can be proposed anew.",
        button="Cancel the file",
        done="Cancelled.",
        may=may_change,
        fits=lambda _request, file: file.state in ("DRAFT", "APPROVED"),
        run=_cancel,
        is_dangerous=True,
    ),
}


def question_of(name: str, request, file: PaymentFile, effect: Sequence[object]) -> Question:
    """What is asked before the act; impossible where it does not fit (any more)."""
    act = ACTS[name]
    return Question(
        title=f"{act.button}: {file.get_kind_display()}?",
        sentence=act.sentence,
        button=act.button,
        effect=effect,
        is_dangerous=act.is_dangerous,
        is_possible=act.fits(request, file),
        act=partial(_done, act, request, file),
    )


def _done(act: Act, request, file: PaymentFile, answers) -> str:
    try:
        act.run(request, file, answers["reason"])
    except (NotApprovable, NotExportable, NotDecidable) as error:
        raise NotPossible(f"Nothing was changed: {error}") from error
    return act.done
