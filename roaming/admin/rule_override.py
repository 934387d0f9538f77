"""Another weight or limit of a rule for one partner or agreement: drafted, agreed by two, ended."""

from functools import partial

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.contrib.filters.admin import DropdownFilter, RelatedDropdownFilter
from unfold.decorators import action, display

from partners.admin.base import HouseAdmin
from partners.admin.confirm import NoAnswers, NotPossible, Question, ask
from partners.admin.people import decided_at
from partners.admin.story import Facts, Story, Table
from partners.models import Approval
from partners.services.approvals import NotDecidable, is_approver
from roaming.admin import simulation
from roaming.admin.rule_override_form import CHANGEABLE, RuleOverrideForm, limits_in_words
from roaming.models import RuleOverride
from roaming.services import rule_overrides

_WHAT = ("code", "partner", "agreement_number", "severity", "limits", "reason")
_WHEN = ("starts_at", "ends_at")
_DECISIONS = ("agree", "refuse")


class StatusFilter(DropdownFilter):
    title = "status"
    parameter_name = "status"

    def lookups(self, request, model_admin):
        return [("draft", "Draft"), ("in_force", "In force or to come"), ("ended", "Ended")]

    def queryset(self, request, queryset):
        now = timezone.now()
        match self.value():
            case "draft":
                return queryset.filter(activated_at__isnull=True)
            case "in_force":
                return queryset.filter(activated_at__isnull=False).exclude(ends_at__lte=now)
            case "ended":
                return queryset.filter(activated_at__isnull=False, ends_at__lte=now)
        return queryset


class RuleFilter(DropdownFilter):
    title = "rule"
    parameter_name = "rule"

    def lookups(self, request, model_admin):
        return [(code, f"{code} {rule.title}") for code, rule in CHANGEABLE.items()]

    def queryset(self, request, queryset):
        return queryset.filter(code=self.value()) if self.value() else queryset


