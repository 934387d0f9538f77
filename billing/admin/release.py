"""The two persons of a settlement: ask for its release, look at the same preview, release it."""

from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone

from billing.admin.objection import waiting_table
from billing.admin.settlement_story import PreviewTold
from billing.models import Document, Settlement
from billing.queries_objections import limits_of, open_against
from billing.services import close_job, releases
from billing.services.settling import NotReleasable
from partners.admin.confirm import NotPossible, Question, ask, change_url
from partners.admin.story import WARN, ActionLink, Facts, Note, Table
from partners.services import approvals, audit
from partners.services.approvals import NotDecidable
from partners.tasks import wake_worker

_NAMES = ("request", "approve", "refuse", "cancel", "recalculate")
_ISSUES = (
    "Everything is posted, statements get their numbers, and partners are told. It cannot be"
    " undone: what is wrong afterwards goes into the next window."
)


_DECISIONS = ("approve", "refuse")


def may_release(request) -> bool:
    """May ask for a release, cancel, and have it calculated anew."""
    return request.user.has_perm("billing.change_settlement")


def may_decide(request) -> bool:
    """May release or refuse what another asked for: an approver."""
    return approvals.is_approver(request.user, releases.RIGHT)


def urls(model_admin) -> list:
    """An address for each act, for staff with the right."""
    return [
        path(
            f"<uuid:settlement_id>/{name}/",
            model_admin.admin_site.admin_view(partial(_view, model_admin, name)),
            name=f"billing_settlement_{name}",
        )
        for name in _NAMES
    ]


def actions(request, settlement: Settlement) -> list[ActionLink]:
    """What this person can do now."""
    if not (may_release(request) or may_decide(request)):
        return []
    links = _possible(request, settlement)
    return [
        link for name, link in links if (may_decide if name in _DECISIONS else may_release)(request)
    ]


def _possible(request, settlement: Settlement) -> list[tuple[str, ActionLink]]:
    """What its state and who asked allow, by the name of the act."""
    if settlement.state == Settlement.State.CANCELLED:
        is_last = settlement.window.settlement is None
        return [_link("Calculate anew…", "recalculate", settlement)] if is_last else []
    if settlement.state != Settlement.State.CALCULATED:
        return []
    cancel = _link("Cancel…", "cancel", settlement, is_dangerous=True)
    asked = releases.open_request(settlement, now=timezone.now())
    if asked is None:
        return [_link("Ask for the release…", "request", settlement), cancel]
    if asked.maker_id == request.user.pk:
        return [cancel]
    return [
        _link("Look at it and release…", "approve", settlement),
        _link("Refuse…", "refuse", settlement),
        cancel,
    ]


def next_step(request, settlement: Settlement) -> list[Note | Table]:
    """What has to happen, and by whom."""
    if settlement.state == Settlement.State.CANCELLED:
        newer = (
            "Mend what was wrong, then calculate anew."
            if settlement.window.settlement is None
            else "The window was calculated anew since."
        )
        return [Note(f"“{settlement.cancel_reason}”. {newer}", tone=WARN, title="Cancelled")]
    if settlement.state != Settlement.State.CALCULATED:
        return []
    asked = releases.open_request(settlement, now=timezone.now())
    if open_against(settlement.window).exists():
        text = (
            "Partners object to their provisional statements. Answer each below; only then is the"
            " settlement released."
        )
    elif asked is None:
        text = (
            "Nothing is posted yet. Check the figures, then ask for the release; a second person"
            " looks at exactly this preview and releases it."
        )
    elif asked.maker_id == request.user.pk:
        text = "You asked for the release. A second person must look at it and release it."
    else:
        who = "You can decide." if may_decide(request) else "An approver decides."
        text = f"{asked.maker} asked for the release: “{asked.reason}”. {who}"
    return [Note(text, tone=WARN, title="Waits for its release"), *waiting_table(settlement)]


def _link(label: str, name: str, settlement: Settlement, **options: bool) -> tuple[str, ActionLink]:
    url = reverse(f"admin:billing_settlement_{name}", args=[settlement.pk])
    return name, ActionLink(label, url, **options)


def _view(model_admin, name: str, request, settlement_id):
    if not (may_decide if name in _DECISIONS else may_release)(request):
        raise PermissionDenied
    settlement = model_admin.get_object(request, str(settlement_id))
    if settlement is None:
        raise Http404
    question = _QUESTIONS[name](request, settlement)
    return ask(request, model_admin, settlement, question)


def _request(request, settlement: Settlement) -> Question:
    return Question(
        title="Ask for the release?",
        sentence="A second person sees exactly this preview and releases it. Nothing is posted"
        " before.",
        button="Ask a second person",
        effect=[*_decided(settlement), *_objections(settlement), *_effect(settlement)],
        is_possible=settlement.state == Settlement.State.CALCULATED
        and not open_against(settlement.window).exists(),
        act=partial(_do_request, request, settlement),
    )


def _approve(request, settlement: Settlement) -> Question:
    asked = releases.open_request(settlement, now=timezone.now())
    problem = _why_not(request, settlement, asked)
    return Question(
        title="Release this settlement?",
        sentence=_ISSUES,
        button="Release and issue",
        effect=[*problem, *_objections(settlement), *_effect(settlement)],
        is_possible=not problem and not open_against(settlement.window).exists(),
        is_dangerous=True,
        act=partial(_do_approve, request, settlement, asked),
    )


