"""The page on which staff register at a partner's system with the token that it gave."""

from functools import partial

from django import forms
from django.utils import timezone
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from partners.admin.confirm import NotPossible, Question, ReasonForm
from partners.models import RoamingEndpoint
from roaming.admin.connection_story import register_at
from roaming.messages.registrations import Registration
from roaming.services import connecting
from roaming.services.connecting import NotConnected, Who

_VERSIONS = ("2.2.1", "2.3.0", "2.1.1")


class ConnectForm(ReasonForm):
    """What the partner told: where its versions are, and a token."""

    versions_url = forms.CharField(
        label="Its versions address",
        max_length=255,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "url"}),
        help_text="As the partner told it, e.g. https://partner.example/ocpi/versions",
    )
    token = forms.CharField(
        label="Its registration token",
        max_length=64,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
        help_text="As it is, not Base64. It is used once and stored nowhere.",
    )
    version = forms.ChoiceField(
        label="OCPI version",
        choices=[(one, one) for one in _VERSIONS],
        widget=UnfoldAdminSelectWidget,
    )
    field_order = ("versions_url", "token", "version", "reason")


def question(request, endpoint: RoamingEndpoint) -> Question:
    """Asks for both and registers; what fails says what to do next and changes nothing."""
    again = (
        " It is connected already: both sides get new tokens, and the old ones are good until the"
        " new ones were used."
    )
    return Question(
        title=f"Register at the system of {endpoint.owner}?",
        sentence="We fetch what its system offers and hand it our credentials; it is connected when"
        f" it answers with its own.{again if endpoint.registered_at else ''}",
        button="Register",
        form_class=_prefilled(endpoint),
        is_possible=endpoint.state != RoamingEndpoint.State.SUSPENDED,
        act=partial(_connect, request, endpoint),
    )


def _prefilled(endpoint: RoamingEndpoint) -> type[forms.Form]:
    """What staff noted when they prepared the connection."""

    class OfThisConnection(ConnectForm):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.fields["versions_url"].initial = endpoint.versions_url or endpoint.url
            if endpoint.protocol_version in _VERSIONS:
                self.fields["version"].initial = endpoint.protocol_version

    return OfThisConnection


def _connect(request, endpoint: RoamingEndpoint, answers) -> str:
    wanted = Registration(
        versions_url=answers["versions_url"],
        token=answers["token"],
        version=answers["version"],
        own_url=register_at(),
    )
    who = Who(request.user.get_username(), answers["reason"])
    try:
        connected = connecting.connect(endpoint, wanted, who=who, now=timezone.now())
    except NotConnected as failure:
        raise NotPossible(str(failure)) from failure
    return f"{connected.owner} is connected with OCPI {connected.protocol_version}."
