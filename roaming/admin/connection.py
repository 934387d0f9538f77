"""Connections: partners' systems, whom they speak for, how they do, what staff does about it."""

from collections.abc import Callable
from functools import partial

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.urls import path
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from partners.admin.base import HouseAdmin
from partners.admin.confirm import Question, ask
from partners.admin.party import ENVIRONMENT_TONES
from partners.admin.story import WARN, Note, Story, Text
from partners.models import Party, RoamingEndpoint
from partners.services import audit, endpoints
from partners.services.served_parties import why_not_served
from roaming import queries_exchanges
from roaming.admin import connect_form, connection_story
from roaming.protocols.ocpi import identity as ocpi
from roaming.protocols.rest import gateway as rest
from roaming.services import arrivals, presence
from roaming.services.outgoing.breaker import breaker

_State = RoamingEndpoint.State
_CLEARING = RoamingEndpoint.Capability.CLEARING
_PROTOCOLS = [
    (ocpi.PROTOCOL, "OCPI: 2.1.1, 2.2.1 or 2.3.0, as its handshake says"),
    (rest.PROTOCOL, "REST: our own API, no handshake"),
]


class ConnectionForm(forms.ModelForm):
    """Says which party may not be served, and why; the database refuses it too."""

    # A misspelt protocol would be a connection whose token opens nothing, and it cannot be changed.
    protocol = forms.ChoiceField(choices=_PROTOCOLS, widget=UnfoldAdminSelectWidget)
    # A laboratory's system may be at http; nothing is put before an address that has no scheme.
    url = forms.CharField(max_length=200, required=False, widget=UnfoldAdminTextInputWidget)

    class Meta:
        model = RoamingEndpoint
        fields = (
            "owner",
            "environment",
            "protocol",
            "protocol_version",
            "url",
            "versions_url",
            "parties",
            "quirks",
        )

    takes_clearing = forms.BooleanField(
        required=False,
        label="Clearing module",
        help_text="Both sides agreed: it accepts, declines and disputes over its protocol, sends"
        " counter-records, and is told how disputes stand. Others are not shown the module.",
        widget=UnfoldBooleanSwitchWidget,
    )

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.fields["takes_clearing"].initial = _CLEARING in self.instance.capabilities

    def save(self, commit=True):
        others = [one for one in self.instance.capabilities if one != _CLEARING]
        taken = [_CLEARING.value] if self.cleaned_data["takes_clearing"] else []
        self.instance.capabilities = [*others, *taken]
        return super().save(commit)

    def clean(self):
        cleaned = super().clean() or {}
        parties: list[Party] = list(cleaned.get("parties") or [])
        owner = cleaned.get("owner") or self.instance.owner
        environment = cleaned.get("environment") or self.instance.environment
        for reason in why_not_served(
            parties, owner=owner, environment=environment, now=timezone.now()
        ):
            self.add_error("parties", f"{reason}.")
        return cleaned


