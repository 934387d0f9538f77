"""Service sessions for staff: how each went, what was asked from afar, and the record of it."""

from django.contrib import admin
from django.utils import timezone
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    DropdownFilter,
    RangeDateFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display

from partners.admin.base import EvidenceAdmin
from partners.admin.party import ENVIRONMENT_TONES
from partners.admin.story import Badge, Facts, Note, Step, Story, Table, Timeline, link
from partners.admin_paging import KeysetPaging
from roaming.models import Sdr, ServiceSession
from roaming.queries_sessions import (
    USUALLY_BILLED_WITHIN,
    record_keys_of,
    sessions_without_record,
)

STATE_TONES = {
    "AUTHORIZED": "info",
    "PENDING": "info",
    "RESERVED": "info",
    "ACTIVE": "warning",
    "COMPLETED": "success",
    "INVALID": "danger",
}
ANSWER_TONES = {"ACCEPTED": "success", "NOT_REACHED": "danger", "": "info"}
OUTCOME_TONES = {"DONE": "success", "TIMED_OUT": "warning", "": "info"}


class RecordFilter(DropdownFilter):
    title = "record"
    parameter_name = "record"

    def lookups(self, request, model_admin):
        days = USUALLY_BILLED_WITHIN.days
        return [("missing", f"over for {days} days, no record came")]

    def queryset(self, request, queryset):
        if self.value() == "missing":
            return sessions_without_record(queryset, now=timezone.now())
        return queryset


@admin.register(ServiceSession)
class ServiceSessionAdmin(KeysetPaging, EvidenceAdmin):
    list_display = (
        "state_label",
        "between",
        "place",
        "energy",
        "cost",
        "started",
        "told",
        "environment_label",
    )
    list_select_related = ("cso", "csp")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        RecordFilter,
        ("cso", RelatedDropdownFilter),
        ("csp", RelatedDropdownFilter),
        ("environment", ChoicesDropdownFilter),
        ("updated_at", RangeDateFilter),
    )
    search_fields = ("id__exact", "aliases__alias__iexact", "evse_id__exact", "pseudonym__exact")
    search_help_text = "Our id, either side's id, an EVSE id or a pseudonym"
    empty_text = (
        "A session appears when a CSO tells of it over OCPI or the API, or when its driver is"
        " authorized; take a filter off to see more."
    )

    def name_of(self, obj) -> str:
        names = [one.alias for one in obj.aliases.filter(party=obj.cso_id)]
        return f"Session {names[0] if names else obj.pk}"

    def story(self, request, obj) -> Story:
        return Story([_facts(obj), *_notes(obj), _moves(obj), _names(obj), _requests(obj)])

    @display(description="State", label=STATE_TONES)
    def state_label(self, session) -> str:
        return session.state

    @display(description="CSO and CSP")
    def between(self, session) -> str:
        return f"{session.cso.code} {session.csp.code if session.csp else '(CSP unknown)'}"

    @display(description="EVSE")
    def place(self, session) -> str:
        return session.evse_id or session.evse_uid or session.location_id or "—"

    @display(description="Energy")
    def energy(self, session) -> str:
        return _energy(session.energy_kwh)

    @display(description="Cost so far")
    def cost(self, session) -> str:
        return _cost(session)

    @display(description="Started", ordering="started_at")
    def started(self, session) -> str:
        return f"{session.started_at:%d %b %Y %H:%M}" if session.started_at else "—"

    @display(description="Told")
    def told(self, session) -> str:
        return f"{session.updated_at:%d %b %Y %H:%M}"

    @display(description="Environment", label=ENVIRONMENT_TONES)
    def environment_label(self, session) -> str:
        return session.environment


def _facts(session: ServiceSession) -> Facts:
    return Facts(
        "",
        [
            ("State", Badge(session.get_state_display(), STATE_TONES[session.state])),
            ("CSO", link(session.cso, session.cso.code)),
            ("CSP", link(session.csp, session.csp.code) if session.csp else "not known"),
            ("Driver", session.pseudonym),
            ("Shown", session.get_kind_display() if session.kind else ""),
            ("Let in by", session.authorization_method),
            ("Authorization", session.authorization_reference),
            ("Location", session.location_id),
            ("EVSE", session.evse_id or session.evse_uid),
            ("Connector", session.connector_id),
            ("Started", session.started_at),
            ("Ended", session.ended_at),
            ("Energy", _energy(session.energy_kwh)),
            ("Cost so far", _cost(session)),
            ("Told by the CSO", session.updated_at),
            ("Received", session.received_at),
            ("In the words of", session.document_format or "our own API"),
            ("Environment", session.environment),
            ("Our id", session.pk),
        ],
    )


def _notes(session: ServiceSession):
    keys = list(record_keys_of(session))
    if keys:
        records = Sdr.objects.filter(id__in=[key.record_id for key in keys])
        yield Table(
            "Its record",
            ("SDR", "Energy", "Amount"),
            [
                (
                    link(record, record.sdr_id),
                    _energy(record.energy_kwh),
                    f"{record.claim_amount} {record.currency}" if record.currency else "—",
                )
                for record in records
            ],
            frozenset({1, 2}),
        )
    elif session.state == ServiceSession.State.COMPLETED:
        late = session.updated_at <= timezone.now() - USUALLY_BILLED_WITHIN
        yield Note(
            f"No record came in {USUALLY_BILLED_WITHIN.days} days: ask the CSO for it."
            if late
            else "Its record has not come yet.",
            "warning" if late else "info",
        )
    if session.csp is None:
        yield Note(
            "Nobody lists this driver, so nobody was told. Add the CSP's whitelist, or have the"
            " CSO name the CSP.",
            "warning",
        )


def _moves(session: ServiceSession) -> Timeline:
    return Timeline(
        "How it went",
        [
            Step(
                at=move.moved_at,
                title=f"{move.get_state_display()} ({move.version})",
                text=f"{_energy(move.energy_kwh)} · {move.actor}",
                tone=STATE_TONES[move.state],
            )
            for move in session.moves.order_by("version")
        ],
    )


def _names(session: ServiceSession) -> Table:
    return Table(
        "What each side calls it",
        ("Party", "Id"),
        [
            (one.party.code, one.alias)
            for one in session.aliases.select_related("party").order_by("id")
        ],
        empty="Only our own id is known: its CSO has not told of it yet.",
    )


def _requests(session: ServiceSession) -> Table:
    return Table(
        "Asked from afar",
        ("What", "When", "Answer", "Outcome"),
        [
            (
                link(one, one.get_kind_display()),
                f"{one.asked_at:%d %b %Y %H:%M:%S}",
                Badge(one.answer or "asked", ANSWER_TONES.get(one.answer, "warning")),
                Badge(one.outcome or "—", OUTCOME_TONES.get(one.outcome, "danger")),
            )
            for one in session.remote_requests.order_by("id")
        ],
        empty="Nothing was asked of the CSO from afar.",
    )


def _energy(kwh) -> str:
    return "—" if kwh is None else f"{kwh.normalize():f} kWh"


def _cost(session: ServiceSession) -> str:
    if session.total_excl_tax is None:
        return "—"
    return f"{session.total_excl_tax.normalize():f} {session.currency} excl. tax"
