"""Test & certification: test credentials, a record to try, my TEST systems. Nothing of LIVE."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from clearinghouse.uuid7 import instant_of, uuid7_at
from partners.models import ApiClient, Environment, Partner, Party, RoamingEndpoint
from partners.portal import for_partner, partner_of, user_of
from partners.rules.roles import ADMINISTER, OPERATE
from partners.services import audit
from partners.services.clients import create_api_client
from roaming.models import Sdr, SdrState
from roaming.services import samples
from roaming.tasks import ask_worker, send_sample
from roaming.views.certifications import runs_of, told_runs
from roaming.views.told_messages import with_webhooks

MOST_CLIENTS = 10
SCOPES = "sdr:write sdr:read counter:write counter:read settlement:read".split()
_SHOWN = 10
_PATIENCE_S = 60
_LOOK_AGAIN_S = 2
_ASKED = "asked_sample"
_STAGES = {"ACCEPTED": "settled", "REJECTED": "refused", "HELD": "held", "DISPUTED": "disputed"}
KINDS = {
    samples.GOOD: gettext_lazy("A good record: it is accepted"),
    samples.WRONG: gettext_lazy("A record with more energy than can be: it is refused"),
    samples.UNKNOWN: gettext_lazy("A record for a provider that nobody knows: it is held"),
}


class SampleForm(forms.Form):
    """Of which TEST party, and how it is to go."""

    party = forms.ChoiceField(label=gettext_lazy("Your party"))
    kind = forms.ChoiceField(
        label=gettext_lazy("What is sent"),
        choices=list(KINDS.items()),
        widget=forms.RadioSelect,
        initial=samples.GOOD,
    )

    def __init__(self, *arguments, parties: list[Party], **options):
        super().__init__(*arguments, **options)
        named = [(str(party.pk), f"{party.code} {party.role}") for party in parties]
        self.fields["party"] = forms.ChoiceField(label=self.fields["party"].label, choices=named)


class TriedRecord(NamedTuple):
    """One line of the newest TEST records."""

    record_id: UUID
    sdr_id: str
    way: str
    state: str
    stage: str
    received_at: datetime


@require_safe
@for_partner
def home(request: HttpRequest) -> HttpResponse:
    """Everything of TEST on one page."""
    return _page(request)


@require_POST
@for_partner(right=ADMINISTER)
def make_credentials(request: HttpRequest) -> HttpResponse:
    """An API client of TEST; its secret stands in this answer and nowhere else."""
    partner = partner_of(request)
    if _clients(partner).count() >= MOST_CLIENTS:
        messages.error(request, gettext("Revoke one that you no longer use first."))
        return redirect("sandbox:home")
    with transaction.atomic():
        made = create_api_client(
            partner, environment=Environment.TEST, name=gettext("Sandbox"), scopes=SCOPES
        )
        audit.record(
            "api_client.made_for_test",
            partner,
            actor=request.user.get_username(),
            at=timezone.now(),
            after={"client_id": made.client_id},
        )
    return _page(request, made=made)


@require_POST
@for_partner(right=OPERATE)
def order_sample(request: HttpRequest) -> HttpResponse:
    """Have a sample sent, and go to the page that waits for it."""
    parties = _parties(partner_of(request), now=timezone.now())
    form = SampleForm(request.POST, parties=parties)
    if not form.is_valid():
        return _page(request, form=form, status=422)
    key = uuid7_at(timezone.now())
    asked = {"party_id": form.cleaned_data["party"], "kind": form.cleaned_data["kind"]}
    if not ask_worker(send_sample.delay, key=str(key), user_id=user_of(request).pk, **asked):
        messages.error(request, gettext("It cannot be sent just now; try again in a minute."))
        return redirect("sandbox:home")
    request.session[_ASKED] = str(key)
    return redirect("sandbox:sample", key)


@require_safe
@for_partner
def sample(request: HttpRequest, sample_key: UUID) -> HttpResponse:
    """Waits for the record, then leads to the page that tells its way."""
    partner, now = partner_of(request), timezone.now()
    parties = [party.pk for party in _parties(partner, now=now)]
    states = samples.newest(parties, partner.pk, now=now, most=_SHOWN)
    rows = Sdr.objects.filter(pk__in=[one.pk for one in states])
    found = rows.filter(sdr_id=samples.id_of(sample_key)).first()
    if found is not None:
        return redirect("portal:record", found.pk)
    if request.session.get(_ASKED) != str(sample_key):
        raise Http404("no such sample")
    waited_s = (now - instant_of(sample_key)).total_seconds()
    context = {"section": "sandbox", "is_waiting": 0 <= waited_s < _PATIENCE_S}
    context["most"] = samples.MOST_PER_HOUR
    response = render(request, "portal/sample.html", context)
    if context["is_waiting"]:
        response["Refresh"] = str(_LOOK_AGAIN_S)
    return response


def _page(request: HttpRequest, *, status: int = 200, **more: object) -> HttpResponse:
    partner = partner_of(request)
    parties = _parties(partner, now=timezone.now())
    endpoints = RoamingEndpoint.objects.filter(owner=partner, environment=Environment.TEST)
    runs = told_runs(runs_of(request)[:_SHOWN])
    clients = list(_clients(partner).order_by("-created")[:MOST_CLIENTS])
    records = _records(partner, parties)
    systems = list(endpoints.order_by("protocol", "pk")[:_SHOWN])
    context = {
        "section": "sandbox",
        "parties": parties,
        "clients": clients,
        "endpoints": systems,
        "runs": runs,
        "records": records,
        "form": SampleForm(parties=parties),
        "steps": [
            (gettext("A party in TEST"), bool(parties)),
            (
                gettext("A way in: test credentials, or a connection that registered"),
                bool(clients) or any(one.registered_at for one in systems),
            ),
            (gettext("A record that is accepted"), any(r.stage == "settled" for r in records)),
            (
                gettext("A certification without a failure, for a system that speaks OCPI"),
                any(stage == "settled" for _, _, stage in runs),
            ),
        ],
        **more,
    }
    response = render(request, "portal/sandbox.html", context, status=status)
    response["Cache-Control"] = "private, no-store"
    return response


def _parties(partner: Partner, *, now: datetime) -> list[Party]:
    """The partner's TEST parties that sell or buy."""
    owned = with_webhooks(partner, now=now).filter(
        party__environment=Environment.TEST, party__role__in=(Party.Role.CSO, Party.Role.CSP)
    )
    return [one.party for one in owned]


def _clients(partner: Partner):
    own = ApiClient.objects.filter(partner=partner, environment=Environment.TEST)
    return own.exclude(scopes="")


def _records(partner: Partner, parties: list[Party]) -> list[TriedRecord]:
    ids = [party.pk for party in parties]
    states = samples.newest(ids, partner.pk, now=timezone.now(), most=_SHOWN)
    sdrs = Sdr.objects.filter(pk__in=[one.pk for one in states]).in_bulk()
    return [
        TriedRecord(
            record_id=state.pk,
            sdr_id=sdrs[state.pk].sdr_id,
            way=f"{sdrs[state.pk].cso_code} → {sdrs[state.pk].csp_code}",
            state=SdrState.State(state.state).label,
            stage=_STAGES.get(state.state, "waiting"),
            received_at=sdrs[state.pk].received_at,
        )
        for state in states
        if state.pk in sdrs
    ]