@admin.register(RoamingEndpoint)
class ConnectionAdmin(HouseAdmin):
    form = ConnectionForm
    fields = (
        "owner",
        "environment",
        "protocol",
        "protocol_version",
        "url",
        "versions_url",
        "parties",
        "quirks",
        "takes_clearing",
    )
    list_display = (
        "owner",
        "protocol_label",
        "environment_label",
        "state_label",
        "last_heard_at",
        "well",
        "usual_ms",
        "slow_ms",
    )
    list_select_related = ("owner",)
    list_filter = (("state", ChoicesDropdownFilter), ("environment", ChoicesDropdownFilter))
    search_fields = ("owner__name", "protocol", "url")
    search_help_text = "Owner, protocol or address"
    ordering = ("owner__name", "protocol", "pk")
    empty_text = (
        "A connection joins a partner's system to us, by OCPI for instance: add one, then"
        " connect it."
    )
    autocomplete_fields = ("owner", "parties")

    def get_urls(self):
        acts = {"token": self.token_view, "suspend": self.suspend_view, "resume": self.resume_view}
        acts |= {"breaker": self.breaker_view, "connect": self.connect_view}
        ours = [
            path(
                f"<uuid:endpoint_id>/{name}/",
                self.admin_site.admin_view(view),
                name=f"partners_roamingendpoint_{name}",
            )
            for name, view in acts.items()
        ]
        return [*ours, *super().get_urls()]

    def get_readonly_fields(self, request, obj=None):
        # Who it is and where it belongs stays; another one is another connection.
        return ("owner", "environment", "protocol") if obj else ()

    def has_delete_permission(self, request, obj=None) -> bool:
        # Its tokens and exchanges tell who could do what when; it is suspended instead.
        return False

    def dressed(self, rows) -> list:
        shown = [endpoint.pk for endpoint in rows]
        traffic = queries_exchanges.traffic_of(shown, now=timezone.now())
        for endpoint in rows:
            endpoint.traffic = traffic.get(endpoint.pk, queries_exchanges.NO_TRAFFIC)
        return rows

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """First what it is and how it does; ``?edit=1`` leads to the form."""
        if request.method not in ("GET", "HEAD") or "edit" in request.GET:
            return super().change_view(request, object_id, form_url, extra_context)
        endpoint = self.get_object(request, object_id)
        if not self.has_view_permission(request, endpoint):
            raise PermissionDenied
        if endpoint is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        may_change = self.has_change_permission(request, endpoint)
        story = connection_story.story(endpoint, may_change=may_change, now=timezone.now())
        return self.tell(request, endpoint, story, extra_context)

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        parties = [party.pk for party in form.instance.parties.all()]
        if form.instance.protocol == rest.PROTOCOL:
            arrivals.arrive_natively(form.instance, now=timezone.now())
        presence.reconcile(parties, now=timezone.now())

    @display(description="Speaks")
    def protocol_label(self, endpoint) -> str:
        return f"{endpoint.protocol} {endpoint.protocol_version}".strip()

    @display(description="Environment", label=ENVIRONMENT_TONES)
    def environment_label(self, endpoint) -> str:
        return endpoint.environment

    @display(description="State", label=connection_story.STATE_TONES)
    def state_label(self, endpoint) -> str:
        return endpoint.state

    @display(description="Well, 24 h")
    def well(self, endpoint) -> str:
        return endpoint.traffic.share

    @display(description="Usual ms", empty_value="–")
    def usual_ms(self, endpoint) -> int | None:
        return endpoint.traffic.p50_ms

    @display(description="Slowest 5 % ms", empty_value="–")
    def slow_ms(self, endpoint) -> int | None:
        return endpoint.traffic.p95_ms

    def token_view(self, request, endpoint_id):
        endpoint = self._changeable(request, endpoint_id)
        question = Question(
            title=f"Give {endpoint.owner} a token to register?",
            sentence="It opens the handshake for seven days and nothing else; one given before"
            " ends now. It is shown once, on the next page. A suspension of this connection ends.",
            button="Make the token",
            act=partial(self._issue, request, endpoint),
        )
        return ask(request, self, endpoint, question)

    def suspend_view(self, request, endpoint_id):
        endpoint = self._changeable(request, endpoint_id)
        question = Question(
            title=f"Suspend the connection of {endpoint.owner}?",
            sentence="Its system is refused at once and is not called any more; those its parties"
            " trade with are told. Records for it wait here.",
            button="Suspend",
            is_dangerous=True,
            is_possible=endpoint.state != _State.SUSPENDED,
            act=partial(self._act, request, endpoint, "suspended", _suspend),
        )
        return ask(request, self, endpoint, question)

    def resume_view(self, request, endpoint_id):
        endpoint = self._changeable(request, endpoint_id)
        question = Question(
            title=f"End the suspension of {endpoint.owner}?",
            sentence="Its system is asked for a sign of life within a minute, and is connected when"
            " it gives one. One that never registered is planned again.",
            button="End the suspension",
            is_possible=endpoint.state == _State.SUSPENDED,
            act=partial(self._act, request, endpoint, "resumed", presence.resume),
        )
        return ask(request, self, endpoint, question)

    def breaker_view(self, request, endpoint_id):
        endpoint = self._changeable(request, endpoint_id)
        question = Question(
            title=f"Call the system of {endpoint.owner} again at once?",
            sentence="Calls go out again without waiting for the next probe. Do it when the partner"
            " says that its system is repaired; five failures in a row stop them again.",
            button="Close the breaker",
            act=partial(self._act, request, endpoint, "breaker_closed", _close_breaker),
        )
        return ask(request, self, endpoint, question)

    def connect_view(self, request, endpoint_id):
        endpoint = self._changeable(request, endpoint_id)
        return ask(request, self, endpoint, connect_form.question(request, endpoint))

    def _changeable(self, request, endpoint_id) -> RoamingEndpoint:
        endpoint = self.get_object(request, str(endpoint_id))
        if not self.has_change_permission(request, endpoint):
            raise PermissionDenied
        if endpoint is None:
            raise Http404
        return endpoint

    def _act(
        self, request, endpoint: RoamingEndpoint, verb: str, act: Callable[..., object], answers
    ) -> str:
        now, before = timezone.now(), endpoint.state
        act(endpoint, now)
        audit.record(
            f"roamingendpoint.{verb}",
            endpoint,
            actor=request.user.get_username(),
            at=now,
            reason=answers["reason"],
            before={"state": before},
        )
        return f"The connection of {endpoint.owner} was {verb.replace('_', ' ')}."

    def _issue(self, request, endpoint: RoamingEndpoint, answers) -> HttpResponse:
        now = timezone.now()
        token = endpoints.issue_registration_token(endpoint, now=now)
        audit.record(
            "roamingendpoint.token_issued",
            endpoint,
            actor=request.user.get_username(),
            at=now,
            reason=answers["reason"],
        )
        told = (
            "Hand it over by a safe way. It is not kept in the clear and never shown again."
            f" It ends in seven days, or when {endpoint.owner} has registered."
        )
        story = Story(
            [
                Note(told, WARN, "The token, shown this once"),
                Text("Registration token", token),
                Text("Where it registers", connection_story.register_at()),
            ]
        )
        response = self.tell(request, endpoint, story)
        response["Cache-Control"] = "no-store"
        return response


def _suspend(endpoint: RoamingEndpoint, now) -> None:
    presence.set_state(endpoint, _State.SUSPENDED, now)


def _close_breaker(endpoint: RoamingEndpoint, now) -> None:
    breaker.close(endpoint.pk)
