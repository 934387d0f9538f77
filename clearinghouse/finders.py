"""What can be found by an id that somebody has in hand: exact, by an index, and by right."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.apps import apps
from django.contrib import admin
from django.db.models import CharField, Model, Q, QuerySet, Value
from django.urls import reverse

from billing.models import BankEntry, DebitMandate, Document, Invoice, Payment, PaymentFile
from billing.models.document import Signs
from partners.models import (
    ApiClient,
    ParticipationContract,
    Partner,
    PartnerFacts,
    Party,
    RoamingAgreement,
    User,
)
from roaming.models import (
    CounterKey,
    CounterRecord,
    Dispute,
    Evse,
    Exchange,
    Location,
    LocationEvse,
    Reservation,
    Sdr,
    SdrState,
    ServiceSession,
    SessionAlias,
)
from roaming.queries_find import records_at_evse, records_named, records_of_driver
from roaming.services.driver_search import pseudonyms_of

# Of one kind no more is told; whoever has more looks into the list.
MOST = 10
# Their id is that of a record, whose page leads to them.
_OF_A_RECORD = frozenset({"roaming.sdr", "roaming.hold", "billing.clearedsdr"})


@dataclass(frozen=True, slots=True)
class Search:
    """What was typed, by whom and when."""

    term: str
    user: User
    now: datetime

    def may(self, model: type[Model]) -> bool:
        meta = model._meta
        return self.user.has_perm(f"{meta.app_label}.view_{meta.model_name}")

    @property
    def signs(self) -> str:
        """Letters and digits alone, without what an RF reference puts before them."""
        plain = "".join(sign for sign in self.term.upper() if sign.isascii() and sign.isalnum())
        return plain[4:] if plain[:2] == "RF" and plain[2:4].isdigit() else plain


@dataclass(frozen=True, slots=True)
class Found:
    kind: str
    label: str
    url: str


def find(search: Search) -> list[Found]:
    """Everything that the term names, each page once, in the order of the kinds."""
    found: dict[str, Found] = {}
    for finder in _FINDERS:
        for one in finder(search):
            found.setdefault(one.url, one)
    return list(found.values())


def _page_of(model: type[Model], pk: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[pk])


def _records(search: Search) -> Iterator[Found]:
    """By SDR id, session id or our own id; a station or driver with many leads to the list."""
    if not search.may(Sdr):
        return
    ids = records_named(search.term)
    states = SdrState.objects.filter(pk__in=ids[: MOST + 1])
    shown = {state.pk: state for state in states}
    if len(shown) > MOST:
        yield _records_listed(search.term, f"Records of {search.term}, newest first")
        return
    names = dict(
        Sdr.objects.filter(
            sender__in={state.sender_id for state in shown.values()}, pk__in=shown
        ).values_list("pk", "sdr_id")
    )
    for pk, state in sorted(shown.items(), reverse=True):
        label = f"{names.get(pk) or 'without an id'} · {state.state}"
        yield Found("Records", label, _page_of(Sdr, pk))


def _records_listed(term: str, label: str) -> Found:
    query = urlencode({"q": term})
    return Found("Records", label, f"{reverse('admin:roaming_sdr_changelist')}?{query}")


def _drivers(search: Search) -> Iterator[Found]:
    """By contract id, of which the pages name the pseudonym alone."""
    if not search.may(Sdr):
        return
    for pseudonym in pseudonyms_of(search.term, asked_by=search.user, now=search.now):
        if records_of_driver(pseudonym).exists():
            yield _records_listed(pseudonym, f"Records of the driver {pseudonym}")


def _stations(search: Search) -> Iterator[Found]:
    if search.may(Sdr) and records_at_evse(search.term).exists():
        yield _records_listed(search.term, f"Records at {search.term}")


def _sessions(search: Search) -> Iterator[Found]:
    if not search.may(ServiceSession):
        return
    aliases = SessionAlias.objects.filter(alias__iexact=search.term)
    for alias in aliases.select_related("session", "party")[:MOST]:
        url = _page_of(ServiceSession, alias.session_id)
        yield Found("Service sessions", f"{alias.alias} · {alias.session.state}", url)


def _counters(search: Search) -> Iterator[Found]:
    if not search.may(CounterRecord):
        return
    keys = CounterKey.objects.filter(csp__in=Party.objects.values("pk"), counter_id=search.term)
    for key in keys[:MOST]:
        yield Found("Counter-records", key.counter_id, _page_of(CounterRecord, key.record_id))


def _parties(search: Search) -> Iterator[Found]:
    if not search.may(Party):
        return
    country, _, code = search.term.upper().replace("-", "*").partition("*")
    for party in Party.objects.filter(country_code=country, party_id=code)[:MOST]:
        label = f"{party} · {party.name} · {party.environment}"
        yield Found("Parties", label, _page_of(Party, party.pk))


def _partners(search: Search) -> Iterator[Found]:
    """By name or legal name in any case, or by VAT number."""
    if not search.may(Partner):
        return
    facts = PartnerFacts.objects.filter(
        Q(legal_name__iexact=search.term) | Q(vat_number__iexact=search.term)
    )
    named = Partner.objects.filter(Q(name__iexact=search.term) | Q(pk__in=facts.values("partner")))
    for partner in named[:MOST]:
        yield Found("Partners", partner.name, _page_of(Partner, partner.pk))


def _documents(search: Search) -> Iterator[Found]:
    """By number, however it is spaced, or by the RF reference made of it."""
    if not search.may(Document) or not search.signs:
        return
    named = Document.objects.annotate(signs=Signs("number")).filter(signs=search.signs)
    if search.may(Invoice):  # they have pages of their own, which tell more
        named = named.exclude(kind=Document.Kind.INVOICE)
    for row in named.defer("content")[:MOST]:
        label = f"{row.number} · {row.get_kind_display()}"
        yield Found("Documents", label, _page_of(Document, row.pk))


def _by_uuid(search: Search) -> Iterator[Found]:
    """Anything of ours by its own id, asked of all tables in one query."""
    try:
        wanted = UUID(search.term)
    except ValueError:
        return
    models = [
        model
        for model in admin.site._registry
        if model._meta.label_lower not in _OF_A_RECORD
        and model._meta.pk.get_internal_type() == "UUIDField"
        and search.may(model)
    ]
    asked = [
        model._base_manager.filter(pk=wanted)
        .annotate(label=Value(model._meta.label_lower, output_field=CharField()))
        .order_by()
        .values_list("label", "pk")
        for model in models
    ]
    for label, pk in asked[0].union(*asked[1:], all=True) if asked else ():
        model = apps.get_model(label)
        kind = str(model._meta.verbose_name_plural).capitalize()
        yield Found(kind, str(pk), _page_of(model, pk))


def _exact(rows: Callable[[], QuerySet], *fields: str) -> Callable[[Search], Iterator[Found]]:
    """Rows of which one of the fields is the term; each field has an index."""

    def finder(search: Search) -> Iterator[Found]:
        queryset = rows()
        if not search.may(queryset.model):
            return
        kind = str(queryset.model._meta.verbose_name_plural)
        for field in fields:
            for row in queryset.filter(**{field: search.term})[:MOST]:
                label = f"{search.term} · {row}" if search.term not in str(row) else str(row)
                yield Found(kind[:1].upper() + kind[1:], label, _page_of(queryset.model, row.pk))

    return finder


_FINDERS: tuple[Callable[[Search], Iterator[Found]], ...] = (
    _records,
    _sessions,
    _stations,
    _drivers,
    _counters,
    _exact(Dispute.objects.all, "number"),
    _documents,
    _exact(Invoice.objects.all, "number"),
    _exact(lambda: Payment.objects.defer("file__content"), "end_to_end_id"),
    _exact(BankEntry.objects.all, "end_to_end_id", "creditor_reference"),
    _exact(lambda: PaymentFile.objects.defer("content"), "message_id"),
    _exact(DebitMandate.objects.all, "reference"),
    _partners,
    _parties,
    _exact(RoamingAgreement.objects.all, "number"),
    _exact(ParticipationContract.objects.all, "number"),
    _exact(lambda: Evse.objects.select_related("cso"), "evse_id"),
    _exact(lambda: LocationEvse.objects.select_related("location"), "evse_id"),
    _exact(Location.objects.all, "location_id__iexact"),
    _exact(
        # Their key starts with the CSP.
        lambda: Reservation.objects.filter(csp__in=Party.objects.values("pk")),
        "reservation_id",
    ),
    _exact(Exchange.objects.all, "correlation_id"),
    _exact(ApiClient.objects.all, "client_id"),
    _exact(User.objects.all, "username"),
    _by_uuid,
)
