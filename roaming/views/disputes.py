"""My disputes: what waits for whom, the story of each, answers and evidence."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.models import Environment
from partners.portal import for_partner, partner_of, user_of
from partners.rules.roles import OPERATE
from roaming import queries_disputes
from roaming.models import Dispute, Sdr, SdrState
from roaming.queries import Reader, readable_states, reader_of
from roaming.rules import dispute as rules
from roaming.rules.dispute import DisputeRefused
from roaming.services import dispute_evidence, disputes
from roaming.services.dispute_steps import Actor
from roaming.services.disputes import Complaint
from roaming.stored_evidence import answer_with_evidence
from roaming.views import dispute_pages as pages
from roaming.views.dispute_forms import VERBS, FileForm, OpenForm

ENVIRONMENT = Environment.LIVE
PAGE = 50


@require_safe
@for_partner
def dispute_list(request: HttpRequest) -> HttpResponse:
    """Newest first, by keyset; by whose turn it is."""
    owned = _owned(request)
    found = queries_disputes.readable_disputes(_reader(request))
    shown = request.GET.get("show", "open")
    if shown == "mine":
        found = found.filter(queries_disputes.waiting_for(owned))
    elif shown == "closed":
        found = found.filter(closed_at__isnull=False)
    elif shown != "all":
        shown, found = "open", found.filter(closed_at__isnull=True)
    before = _uuid(request.GET.get("before", ""))
    rows = list((found.filter(id__lt=before) if before else found).order_by("-id")[: PAGE + 1])
    context = {
        "section": "disputes",
        "shown": shown,
        "shows": [
            ("open", gettext("Open")),
            ("mine", gettext("Your turn")),
            ("closed", gettext("Closed")),
            ("all", gettext("All")),
        ],
        "lines": pages.lines_of(rows[:PAGE], owned=owned),
        "older": rows[PAGE - 1].pk if len(rows) > PAGE else "",
    }
    return render(request, "portal/disputes.html", context)


@require_safe
@for_partner
def dispute(request: HttpRequest, dispute_id: UUID) -> HttpResponse:
    return _page(request, _found(request, dispute_id))


@require_http_methods(["GET", "HEAD", "POST"])
@for_partner(right=OPERATE)
def new(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Dispute a record that the partner bought."""
    state = readable_states(_reader(request)).filter(id=record_id).first()
    if state is None or not queries_disputes.is_disputable(state, _owned(request)):
        raise Http404
    form = OpenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        complaint = Complaint(reason=asked["reason"], text=asked["text"], amount=asked["amount"])
        by, now = _actor(request, rules.CSP), timezone.now()
        try:
            opened = disputes.open_dispute(record_id, complaint, by=by, now=now)
        except DisputeRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, gettext("The dispute is open; the operator has seven days."))
            return redirect("disputes:dispute", dispute_id=opened.pk)
    sdr = Sdr.objects.get(sender=state.sender_id, id=state.id)
    reasons = _still_open(state)
    form.offer(reasons)
    context = {
        "section": "disputes",
        "form": form,
        "sdr": sdr,
        "reasons": reasons,
        "are_reasons_over": len(reasons) < len(rules.REASONS),
        "is_accepted": state.state == "ACCEPTED",
    }
    status = 422 if form.errors else 200
    return render(request, "portal/dispute_new.html", context, status=status)


def _still_open(state: SdrState) -> dict[str, rules.Reason]:
    """The reasons for which it is not too late yet."""
    now = timezone.now()
    return {
        code: reason
        for code, reason in rules.REASONS.items()
        if rules.is_in_time(
            code, delivered_at=state.delivered_at, accepted_at=state.accepted_at, now=now
        )
    }


