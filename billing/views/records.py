"""My records: why they are held or refused, and where each of them is."""

from contextlib import suppress
from uuid import UUID

from django import forms
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    QueryDict,
    StreamingHttpResponse,
)
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from billing.queries_records import (
    RecordSelection,
    counterparties_of,
    page_of_records,
    select_records,
)
from billing.queries_whereabouts import NotForYou, where_is
from billing.rules.whereabouts_told import Whereabouts
from billing.services.downloads import note_download
from billing.views.access import ENVIRONMENT, reader_for
from billing.views.days import day_field, midnight
from billing.views.pages import cursor_of, query_with
from billing.views.records_csv import stream_records
from partners.models import Environment, Party
from partners.portal import for_partner, may, partner_of, request_id
from partners.rules.roles import OPERATE
from roaming.queries import readable_states
from roaming.queries_chain import lines_of
from roaming.queries_corrections import correctable
from roaming.queries_disputes import is_disputable, owned_parties
from roaming.queries_ratings import newest_ratings

PAGE = 50
_ASKED_FOR = {"currency", "total_amount", "items"}
_STAGES = [
    ("", gettext_lazy("All")),
    ("held", gettext_lazy("Held")),
    ("refused", gettext_lazy("Refused")),
    ("waiting", gettext_lazy("Waiting for acceptance")),
    ("disputed", gettext_lazy("Disputed")),
    ("accepted", gettext_lazy("Accepted, cleared or settled")),
    ("withdrawn", gettext_lazy("Withdrawn or replaced")),
]


class RecordForm(forms.Form):
    """What to look for. Both days are included."""

    state = forms.ChoiceField(choices=_STAGES, required=False)
    counterparty = forms.ChoiceField(required=False)
    ended_from = day_field(gettext_lazy("Session ended from"))
    ended_to = day_field(gettext_lazy("up to and with"))
    sdr_id = forms.CharField(
        required=False, label=gettext_lazy("SDR id"), max_length=100, strip=True
    )

    def __init__(self, asked: QueryDict, *, counterparties: list[Party]):
        super().__init__(asked)
        others = [(str(party.pk), f"{party.name} ({party.code})") for party in counterparties]
        self.fields["counterparty"] = forms.ChoiceField(
            choices=[("", gettext_lazy("All")), *others], required=False
        )

    def selection(self) -> RecordSelection:
        """What a valid form asks for."""
        asked = self.cleaned_data
        return RecordSelection(
            stage=asked["state"],
            counterparty_id=UUID(asked["counterparty"]) if asked["counterparty"] else None,
            ended_from=midnight(asked["ended_from"]),
            ended_before=midnight(asked["ended_to"], days_later=1),
            sdr_id=asked["sdr_id"],
        )


@require_safe
@for_partner
def record_list(request: HttpRequest) -> HttpResponse:
    """Records newest first, by keyset: no page counts the table."""
    reader = reader_for(request)
    form = RecordForm(request.GET, counterparties=counterparties_of(reader))
    context = {"section": "records", "form": form, "is_filtered": _is_filtered(form)}
    if form.is_valid():
        page = page_of_records(
            select_records(reader, form.selection()),
            reader=reader,
            size=PAGE,
            before=cursor_of(request, "before"),
            after=cursor_of(request, "after"),
        )
        context |= {
            "lines": page.lines,
            "older": query_with(request, before=page.older) if page.older else "",
            "newer": query_with(request, after=page.newer) if page.newer else "",
            "export": query_with(request),
        }
    return render(request, "portal/records.html", context)


@require_safe
@for_partner
def record_export(request: HttpRequest) -> HttpResponseBase:
    """The filtered list as CSV, streamed; what was taken is noted first."""
    reader = reader_for(request)
    form = RecordForm(request.GET, counterparties=counterparties_of(reader))
    if not form.is_valid():
        return record_list(request)
    now = timezone.now()
    asked = {name: str(value) for name, value in form.cleaned_data.items() if value}
    note_download(
        actor=request.user.get_username(),
        partner=partner_of(request),
        object_type="record-list",
        object_id="csv",
        now=now,
        request_id=request_id(),
        details=asked,
    )
    lines = stream_records(select_records(reader, form.selection()), reader=reader)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="records-{now:%Y%m%d-%H%M}.csv"'
    return response


@require_safe
@for_partner
def record(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """*Where is my record?* for one of the partner's records."""
    return _tell(request, record_id, asked=str(record_id))


@require_safe
@for_partner
def where(request: HttpRequest) -> HttpResponse:
    """The search box of every page: an SDR id, or a record id."""
    asked = request.GET.get("id", "").strip()
    if not asked:
        return render(request, "portal/where.html", {"section": "where"})
    return _tell(request, asked, asked=asked)


def _tell(request: HttpRequest, subject: UUID | str, *, asked: str) -> HttpResponse:
    found = _found(request, subject)
    if found is None:
        context = {"section": "where", "asked": asked[:100]}
        return render(request, "portal/where.html", context, status=404)
    ratings = newest_ratings([attempt.sent.record_id for attempt in found.attempts])
    page = {"section": "records", "found": found, "ratings": ratings}
    if found.environment == ENVIRONMENT:
        page |= _corrections(request, found)
    return render(request, "portal/record.html", page)


def _found(request: HttpRequest, subject: UUID | str) -> Whereabouts | None:
    """LIVE first; a record of TEST is told under the same address and says that it is one."""
    for environment in (ENVIRONMENT, Environment.TEST):
        with suppress(NotForYou):
            return where_is(
                subject,
                for_partner=partner_of(request),
                environment=environment,
                now=timezone.now(),
            )
    return None


def _corrections(request: HttpRequest, found: Whereabouts) -> dict[str, object]:
    """The chain of the newest attempt, and which attempts the partner may still dispute."""
    reader = reader_for(request)
    ids = [attempt.sent.record_id for attempt in found.attempts]
    owned = owned_parties(partner_of(request), environment=ENVIRONMENT, now=timezone.now())
    in_dispute = {one.sent.record_id for one in found.attempts if one.dispute}
    states = readable_states(reader).filter(id__in=ids)
    chain = lines_of(ids[0], reader=reader)
    return {
        "correctable": _correctable(request, found),
        "disputable": {
            state.id
            for state in states
            if state.id not in in_dispute and is_disputable(state, owned)
        },
        "chain": chain if len(chain) > 1 else [],
        "chain_sum": sum(line.counted_amount for line in chain),
    }


def _correctable(request: HttpRequest, found: Whereabouts) -> set[UUID]:
    """The newest attempt, where a file can correct it: what is asked for is sent again instead."""
    newest = found.attempts[0]
    wrong = {finding.field for finding in newest.findings if finding.is_open}
    if not may(request, OPERATE) or (wrong and wrong <= _ASKED_FOR):
        return set()
    waiting = correctable(partner_of(request), now=timezone.now())
    return set(waiting.filter(id=newest.sent.record_id).values_list("id", flat=True))


def _is_filtered(form: RecordForm) -> bool:
    return any(form.data.get(name) for name in form.fields)
