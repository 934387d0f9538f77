"""Pages of what one person asks for and another posts or refuses: adjustments and cover."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import path, reverse
from django.utils import timezone

from billing.models import CoverBooking, ManualAdjustment
from partners.admin.confirm import Question, ask
from partners.admin.story import WARN, ActionLink, Note
from partners.services import approvals

REQUESTED, EXPIRED = "REQUESTED", "EXPIRED"
STATE_TONES = {REQUESTED: "warning", "POSTED": "success", "REFUSED": "", EXPIRED: ""}
_EXPIRED = "Nobody decided while the request was valid; nothing is posted. Ask for it again."

Row = ManualAdjustment | CoverBooking


def told_state(row: Row, now: datetime) -> str:
    """Its state for people: EXPIRED where nobody decided while the request was valid."""
    return EXPIRED if row.state == REQUESTED and row.approval.expires_at <= now else row.state


class TwoPersons:
    """For an admin class with ``ask_view`` and ``question``; asking and deciding are two rights."""

    model: Any
    admin_site: Any

    def ask_view(self, request):
        raise NotImplementedError

    def question(self, request, row: Row, *, approve: bool) -> Question:
        """What the second person is asked, without what stands in the way."""
        raise NotImplementedError

    def get_urls(self):
        return [
            path("ask/", self.admin_site.admin_view(self.ask_view), name=self._name("ask")),
            *(
                path(
                    f"<uuid:row_id>/{verb}/",
                    self.admin_site.admin_view(self.decide_view),
                    {"approve": verb == "post"},
                    name=self._name(verb),
                )
                for verb in ("post", "refuse")
            ),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def changelist_view(self, request, extra_context=None):
        may = {"may_ask": self.may_ask(request)}
        return super().changelist_view(request, may | (extra_context or {}))  # type: ignore[misc]

    def may_ask(self, request) -> bool:
        return request.user.has_perm(f"billing.change_{self.model._meta.model_name}")

    def may_decide(self, request) -> bool:
        """Post or refuse: the approver's right, which the others do not bring along."""
        right = f"billing.approve_{self.model._meta.model_name}"
        return approvals.is_approver(request.user, right)

    def refuse_others(self, request) -> None:
        """:raises PermissionDenied: the person may not ask."""
        if not self.may_ask(request):
            raise PermissionDenied

    def decide_view(self, request, row_id, *, approve: bool):
        if not self.may_decide(request):
            raise PermissionDenied
        row = self.get_object(request, str(row_id))  # type: ignore[attr-defined]
        if row is None:
            raise Http404
        problem = _why_not(request, row)
        question = self.question(request, row, approve=approve)
        shown = replace(question, effect=[*problem, *question.effect], is_possible=not problem)
        return ask(request, self, row, shown)

    def waiting(self, request, row: Row) -> tuple[list[Note], list[ActionLink]]:
        """Who must do what now, and how; nothing once it is decided."""
        state = told_state(row, timezone.now())
        if state == EXPIRED:
            return [Note(_EXPIRED, tone=WARN)], []
        if state != REQUESTED:
            return [], []
        if row.approval.maker_id == request.user.pk or not self.may_decide(request):
            told = "You asked for it; a second person must post or refuse it."
            if row.approval.maker_id != request.user.pk:
                told = f"{row.approval.maker} asked for it; an approver must post or refuse it."
            return [Note(told, tone=WARN)], []
        links = [
            ActionLink(label, reverse(f"admin:{self._name(verb)}", args=[row.pk]))
            for label, verb in (("Post…", "post"), ("Refuse…", "refuse"))
        ]
        return [Note(f"{row.approval.maker} asked for it. You can decide.", tone=WARN)], links

    def _name(self, verb: str) -> str:
        return f"billing_{self.model._meta.model_name}_{verb}"


def _why_not(request, row: Row) -> list[Note]:
    state = told_state(row, timezone.now())
    if state == EXPIRED:
        return [Note(_EXPIRED, tone=WARN)]
    if state != REQUESTED:
        return [Note(f"It is {state} already.", tone=WARN)]
    if row.approval.maker_id == request.user.pk:
        return [Note("You asked for it yourself; a second person must decide.", tone=WARN)]
    return []
