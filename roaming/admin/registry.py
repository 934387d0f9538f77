"""What partners told beforehand: EVSEs, meter keys, credentials, authorizations. Read, end, import.

Entries are dated. A wrong one is corrected by a row with the same key, from the partner's system
or by a file; here its validity can be ended. Contracts are known by a hash that nobody is shown.
"""

from functools import partial

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404
from django.urls import path, reverse
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter, RelatedDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSplitDateTimeWidget, UnfoldAdminTextareaWidget

from partners.admin.base import EvidenceAdmin
from partners.admin.confirm import NotPossible, Question, ask
from partners.admin.story import ActionLink, Facts, Story, link
from partners.admin_paging import KeysetPaging
from roaming.admin import registry_import
from roaming.models import Authorization, Credential, Evse, EvseOutage, MeterKey
from roaming.services import registries

_SHOWN_OF_A_KEY = 24


def masked(pseudonym: str) -> str:
    """Enough to tell two apart, too little to look one up elsewhere."""
    return f"{pseudonym[:4]}…" if pseudonym else "—"


class ValidityFilter(DropdownFilter):
    title = "validity"
    parameter_name = "valid"

    def lookups(self, request, model_admin):
        return [("now", "holds now"), ("later", "starts later"), ("ended", "ended")]

    def queryset(self, request, queryset):
        now = timezone.now()
        match self.value():
            case "now":
                is_open = Q(ends_at__isnull=True) | Q(ends_at__gt=now)
                return queryset.filter(is_open, starts_at__lte=now)
            case "later":
                return queryset.filter(starts_at__gt=now)
            case "ended":
                return queryset.filter(ends_at__lte=now)
        return queryset


class EndForm(forms.Form):
    """From when the entry holds no more, and why."""

    ends_at = forms.SplitDateTimeField(
        label="Holds until",
        initial=timezone.now,
        widget=UnfoldAdminSplitDateTimeWidget,
        help_text="Sessions that started before are still judged by this entry.",
    )
    reason = forms.CharField(
        min_length=5, max_length=500, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )


class RegistryAdmin(KeysetPaging, EvidenceAdmin):
    """One registry. ``kind`` is its name at the API; ``hidden`` are columns that are not told."""

    kind = ""
    hidden: tuple[str, ...] = ("id",)
    has_period = True
    change_list_template = "admin/roaming/registry/change_list.html"
    empty_text = "Upload a CSV here, or let the partner's system send rows to the API."

    def get_urls(self):
        name = f"roaming_{self.opts.model_name}"
        pages = [
            path("import/", self._page(registry_import.upload), name=f"{name}_import"),
            path("import/<uuid:job_id>/", self._page(registry_import.apply), name=f"{name}_apply"),
        ]
        if self.has_period:
            pages.append(path("<uuid:entry_id>/end/", self._page(end), name=f"{name}_end"))
        return [*pages, *super().get_urls()]

    def _page(self, view):
        def answer(request, **kwargs):
            return view(request, self, **kwargs)

        return self.admin_site.admin_view(answer)

    def may_enter(self, request) -> bool:
        return request.user.has_perm(f"roaming.add_{self.opts.model_name}")

    def changelist_view(self, request, extra_context=None):
        more = {
            "may_import": self.may_enter(request),
            "import_url": reverse(f"admin:roaming_{self.opts.model_name}_import"),
        }
        return super().changelist_view(request, {**(extra_context or {}), **more})

    def story(self, request, obj) -> Story:
        rows = [
            (field.verbose_name.capitalize(), self._told(obj, field))
            for field in obj._meta.concrete_fields
            if field.name not in self.hidden
        ]
        return Story([Facts("", rows)], self._actions(request, obj))

    def _told(self, obj, field) -> object:
        value = getattr(obj, field.name)
        if field.name == "pseudonym":
            return masked(value)
        if isinstance(value, list):
            return ", ".join(value)
        if isinstance(value, bool):
            return "yes" if value else "no"
        return link(value) if field.is_relation and value is not None else value

    def _actions(self, request, obj) -> list[ActionLink]:
        may_end = request.user.has_perm(f"roaming.change_{self.opts.model_name}")
        if not (self.has_period and may_end):
            return []
        url = reverse(f"admin:roaming_{self.opts.model_name}_end", args=[obj.pk])
        return [ActionLink("End its validity…", url)]

    @display(description="Driver")
    def driver(self, entry) -> str:
        return masked(entry.pseudonym)

    @display(description="Validity", label={"now": "success", "ended": "", "later": "info"})
    def validity(self, entry) -> str:
        now = timezone.now()
        if entry.ends_at is not None and entry.ends_at <= now:
            return "ended"
        return "now" if entry.starts_at <= now else "later"