@require_POST
@for_partner(right=OPERATE)
def act(request: HttpRequest, dispute_id: UUID, verb: str) -> HttpResponse:
    """One verb of the partner's side; what is refused is told above the story."""
    found = _found(request, dispute_id)
    if verb not in VERBS:
        raise Http404
    form = VERBS[verb].form_class(request.POST)
    if not form.is_valid():
        return _page(request, found, refused=pages.words_of(form), status=422)
    try:
        disputes.act(
            found.pk,
            verb,
            by=_actor(request, _side_for(request, found, verb)),
            now=timezone.now(),
            amount=form.cleaned_data.get("amount"),
            text=form.cleaned_data["text"],
        )
    except DisputeRefused as refused:
        return _page(request, found, refused=[str(refused)], status=409)
    messages.success(request, gettext(VERBS[verb].done))
    return redirect("disputes:dispute", dispute_id=found.pk)


@require_POST
@for_partner(right=OPERATE)
def attach(request: HttpRequest, dispute_id: UUID) -> HttpResponse:
    """Take a file of evidence."""
    found = _found(request, dispute_id)
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, found, refused=pages.words_of(form), status=422)
    file = form.cleaned_data["file"]
    try:
        if file.size > settings.DISPUTE_FILE_MAX_BYTES:
            limit = settings.DISPUTE_FILE_MAX_BYTES // 2**20
            raise DisputeRefused(
                "FILE_TOO_LARGE", gettext("A file has at most %(limit)s MiB.") % {"limit": limit}
            )
        dispute_evidence.attach(
            found.pk,
            name=file.name,
            content=file.read(),
            by=_actor(request, _side_for(request, found, "attach")),
            now=timezone.now(),
            user=user_of(request),
        )
    except DisputeRefused as refused:
        return _page(request, found, refused=[str(refused)], status=422)
    messages.success(request, gettext("The file is kept; both sides see it."))
    return redirect(f"{reverse('disputes:dispute', args=[found.pk])}#evidence")


@require_safe
@for_partner
def file(request: HttpRequest, dispute_id: UUID, attachment_id: UUID) -> HttpResponse:
    """A file of evidence, to be saved; who took it is noted."""
    attachment = _found(request, dispute_id).attachments.filter(pk=attachment_id).first()
    if attachment is None:
        raise Http404
    content = dispute_evidence.read(
        attachment, actor=request.user.get_username(), now=timezone.now()
    )
    return answer_with_evidence(attachment, content)


def _page(
    request: HttpRequest, found: Dispute, *, refused: list[str] | None = None, status: int = 200
) -> HttpResponse:
    sides = queries_disputes.sides_of(found.seller_id, found.buyer_id, _owned(request))
    state = SdrState.objects.filter(id=found.record_id).first() if found.record_id else None
    context = pages.detail_of(found, sides=sides, state=state, reader=_reader(request)) | {
        "section": "disputes",
        "refused": refused or [],
    }
    return render(request, "portal/dispute.html", context, status=status)


def _found(request: HttpRequest, dispute_id: UUID) -> Dispute:
    """A dispute of the partner's; a stranger learns nothing."""
    found = queries_disputes.readable_disputes(_reader(request)).filter(pk=dispute_id).first()
    if found is None:
        raise Http404
    return found


def _reader(request: HttpRequest) -> Reader:
    return reader_of(partner_of(request), environment=ENVIRONMENT, now=timezone.now())


def _owned(request: HttpRequest) -> set[UUID]:
    return queries_disputes.owned_parties(
        partner_of(request), environment=ENVIRONMENT, now=timezone.now()
    )


def _side_for(request: HttpRequest, found: Dispute, verb: str) -> str:
    """The side that may do it, where the partner owns both; only an owner acts."""
    sides = queries_disputes.sides_of(found.seller_id, found.buyer_id, _owned(request))
    if not sides:
        raise DisputeRefused(
            "VERB_NOT_YOURS", gettext("You may read this, but only a side may act.")
        )
    allowed, _ = rules.TRANSITIONS.get((found.stage, verb), (frozenset(), ""))
    return (sorted(sides & allowed) or sorted(sides))[0]


def _actor(request: HttpRequest, side: str) -> Actor:
    return Actor(side=side, name=request.user.get_username())


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
