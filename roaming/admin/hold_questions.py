"""What staff does with held records, one or many: each page shows them and asks first."""

from functools import partial
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminSelectWidget

from partners.admin.confirm import NoAnswers, NotPossible, Question, ask, ids_named
from partners.admin.story import BAD, GOOD, WARN, ActionLink, Badge, Note, Table
from partners.models import Approval, User
from partners.services.approvals import NotDecidable, is_approver
from roaming.admin import story
from roaming.services import holds

MOST_AT_ONCE = 100
LIST = "admin:roaming_hold_changelist"


class OwnerForm(forms.Form):
    """Who looks after the records from now on."""

    owner = forms.ModelChoiceField(
        queryset=User.objects.filter(is_staff=True, is_active=True).order_by("username"),
        required=False,
        empty_label="Nobody: back into the queue",
        widget=UnfoldAdminSelectWidget,
    )


def lead_to(name: str, queryset) -> HttpResponseRedirect:
    """From ticked rows to the page that asks."""
    ids = ",".join(str(pk) for pk in queryset.values_list("pk", flat=True)[:MOST_AT_ONCE])
    return HttpResponseRedirect(f"{reverse(f'admin:roaming_hold_{name}')}?ids={ids}")


def decision_links(approval: Approval | None, *, user: User) -> list[ActionLink]:
    """What an approver can do with a release that another asked for."""
    if approval is None or approval.maker_id == user.pk or not may_decide(user):
        return []
    return [
        ActionLink("Agree and release…", _decide_url(approval, "agree")),
        ActionLink("Refuse the release…", _decide_url(approval, "refuse")),
    ]


def links_for(state, approval: Approval | None, *, user: User) -> list[ActionLink]:
    """What who looks after holds can do with this one; ``approval``: its release is asked for."""
    query = f"?ids={state.pk}"
    links = []
    if state.owner_id != user.pk:
        links.append(ActionLink("Take…", reverse("admin:roaming_hold_take") + query))
    links.append(ActionLink("Give to…", reverse("admin:roaming_hold_give") + query))
    links.append(ActionLink("Check again now…", reverse("admin:roaming_hold_check") + query))
    if approval is None:
        links.append(ActionLink("Release…", reverse("admin:roaming_hold_release") + query))
    links.append(ActionLink("Reject…", reverse("admin:roaming_hold_reject") + query, True))
    return links


def _decide_url(approval: Approval, word: str) -> str:
    return reverse("admin:roaming_hold_decide", args=[approval.pk, word])


def take(request, model_admin):
    states = _wanted(request)
    return _ask(
        request,
        model_admin,
        states,
        title=f"Look after {_count(states)}?",
        sentence="Your name stands beside them in the queue; others see that you are at it.",
        button="Take",
        form_class=NoAnswers,
        act=lambda answers: _assigned(request, states, request.user),
    )


def give(request, model_admin):
    states = _wanted(request)
    return _ask(
        request,
        model_admin,
        states,
        title=f"Who looks after {_count(states)}?",
        sentence="The name stands beside them in the queue; nothing else changes.",
        button="Give",
        form_class=OwnerForm,
        act=lambda answers: _assigned(request, states, answers["owner"]),
    )


def check(request, model_admin):
    states = _wanted(request)
    return _ask(
        request,
        model_admin,
        states,
        title=f"Check {_count(states)} again now?",
        sentence="The records are judged by today's master data and rules. Those that are right go"
        " on to their home-CSP, those that are wrong are rejected, the others stay here.",
        button="Check again",
        form_class=NoAnswers,
        act=partial(_checked, request, states),
    )


def release(request, model_admin):
    states = _wanted(request)
    goes = "It goes on to its" if len(states) == 1 else "They go on to their"
    return _ask(
        request,
        model_admin,
        states,
        title=f"Release {_count(states)}?",
        sentence=f"{goes} home-CSP in spite of what the rules found. The reason is kept with each"
        f" record. Above a claim of {holds.ALONE_UP_TO:,.0f} a second person has to agree first.",
        before=_not_releasable(states),
        can=any(_is_complete(state) for state in states),
        button="Release",
        act=partial(_released, request, states),
    )


def reject(request, model_admin):
    states = _wanted(request)
    return _ask(
        request,
        model_admin,
        states,
        title=f"Reject {_count(states)}?",
        sentence="A rejected record is final. Its sender is told; it may send a corrected record"
        " under the same id.",
        button="Reject",
        is_dangerous=True,
        act=partial(_rejected, request, states),
    )


def decide(request, model_admin, *, approval_id: UUID, word: str):
    """The second person's page: agree or refuse."""
    if not may_decide(request.user):
        raise PermissionDenied
    approval = Approval.objects.filter(pk=approval_id, verb=holds.RELEASE_VERB).first()
    if approval is None or word not in ("agree", "refuse"):
        raise Http404
    states = list(holds.queue().filter(pk=UUID(approval.object_id)).select_related("buyer"))
    is_agreed = word == "agree"
    return _ask(
        request,
        model_admin,
        states,
        title="Agree and release the record?" if is_agreed else "Refuse to release the record?",
        sentence=f"{approval.maker} asks for it: “{approval.reason}”.",
        button="Agree and release" if is_agreed else "Refuse",
        form_class=NoAnswers,
        is_dangerous=not is_agreed,
        act=partial(_decided, request, approval, is_agreed),
    )