def end(request, model_admin: RegistryAdmin, *, entry_id):
    """The page that asks until when the entry holds."""
    entry = model_admin.get_object(request, str(entry_id))
    if not request.user.has_perm(f"roaming.change_{model_admin.opts.model_name}"):
        raise PermissionDenied
    if entry is None:
        raise Http404
    return ask(
        request,
        model_admin,
        entry,
        Question(
            title=f"End the validity of {model_admin.name_of(entry)}?",
            sentence="The entry stays and tells that it held until then. A new entry may start"
            " where this one ends.",
            button="End it",
            form_class=EndForm,
            act=partial(_end, request, entry),
        ),
    )


def _end(request, entry, answers) -> str:
    try:
        registries.end_entry(
            entry,
            ends_at=answers["ends_at"],
            actor=request.user.get_username(),
            reason=answers["reason"],
            now=timezone.now(),
        )
    except registries.CannotEnd as error:
        raise NotPossible(str(error)) from error
    return f"It holds until {timezone.localtime(answers['ends_at']):%Y-%m-%d %H:%M}."


@admin.register(Evse)
class EvseAdmin(RegistryAdmin):
    kind = "evses"
    list_display = ("evse_id", "cso", "location_id", "max_power_kw", "validity", "starts_at")
    list_select_related = ("cso",)
    list_filter = (ValidityFilter, ("cso", RelatedDropdownFilter))
    search_fields = ("=evse_id", "=location_id")
    search_help_text = "Exact EVSE id or location"


@admin.register(EvseOutage)
class EvseOutageAdmin(RegistryAdmin):
    kind = "evse-outages"
    list_display = ("evse_id", "cso", "validity", "starts_at", "ends_at")
    list_select_related = ("cso",)
    list_filter = (ValidityFilter, ("cso", RelatedDropdownFilter))
    search_fields = ("=evse_id",)
    search_help_text = "Exact EVSE id"


@admin.register(MeterKey)
class MeterKeyAdmin(RegistryAdmin):
    kind = "meter-keys"
    list_display = ("meter_id", "evse_id", "cso", "key", "validity", "starts_at")
    list_select_related = ("cso",)
    list_filter = (ValidityFilter, ("cso", RelatedDropdownFilter))
    search_fields = ("=meter_id", "=evse_id")
    search_help_text = "Exact meter or EVSE id"

    @display(description="Public key")
    def key(self, entry) -> str:
        cut = entry.public_key[:_SHOWN_OF_A_KEY]
        return f"{cut}…" if len(entry.public_key) > _SHOWN_OF_A_KEY else cut


@admin.register(Credential)
class CredentialAdmin(RegistryAdmin):
    kind = "credentials"
    hidden = ("id", "contract_hash")
    list_display = ("driver", "csp", "validity", "blocked", "starts_at")
    list_select_related = ("csp",)
    list_filter = (ValidityFilter, ("csp", RelatedDropdownFilter))

    def name_of(self, obj) -> str:
        return f"Credential {masked(obj.pseudonym)}"

    @display(description="Blocked", boolean=True)
    def blocked(self, entry) -> bool:
        return entry.blocked_at is not None


class GrantedFilter(DropdownFilter):
    title = "answer"
    parameter_name = "granted"

    def lookups(self, request, model_admin):
        return [("yes", "granted"), ("no", "refused")]

    def queryset(self, request, queryset):
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(is_granted=self.value() == "yes")


@admin.register(Authorization)
class AuthorizationAdmin(RegistryAdmin):
    kind = "authorizations"
    has_period = False
    hidden = ("id", "contract_hash")
    list_display = ("reference", "csp", "cso", "granted", "driver", "evse_id", "authorized_at")
    list_select_related = ("csp", "cso")
    list_filter = (GrantedFilter, ("csp", RelatedDropdownFilter), ("cso", RelatedDropdownFilter))
    search_fields = ("=reference", "=service_session_id")
    search_help_text = "Exact reference or session id"

    @display(description="Granted", boolean=True)
    def granted(self, entry) -> bool:
        return entry.is_granted
