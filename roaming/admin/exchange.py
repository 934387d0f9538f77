"""Calls between us and partners' systems, as they went: found by correlation id, sent again."""

from functools import partial

import msgspec
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import path, reverse
from django.utils import timezone
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    DropdownFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display

from partners.admin.base import EvidenceAdmin
from partners.admin.confirm import NotPossible, Question, ask
from partners.admin.story import ActionLink, Badge, Facts, Note, Story, Text, link
from partners.admin_paging import KeysetPaging
from partners.models import EndpointInterface
from partners.services import audit
from roaming.admin.connection_story import result_of
from roaming.models import Exchange
from roaming.protocols.ocpi.registry import module_names
from roaming.protocols.rest import gateway as rest
from roaming.services import replays
from roaming.services.replays import NotAgain


class ResultFilter(DropdownFilter):
    title = "result"
    parameter_name = "result"

    def lookups(self, request, model_admin):
        return [("failed", "failed"), ("unanswered", "without an answer"), ("well", "went well")]

    def queryset(self, request, queryset):
        match self.value():
            case "failed":
                return queryset.filter(is_success=False)
            case "unanswered":
                return queryset.filter(http_status__isnull=True)
            case "well":
                return queryset.filter(is_success=True)
        return queryset


class ModuleFilter(DropdownFilter):
    """The modules that we or any system offer: small tables, not the one that grows."""

    title = "module"
    parameter_name = "module"

    def lookups(self, request, model_admin):
        offered = EndpointInterface.objects.order_by("module").values_list("module", flat=True)
        names = {"versions", *rest.MODULES, *module_names(), *offered.distinct()}
        return [(name, name) for name in sorted(names)]

    def queryset(self, request, queryset):
        return queryset.filter(module=self.value()) if self.value() else queryset


@admin.register(Exchange)
class ExchangeAdmin(KeysetPaging, EvidenceAdmin):
    list_display = (
        "asked_at",
        "endpoint",
        "direction_label",
        "verb_and_module",
        "result",
        "duration_ms",
        "correlation_id",
    )
    list_select_related = ("endpoint__owner",)
    list_filter = (
        ResultFilter,
        ("direction", ChoicesDropdownFilter),
        ModuleFilter,
        ("endpoint", RelatedDropdownFilter),
    )
    search_fields = ("correlation_id",)
    search_help_text = "Correlation id, as a whole"
    empty_text = "Each call between us and a partner's system appears here, for thirty days."

    def get_urls(self):
        again = path(
            "<uuid:exchange_id>/again/",
            self.admin_site.admin_view(self.again_view),
            name="roaming_exchange_again",
        )
        return [again, *super().get_urls()]

    def get_search_results(self, request, queryset, search_term):
        """As a whole and in its case, so that the index finds it."""
        term = search_term.strip()
        return (queryset.filter(correlation_id=term) if term else queryset), False

    def has_send_permission(self, request) -> bool:
        return request.user.has_perm("roaming.change_exchange")

    @display(description="Who", label={"We called": "info", "We were called": ""})
    def direction_label(self, exchange) -> str:
        return exchange.get_direction_display()

    @display(description="What")
    def verb_and_module(self, exchange) -> str:
        return f"{exchange.verb} {exchange.module}"

    @display(description="Result", label={True: "success", False: "danger"})
    def result(self, exchange):
        return exchange.is_success, result_of(exchange).text

    def name_of(self, obj) -> str:
        return f"{obj.verb} {obj.module}, {obj.asked_at:%Y-%m-%d %H:%M:%S}Z"

    def story(self, request, obj) -> Story:
        same = reverse("admin:roaming_exchange_changelist") + f"?q={obj.correlation_id}"
        facts = Facts(
            "",
            [
                ("Result", result_of(obj)),
                ("Error", obj.error),
                ("Connection", link(obj.endpoint) if obj.endpoint else "of no known system"),
                ("Who called", obj.get_direction_display()),
                ("Address", f"{obj.verb} {obj.url}"),
                ("Asked", obj.asked_at),
                ("Took", f"{obj.duration_ms:,} ms"),
                ("Attempt", obj.attempt if obj.attempt > 1 else None),
                ("Request id", obj.request_id),
                ("Correlation id", obj.correlation_id),
                ("About", f"{obj.subject_kind} {obj.subject_id}" if obj.subject_id else ""),
                ("Environment", Badge(obj.environment)),
            ],
        )
        actions = []
        if obj.correlation_id:
            actions.append(ActionLink("All with this correlation id", same))
        if replays.can_be_sent_again(obj) and self.has_send_permission(request):
            url = reverse("admin:roaming_exchange_again", args=[obj.pk])
            actions.append(ActionLink("Send again…", url))
        return Story([facts, *_bodies(obj)], actions)

    def again_view(self, request, exchange_id):
        """The question whether to send the newest state of the same object again."""
        if not self.has_send_permission(request):
            raise PermissionDenied
        exchange = self.get_object(request, str(exchange_id))
        if exchange is None:
            raise Http404
        question = Question(
            title="Send it again?",
            sentence="Not these words but the newest state of the same object or record goes to"
            " this connection, within a minute, from its first attempt on.",
            button="Send again",
            is_possible=replays.can_be_sent_again(exchange),
            act=partial(_sent_again, request, exchange),
        )
        return ask(request, self, exchange, question)


def _sent_again(request, exchange: Exchange, answers) -> str:
    now = timezone.now()
    try:
        replays.send_again(exchange, now=now)
    except NotAgain as reason:
        raise NotPossible(str(reason)) from reason
    audit.record(
        "exchange.sent_again",
        exchange,
        actor=request.user.get_username(),
        at=now,
        reason=answers["reason"],
    )
    return "Its newest state is sent within a minute."


def _bodies(exchange: Exchange):
    asked, answered = pretty(exchange.request_body), pretty(exchange.response_body)
    if "~" in f"{asked}{answered}" or "•••" in f"{asked}{answered}":
        yield Note("Secrets are hidden; what names a driver is a digest, the same for the same.")
    if asked:
        yield Text("What was asked", asked)
    if answered:
        yield Text("What was answered", answered)


def pretty(body: str) -> str:
    """JSON set out in lines, its numbers as they were written; anything else as it is."""
    try:
        return msgspec.json.format(body, indent=2)
    except (msgspec.DecodeError, RecursionError):
        return body
