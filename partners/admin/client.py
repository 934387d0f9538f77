"""API clients of partners: the secret is shown once, on the page that answers the creation."""

from functools import partial

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from partners.admin.base import HouseAdmin
from partners.admin.confirm import Question, ask
from partners.admin.party import ENVIRONMENT_TONES
from partners.models import ApiClient
from partners.services import audit, clients


def _known_scopes() -> list[tuple[str, str]]:
    return list(settings.OAUTH2_PROVIDER["SCOPES"].items())  # type: ignore[attr-defined]


class NewClientForm(forms.ModelForm):
    """What a new client may do; id and secret are made here."""

    scopes = forms.MultipleChoiceField(
        choices=_known_scopes,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        initial=lambda: [scope for scope, _ in _known_scopes()],
        help_text="Give a system only what it needs.",
    )

    class Meta:
        model = ApiClient
        fields = ("partner", "name", "environment", "scopes")

    def clean(self):
        """Refuse a name in use: reloading the page with the secret would make a twin."""
        cleaned = super().clean() or {}
        twins = ApiClient.objects.filter(
            partner=cleaned.get("partner"),
            name=cleaned.get("name"),
            environment=cleaned.get("environment"),
        )
        if twins.exists():
            self.add_error("name", "This partner has a client of that name already.")
        return cleaned


@admin.register(ApiClient)
class ApiClientAdmin(HouseAdmin):
    list_display = ("name", "partner", "environment_label", "scopes_in_words", "created")
    list_select_related = ("partner",)
    list_filter = (("partner", RelatedDropdownFilter), ("environment", ChoicesDropdownFilter))
    search_fields = ("name", "client_id", "partner__name")
    search_help_text = "Name, client id or partner"
    ordering = ("partner__name", "name", "pk")
    empty_text = "A partner's system logs in as a client: make one, its secret is shown once."
    autocomplete_fields = ("partner",)
    actions_detail = ("ask_to_revoke",)

    @display(description="Environment", label=ENVIRONMENT_TONES)
    def environment_label(self, client) -> str:
        return client.environment

    @display(description="May", label={"REVOKED": "danger"})
    def scopes_in_words(self, client) -> str:
        return client.scopes or "REVOKED"

    def get_form(self, request, obj=None, change=False, **kwargs):
        if obj is None:
            kwargs["form"] = NewClientForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fields(self, request, obj=None):
        if obj is None:
            return ["partner", "name", "environment", "scopes"]
        return ["name", "partner", "environment", "client_id", "scopes_in_words", "created"]

    def get_readonly_fields(self, request, obj=None):
        if obj is None:
            return []
        return ["partner", "environment", "client_id", "scopes_in_words", "created"]

    def has_delete_permission(self, request, obj=None) -> bool:
        return False

    def save_model(self, request, obj, form, change):
        if change:
            super().save_model(request, obj, form, change)
            return
        request.new_credentials = clients.create_api_client(
            obj.partner,
            environment=obj.environment,
            name=obj.name,
            scopes=form.cleaned_data["scopes"],
        )
        made = ApiClient.objects.get(client_id=request.new_credentials.client_id)
        obj.pk = made.pk
        obj.client_id, obj.scopes = made.client_id, made.scopes

    def response_add(self, request, obj, post_url_continue=None):
        """Show id and secret in the answer itself: nothing of it is stored or redirected."""
        response = TemplateResponse(
            request,
            "admin/partners/new_client.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "original": obj,
                "title": f"{obj.name} is ready",
                "client_name": obj.name,
                "credentials": request.new_credentials,
            },
        )
        response["Cache-Control"] = "no-store"
        return response

    @action(description="Revoke…", url_path="revoke", icon="block")
    def ask_to_revoke(self, request, object_id):
        client = self.get_object(request, object_id)
        if client is None:
            raise Http404
        if not self.has_change_permission(request, client):
            raise PermissionDenied
        return ask(
            request,
            self,
            client,
            Question(
                title=f"Revoke {client.name}?",
                sentence="Its tokens stop working at once and it cannot get new ones. This cannot"
                " be taken back: the partner needs a new client afterwards.",
                button="Revoke",
                is_dangerous=True,
                act=partial(_revoke, request, client),
            ),
        )


def _revoke(request, client, answers) -> str:
    clients.revoke_api_client(client)
    audit.record(
        "apiclient.revoked",
        client,
        actor=request.user.get_username(),
        at=timezone.now(),
        reason=answers["reason"],
    )
    return f"{client.name} is revoked."
