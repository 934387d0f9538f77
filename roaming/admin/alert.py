"""Alerts for staff: what wants a look, who looks after it, and what is done about it."""

from functools import partial

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.text import Truncator
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    DropdownFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display

from partners.admin.base import EvidenceAdmin
from partners.admin.confirm import NotPossible, Question, ask
from partners.admin.party import ENVIRONMENT_TONES
from partners.admin.story import (
    ActionLink,
    Badge,
    Facts,
    Figure,
    Figures,
    Note,
    Story,
    link,
)
from partners.admin_paging import KeysetPaging
from roaming.models import Alert
from roaming.services import alerts

OPEN, ACKNOWLEDGED, CLOSED = "OPEN", "ACKNOWLEDGED", "CLOSED"
_TONES = {OPEN: "danger", ACKNOWLEDGED: "warning", CLOSED: "success"}
_STATES = {
    OPEN: Q(closed_at__isnull=True, acknowledged_at__isnull=True),
    ACKNOWLEDGED: Q(closed_at__isnull=True, acknowledged_at__isnull=False),
    CLOSED: Q(closed_at__isnull=False),
}
_WHAT_TO_DO = {
    Alert.Kind.SILENCE: "The CSO was told. Ask whether its export runs; the alert closes when it"
    " sends again.",
    Alert.Kind.SEQUENCE_GAP: "The sender was told. The alert closes when the missing batches have"
    " come; close it by hand if the sender says that it never used the numbers.",
    Alert.Kind.REJECT_RATE: "Look at the sender's newest findings, and tell it what to correct.",
    Alert.Kind.MANIFEST: "The partner was told. Find out with it which records are missing on which"
    " side; the alert closes when it sends a manifest that agrees.",
    Alert.Kind.DEAD_LETTER: "Ask the receiver what is wrong with its webhook or its"
    " connection, then send it again (Deliveries, or the exchange under Exchanges); a message also"
    " lies ready to be pulled.",
    Alert.Kind.ESCALATION: "Speak with both partners about the cause: it is more than single"
    " records.",
    Alert.Kind.OUTAGE: "Ask the receiver; its messages lie ready to be pulled meanwhile. The alert"
    " closes when its webhook answers again.",
}


class StateFilter(DropdownFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [(state, state.capitalize()) for state in _STATES]

    def queryset(self, request, queryset):
        chosen = _STATES.get(self.value() or "")
        return queryset if chosen is None else queryset.filter(chosen)


@admin.register(Alert)
class AlertAdmin(KeysetPaging, EvidenceAdmin):
    list_display = (
        "kind_label",
        "about",
        "short_text",
        "state_label",
        "opened_at",
        "environment_label",
    )
    list_select_related = ("party", "partner", "acknowledged_by")
    list_filter = (
        StateFilter,
        ("kind", ChoicesDropdownFilter),
        ("partner", RelatedDropdownFilter),
        ("party", RelatedDropdownFilter),
        ("environment", ChoicesDropdownFilter),
    )
    empty_text = "Nothing wants a look. Gaps, silence and differences appear here by themselves."

    def get_urls(self):
        act = path(
            "<uuid:alert_id>/act/<slug:verb>/",
            self.admin_site.admin_view(self.act_view),
            name="roaming_alert_act",
        )
        return [act, *super().get_urls()]

    @display(description="What")
    def kind_label(self, alert) -> str:
        return alert.get_kind_display()

    @display(description="About", empty_value="—")
    def about(self, alert) -> str | None:
        if alert.party:
            return f"{alert.party.name} ({alert.party.code})"
        return alert.partner.name if alert.partner else None

    @display(description="Text")
    def short_text(self, alert) -> str:
        """Two lines on a phone; the page of the alert has all of it."""
        return Truncator(alert.text).chars(70)

    @display(description="State", label=_TONES)
    def state_label(self, alert) -> str:
        return state_of(alert)

    @display(description="Environment", label=ENVIRONMENT_TONES)
    def environment_label(self, alert) -> str:
        return alert.environment

    def name_of(self, obj) -> str:
        return f"{obj.get_kind_display()}: {self.about(obj) or 'nobody'}"

    def story(self, request, obj) -> Story:
        state = state_of(obj)
        tone = "success" if state == CLOSED else "warning"
        return Story(
            [
                Note(obj.text, tone=tone),
                Figures(
                    [
                        Figure("State", Badge(state, _TONES[state])),
                        Figure("What", obj.get_kind_display()),
                    ]
                ),
                Facts(
                    "About",
                    [
                        ("What to do", _WHAT_TO_DO.get(obj.kind) if state != CLOSED else None),
                        ("Partner", link(obj.partner) if obj.partner else None),
                        ("Party", link(obj.party) if obj.party else None),
                        ("Environment", obj.environment),
                        ("Opened", obj.opened_at),
                        ("Acknowledged", obj.acknowledged_at),
                        ("by", obj.acknowledged_by),
                        ("with the words", obj.acknowledged_reason),
                        ("Closed", obj.closed_at),
                    ],
                ),
            ],
            _actions(obj) if _may_act(request) else [],
        )

    def act_view(self, request, alert_id, verb):
        """Ask for a reason, then acknowledge or close."""
        if not (self.has_view_permission(request) and _may_act(request)):
            raise PermissionDenied
        alert = self.get_object(request, str(alert_id))
        if alert is None or verb not in _QUESTIONS:
            raise Http404
        return ask(request, self, alert, _question(request, alert, verb))


_QUESTIONS = {
    "acknowledge": (
        "Acknowledge this alert?",
        "Others see that you look after it and what is done about it. It stays open until its"
        " cause is gone.",
        "Acknowledge",
    ),
    "close": (
        "Close this alert?",
        "Close it only if its cause is gone or was none. Should the same happen again, a new alert"
        " is opened.",
        "Close the alert",
    ),
}


def state_of(alert: Alert) -> str:
    if alert.closed_at is not None:
        return CLOSED
    return OPEN if alert.acknowledged_at is None else ACKNOWLEDGED


def _may_act(request) -> bool:
    return request.user.has_perm("roaming.change_alert")


def _actions(alert: Alert) -> list[ActionLink]:
    offered = {OPEN: ("acknowledge", "close"), ACKNOWLEDGED: ("close",), CLOSED: ()}
    return [
        ActionLink(
            f"{_QUESTIONS[verb][2]}…", reverse("admin:roaming_alert_act", args=[alert.pk, verb])
        )
        for verb in offered[state_of(alert)]
    ]


def _question(request, alert: Alert, verb: str) -> Question:
    title, sentence, button = _QUESTIONS[verb]
    return Question(
        title=title,
        sentence=sentence,
        button=button,
        act=partial(_act, request, alert, verb),
        effect=[Facts("", [("What", alert.get_kind_display()), ("Text", alert.text)])],
        is_possible=alert.closed_at is None,
    )


def _act(request, alert: Alert, verb: str, answers) -> str:
    act = alerts.acknowledge if verb == "acknowledge" else alerts.close_by_hand
    try:
        act(alert.pk, reason=answers["reason"], user=request.user, now=timezone.now())
    except alerts.NotToAcknowledge as error:
        raise NotPossible(f"Nothing was changed: {error}.") from error
    return "The alert is acknowledged." if verb == "acknowledge" else "The alert is closed."