@admin.register(RuleOverride)
class RuleOverrideAdmin(HouseAdmin):
    form = RuleOverrideForm
    change_list_template = "admin/roaming/ruleoverride/change_list.html"
    list_display = ("code", "scope", "weight", "changed", "status", "starts_at", "ends_at")
    list_select_related = ("partner",)
    list_filter = (StatusFilter, RuleFilter, ("partner", RelatedDropdownFilter))
    search_fields = ("=code", "agreement_number", "partner__name")
    search_help_text = "Code, agreement number or partner"
    ordering = ("code", "-starts_at", "pk")
    autocomplete_fields = ("partner",)
    empty_text = "Every rule weighs for everybody what the code sheet says."
    change_form_after_template = "admin/roaming/ruleoverride/simulated.html"
    actions_detail = ("ask_to_activate", "agree", "refuse", "end")
    readonly_fields = ("the_rule", "status_line")
    fieldsets = (
        (None, {"fields": ("the_rule", "status_line", *_WHAT)}),
        ("When", {"fields": _WHEN}),
    )

    @display(description="What the rule says")
    def the_rule(self, override) -> str:
        rule = CHANGEABLE.get(override.code if override else "")
        if rule is None:
            return "Choose a rule and save; what it says by default is told here."
        return format_html(
            "<strong>{} {}</strong><br>By default {}{}.<br>{}",
            rule.code,
            rule.title,
            rule.severity,
            f"; limits: {limits_in_words(rule)}" if rule.limits else "; no limits",
            f"What to do: {rule.remedy}",
        )

    @display(description="Status")
    def status_line(self, override) -> str:
        if override is None or override.pk is None or override._state.adding:
            return "A draft binds nobody until a second person agrees."
        request = rule_overrides.open_request(override, now=timezone.now())
        if request is not None:
            return f"{self.status(override)}; {request.maker} asks to activate it: {request.reason}"
        return self.status(override)

    @display(description="For", ordering="scope_key")
    def scope(self, override) -> str:
        return str(override.partner or f"agreement {override.agreement_number}")

    @display(description="Weight")
    def weight(self, override) -> str:
        return override.severity or "as it is"

    @display(description="Limits")
    def changed(self, override) -> str:
        return ", ".join(f"{name} {value}" for name, value in override.limits.items()) or "—"

    @display(
        description="Status",
        label={"Draft": "warning", "In force": "success", "To come": "info", "Ended": ""},
    )
    def status(self, override) -> str:
        now = timezone.now()
        if override.activated_at is None:
            return "Draft"
        if override.ends_at is not None and override.ends_at <= now:
            return "Ended"
        return "In force" if override.starts_at <= now else "To come"

    def get_changeform_initial_data(self, request):
        midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
        return {"starts_at": midnight} | super().get_changeform_initial_data(request)

    def has_change_permission(self, request, obj=None) -> bool:
        is_draft = obj is None or obj.activated_at is None
        return is_draft and super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None) -> bool:
        is_draft = obj is not None and obj.activated_at is None
        return is_draft and super().has_delete_permission(request, obj)

    def get_urls(self):
        rules = path("rules/", self.admin_site.admin_view(self.rules_view), name="roaming_rules")
        return [rules, *simulation.urls(self), *super().get_urls()]

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """A draft shows what its newest simulation said."""
        draft = self.get_object(request, object_id) if object_id else None
        more: dict[str, object] = {}
        if draft is not None and draft.activated_at is None:
            more["simulated"] = list(simulation.sections_of(draft))
            more["simulate"] = simulation.action_of(draft)
        return super().changeform_view(
            request, object_id, form_url, {**(extra_context or {}), **more}
        )

    def rules_view(self, request):
        """Every rule with what it says by default, and the way to another word on it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        add = reverse("admin:roaming_ruleoverride_add")
        may_add = self.has_add_permission(request)
        rows = []
        for code, rule in CHANGEABLE.items():
            told = format_html('<a class="ch-link" href="{}?code={}">{}</a>', add, code, code)
            limits = limits_in_words(rule) or "—"
            rows.append((told if may_add else code, rule.title, rule.severity, limits, rule.remedy))
        table = Table("", ("Rule", "What it finds", "Weight", "Limits", "What to do"), rows)
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Rules and their defaults",
            "story": Story([table]),
        }
        return TemplateResponse(request, "admin/story.html", context)

    def get_actions_detail(self, request, object_id):
        """A draft is asked for; the other person decides; what is in force can end."""
        override = self.get_object(request, str(object_id))
        if override is None:
            return []
        may_change, wanted = super().has_change_permission(request), ["end"]
        if override.activated_at is None:
            asked = rule_overrides.open_request(override, now=timezone.now())
            wanted = ["ask_to_activate"] if asked is None else []
            if asked is not None:
                is_others = asked.maker_id != request.user.pk and _may_decide(request)
                return [self.get_unfold_action(name) for name in _DECISIONS if is_others]
        if not may_change:
            return []
        return [self.get_unfold_action(name) for name in wanted]

    @action(description="Ask to activate…", url_path="activate", icon="verified")
    def ask_to_activate(self, request, object_id):
        override = self._for_act(request, object_id)
        return self._ask(
            request,
            override,
            title=f"Ask to activate {override}?",
            sentence="A second person has to agree. From its start on, records are judged by it;"
            " what was judged before stays.",
            button="Ask a second person",
            act=partial(_asked, request, override),
        )

    @action(description="Agree and activate…", url_path="agree", icon="verified")
    def agree(self, request, object_id):
        return self._decide(request, object_id, is_agreed=True)

    @action(description="Refuse…", url_path="refuse", icon="block")
    def refuse(self, request, object_id):
        return self._decide(request, object_id, is_agreed=False)

    @action(description="End it now…", url_path="end", icon="event_busy")
    def end(self, request, object_id):
        override = self._for_act(request, object_id)
        return self._ask(
            request,
            override,
            title=f"End {override} now?",
            sentence="From now on the rule weighs as without it.",
            button="End it",
            is_dangerous=True,
            act=partial(_ended, request, override),
        )

    def _decide(self, request, object_id, *, is_agreed: bool):
        if not _may_decide(request):
            raise PermissionDenied
        override = self.get_object(request, object_id)
        if override is None:
            raise Http404
        approval = rule_overrides.open_request(override, now=timezone.now())
        if approval is None:
            raise Http404
        return self._ask(
            request,
            override,
            title=f"{'Activate' if is_agreed else 'Refuse'} {override}?",
            sentence=f"{approval.maker} asks for it: “{approval.reason}”.",
            button="Agree and activate" if is_agreed else "Refuse",
            form_class=NoAnswers,
            act=partial(_decided, request, approval, is_agreed),
        )

    def _ask(self, request, override, **question):
        rule = CHANGEABLE[override.code]
        effect = Facts(
            f"{rule.code} {rule.title}",
            [
                ("For", self.scope(override)),
                ("Weight", f"{self.weight(override)} (by default {rule.severity})"),
                ("Limits", f"{self.changed(override)} (by default {limits_in_words(rule) or '—'})"),
                ("Why", override.reason),
                ("From", override.starts_at),
                ("Until", override.ends_at or "open"),
            ],
        )
        tried = simulation.sections_of(override) if override.activated_at is None else ()
        return ask(request, self, override, Question(effect=[effect, *tried], **question))

    def _for_act(self, request, object_id) -> RuleOverride:
        if not super().has_change_permission(request):
            raise PermissionDenied
        override = self.get_object(request, object_id)
        if override is None:
            raise Http404
        return override


def _may_decide(request) -> bool:
    """Agree or refuse: an approver."""
    return is_approver(request.user, rule_overrides.RIGHT)


def _asked(request, override: RuleOverride, answers) -> str:
    try:
        rule_overrides.ask_to_activate(
            override, reason=answers["reason"], user=request.user, now=timezone.now()
        )
    except NotDecidable as error:
        raise NotPossible(f"{error}.".capitalize()) from error
    return "A second person is asked to agree."


def _decided(request, approval: Approval, is_agreed: bool, answers) -> str:
    act = rule_overrides.activate_approved if is_agreed else rule_overrides.refuse_activation
    try:
        act(approval.pk, checker=request.user, now=timezone.now())
    except NotDecidable as error:
        raise NotPossible(f"{error}.".capitalize()) from error
    return "It is activated." if is_agreed else "Refused: it stays a draft."


def _ended(request, override: RuleOverride, answers) -> str:
    try:
        rule_overrides.end(
            override, reason=answers["reason"], user=request.user, now=timezone.now()
        )
    except NotDecidable as error:
        raise NotPossible(f"{error}.".capitalize()) from error
    return "It has ended."


decided_at(rule_overrides.OBJECT_TYPE, "admin:roaming_ruleoverride_change")