PAGES = {"take": take, "give": give, "check": check, "release": release, "reject": reject}


def may_decide(user: User) -> bool:
    """Agree or refuse: an approver, who need not be one who looks after holds."""
    return is_approver(user, holds.RIGHT)


def _refuse_others(request) -> None:
    if not request.user.has_perm("roaming.change_hold"):
        raise PermissionDenied


def _wanted(request) -> list:
    """The held records that the address names."""
    _refuse_others(request)
    ids = ids_named(request, most=MOST_AT_ONCE)
    return list(holds.queue().filter(pk__in=ids).select_related("seller", "buyer"))


def _ask(request, model_admin, states, *, before=(), can=True, **question):
    """``before``: notes above the records; ``can``: with these records it is possible."""
    is_possible = bool(states) and can
    effect = _table(states) if states else _GONE
    obj = states[0] if len(states) == 1 else None
    url = reverse("admin:roaming_hold_change", args=[obj.pk]) if obj is not None else reverse(LIST)
    return ask(
        request,
        model_admin,
        obj,
        Question(effect=[*before, effect], is_possible=is_possible, **question),
        back_url=url,
    )


_GONE = Note("None of these records is held any more. Go back to the queue.", WARN)


def _is_complete(state) -> bool:
    """Has it both sides and an agreement? Without them nobody could be billed."""
    return state.buyer_id is not None and state.agreement_id is not None


def _not_releasable(states) -> list[Note]:
    if not states or any(_is_complete(state) for state in states):
        return []
    text = format_html(
        "It lacks a side or an agreement, so nobody could be billed. Set up the party under"
        ' <a class="ch-link" href="{}">Partners</a> or the agreement under <a class="ch-link"'
        ' href="{}">Agreements</a>: the record then goes on by itself. Or reject it, and its'
        " sender names another home-CSP.",
        reverse("admin:partners_party_changelist"),
        reverse("admin:partners_roamingagreement_changelist"),
    )
    return [Note(text, WARN, "It cannot be released yet")]


def _count(states) -> str:
    return "this record" if len(states) == 1 else f"{len(states)} records"


def _table(states) -> Table:
    return Table(
        "",
        ("SDR", "Reason", "Claim", "Buyer", "To release it"),
        [
            (
                state.sdr_id,
                story.codes_in_words(state.codes),
                story.claim(state),
                state.buyer.code if state.buyer else "unknown",
                _release_word(state),
            )
            for state in states
        ],
        frozenset({2}),
    )


def _release_word(state) -> Badge:
    if not _is_complete(state):
        return Badge("needs master data", BAD)
    if (state.claim_amount or 0) > holds.ALONE_UP_TO:
        return Badge("second person", WARN)
    return Badge("one person", GOOD)


def _ids(states) -> list[UUID]:
    return [state.pk for state in states]


def _assigned(request, states, owner: User | None) -> str:
    done = holds.assign(_ids(states), owner=owner, by=request.user, now=timezone.now())
    return f"{owner or 'Nobody'} looks after {_records(len(done))} now."


def _checked(request, states, answers) -> str:
    told = holds.revalidate(_ids(states), actor=str(request.user), now=timezone.now())
    words = {"ACCEPT": "went on", "HOLD": "still held", "REJECT": "rejected"}
    said = ", ".join(f"{told[word]} {text}" for word, text in words.items() if told[word])
    return f"Checked again: {said or 'nothing to check'}."


def _released(request, states, answers) -> str:
    done = holds.release(
        _ids(states), reason=answers["reason"], user=request.user, now=timezone.now()
    )
    said = []
    if done.released:
        said.append(f"{_records(len(done.released))} released")
    if done.waiting:
        said.append(f"{_records(len(done.waiting))} for which a second person is asked")
    if done.refused:
        reasons = "; ".join(sorted(set(done.refused.values())))
        said.append(f"{_records(len(done.refused))} not released: {reasons}")
    if not done.released and not done.waiting:
        raise NotPossible(". ".join(said).capitalize() + ".")
    return ", ".join(said).capitalize() + "."


def _rejected(request, states, answers) -> str:
    moved = holds.reject(
        _ids(states), reason=answers["reason"], user=request.user, now=timezone.now()
    )
    return f"{_records(len(moved)).capitalize()} rejected; the senders are told."


def _decided(request, approval: Approval, is_agreed: bool, answers):
    act = holds.release_approved if is_agreed else holds.refuse_release
    try:
        act(approval.pk, checker=request.user, now=timezone.now())
    except NotDecidable as error:
        raise NotPossible(str(error).capitalize() + ".") from error
    return "Released." if is_agreed else "Refused: the record stays held."


def _records(count: int) -> str:
    return "1 record" if count == 1 else f"{count} records"