def _refuse(request, settlement: Settlement) -> Question:
    asked = releases.open_request(settlement, now=timezone.now())
    problem = _why_not(request, settlement, asked)
    return Question(
        title="Refuse the release?",
        sentence="It stays calculated: cancel it and calculate anew, or ask again.",
        button="Refuse",
        effect=problem,
        is_possible=not problem,
        act=partial(_do_refuse, request, settlement, asked),
    )


def _cancel(request, settlement: Settlement) -> Question:
    is_calculated = settlement.state == Settlement.State.CALCULATED
    told = f"It is {_state(settlement)}: only documents of the next window can correct it."
    return Question(
        title="Cancel this settlement?",
        sentence="Its window stays closed and is calculated anew once what was wrong is mended.",
        button="Cancel it",
        effect=[] if is_calculated else [Note(told, tone=WARN)],
        is_possible=is_calculated,
        is_dangerous=True,
        act=partial(_do_cancel, request, settlement),
    )


def _recalculate(request, settlement: Settlement) -> Question:
    is_open = settlement.window.settlement is None
    told = "The window has a settlement that counts; cancel that one first."
    return Question(
        title="Calculate anew?",
        sentence="The window's records, fees and tax facts of now are netted again.",
        button="Calculate",
        effect=[] if is_open else [Note(told, tone=WARN)],
        is_possible=is_open,
        act=partial(_do_recalculate, request, settlement),
    )


_QUESTIONS = {
    "request": _request,
    "approve": _approve,
    "refuse": _refuse,
    "cancel": _cancel,
    "recalculate": _recalculate,
}


def _objections(settlement: Settlement) -> list[object]:
    """What stops a release, and until when more of it may come."""
    if settlement.state != Settlement.State.CALCULATED:
        return []
    waiting = waiting_table(settlement)
    if waiting:
        return [Note("Answer the objections first; then release.", tone=WARN), *waiting]
    provisional = settlement.documents.filter(kind=Document.Kind.PROVISIONAL)
    until_at = max(limits_of(provisional).values(), default=None)
    if until_at is None or until_at < timezone.now():
        return []
    text = (
        f"Partners may object until {timezone.localtime(until_at):%-d %b %Y, %H:%M}. A release"
        " before then takes that time from them."
    )
    return [Note(text, tone=WARN)]


def _decided(settlement: Settlement) -> list[Note]:
    if settlement.state == Settlement.State.CALCULATED:
        return []
    return [Note(f"The settlement is {_state(settlement)}; it was decided before.", tone=WARN)]


def _why_not(request, settlement: Settlement, asked) -> list[Note]:
    if decided := _decided(settlement):
        return decided
    if asked is None:
        told = "Nobody has asked for its release yet, or the request expired: ask for it first."
        return [Note(told, tone=WARN)]
    if asked.maker_id == request.user.pk:
        return [Note("You asked for it yourself; a second person must decide.", tone=WARN)]
    return []


def _state(settlement: Settlement) -> str:
    return settlement.get_state_display().lower()


def _effect(settlement: Settlement) -> list[object]:
    """The frozen preview as it will be issued, and the hash over all of it."""
    facts = Facts("What is released", [("Preview (SHA-256)", settlement.preview_sha256)])
    return [facts, *PreviewTold(settlement, settlement.preview).sections()]


def _do_request(request, settlement: Settlement, answers) -> str:
    try:
        releases.request_release(
            settlement, reason=answers["reason"], maker=request.user, now=timezone.now()
        )
    except NotReleasable as error:
        raise NotPossible(str(error)) from error
    return "Asked. A second person now releases it or refuses."


def _do_approve(request, settlement: Settlement, asked, answers) -> str:
    try:
        documents = releases.approve_and_release(
            settlement,
            asked.pk,
            reason=answers["reason"],
            checker=request.user,
            now=timezone.now(),
        )
    except (NotReleasable, NotDecidable) as error:
        raise NotPossible(f"Nothing was issued: {error}") from error
    return f"Issued with {len(documents)} statements; their PDFs are made within minutes."


def _do_refuse(request, settlement: Settlement, asked, answers) -> str:
    try:
        releases.refuse_release(
            settlement,
            asked.pk,
            reason=answers["reason"],
            checker=request.user,
            now=timezone.now(),
        )
    except NotDecidable as error:
        raise NotPossible(str(error)) from error
    return "Refused; the settlement stays calculated."


def _do_cancel(request, settlement: Settlement, answers) -> str:
    try:
        releases.cancel(settlement, reason=answers["reason"], by=request.user, now=timezone.now())
    except NotReleasable as error:
        raise NotPossible(str(error)) from error
    return "Cancelled. Mend what was wrong, then calculate anew."


def _do_recalculate(request, settlement: Settlement, answers):
    with transaction.atomic():
        job = close_job.enqueue(settlement.window, requested_by=request.user)
        audit.record(
            "settlement.recalculation_ordered",
            settlement,
            actor=request.user.get_username(),
            at=timezone.now(),
            reason=answers["reason"],
        )
        transaction.on_commit(wake_worker)
    return HttpResponseRedirect(change_url(job))
