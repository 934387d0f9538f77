"""What the registries say about a chunk's sessions, asked at session start.

Each query is skipped where nothing in the chunk can need it; an empty registry costs one look.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple, Protocol, TypeVar
from uuid import UUID

import msgspec
from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from roaming.intake.normal import normal_evse_id
from roaming.messages import InboundSdr
from roaming.models import Authorization, Credential, Evse, EvseOutage, MeterKey
from roaming.rules.facts import AuthorizationFact, CredentialFact, EvseFact, MeterKeyFact
from roaming.rules.findings import Terms
from roaming.rules.neighbours import Place, Session

AUTHORIZED_BEFORE = timedelta(hours=24)
_FILLED = """
SELECT EXISTS (SELECT FROM roaming_evse), EXISTS (SELECT FROM roaming_evseoutage),
       EXISTS (SELECT FROM roaming_meterkey), EXISTS (SELECT FROM roaming_credential),
       EXISTS (SELECT FROM roaming_authorization)
"""


class Asked(NamedTuple):
    """One record with what its facts are found by.

    ``known_before``: of the entries, only those made before this id count (a look back), and
    answers given after ``known_at`` do not.
    """

    sdr: InboundSdr
    started_at: datetime
    seller_id: UUID
    buyer_id: UUID
    terms: Terms
    contract_hash: str
    pseudonym: str
    known_before: UUID | None = None
    known_at: datetime | None = None

    @property
    def evse_id(self) -> str:
        return normal_evse_id(self.sdr.evse_id)


class _Made(Protocol):
    id: UUID


class _Dated(_Made, Protocol):
    starts_at: datetime
    ends_at: datetime | None


_Row = TypeVar("_Row", bound=_Dated)
_AnyRow = TypeVar("_AnyRow", bound=_Made)
_SINCE_EVER = UUID(int=0)


@dataclass(slots=True)
class Registries:
    """The rows that a chunk can need, by what they are found by."""

    evses: dict[str, list[Evse]] = field(default_factory=lambda: defaultdict(list))
    outages: dict[str, list[EvseOutage]] = field(default_factory=lambda: defaultdict(list))
    meter_keys: dict[tuple[UUID, str], list[MeterKey]] = field(
        default_factory=lambda: defaultdict(list)
    )
    credentials: dict[tuple[UUID, str], list[Credential]] = field(
        default_factory=lambda: defaultdict(list)
    )
    authorizations: dict[tuple[UUID, str, str], list[Authorization]] = field(
        default_factory=lambda: defaultdict(list)
    )
    csps_with_credentials: dict[UUID, UUID] = field(default_factory=dict)
    csps_with_authorizations: dict[UUID, UUID] = field(default_factory=dict)

    def places(self, *, known_before: UUID | None = None) -> dict[str, Place]:
        """Where the EVSEs stand, as far as it is told."""
        return {
            evse_id: (float(row.latitude), float(row.longitude))
            for evse_id, rows in self.evses.items()
            for row in _known(rows, known_before)
            if row.latitude is not None and row.longitude is not None
        }

    def evse(self, asked: Asked) -> EvseFact | None:
        """The entry at session start, the seller's own before another's; else the nearest."""
        rows = _known(self.evses.get(asked.evse_id, ()), asked.known_before)
        if not rows or asked.terms.evse_registry == "NONE":
            return None
        own = [row for row in rows if row.cso_id == asked.seller_id]
        start = asked.started_at
        row = _at(own, start) or _at(rows, start) or _nearest(own or rows, start)
        return EvseFact(
            owner_code=row.cso.code,
            country_code=row.country_code,
            time_zone=row.time_zone,
            current_type=row.current_type,
            connector_types=tuple(row.connector_types),
            max_power_kw=row.max_power_kw,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            is_out_of_order=self._is_out_of_order(asked, row.cso_id),
        )

    def _is_out_of_order(self, asked: Asked, cso_id: UUID) -> bool:
        """Reported so for the whole session."""
        start, end = asked.started_at, asked.sdr.ended_at
        return any(
            row.cso_id == cso_id
            and row.starts_at <= start
            and (row.ends_at is None or (end is not None and end <= row.ends_at))
            for row in _known(self.outages.get(asked.evse_id, ()), asked.known_before)
        )

    def meter_key(self, asked: Asked) -> MeterKeyFact | None:
        entries = self.meter_keys.get((asked.seller_id, asked.evse_id), ())
        rows = _known(entries, asked.known_before)
        row = _at(rows, asked.started_at)
        if row is None or asked.terms.meter_key_registry == "NONE":
            return None
        end = asked.sdr.ended_at
        exchanged = end is not None and any(
            asked.started_at < other.starts_at <= end for other in rows
        )
        return MeterKeyFact(
            meter_id=row.meter_id, public_key=row.public_key, was_exchanged_in_session=exchanged
        )

    def credential(self, asked: Asked) -> CredentialFact | None:
        """``is_known`` false only where the CSP keeps the list, or must."""
        registry = asked.terms.credential_registry
        if registry == "NONE" or not asked.contract_hash:
            return None
        entries = self.credentials.get((asked.buyer_id, asked.contract_hash), ())
        rows = _known(entries, asked.known_before)
        if rows:
            start = asked.started_at
            row = _at(rows, start) or _nearest(rows, start)
            return CredentialFact(
                is_known=True,
                starts_at=row.starts_at,
                ends_at=row.ends_at,
                blocked_at=row.blocked_at,
            )
        is_kept = registry == "REQUIRED" or _keeps(self.csps_with_credentials, asked)
        return CredentialFact(is_known=False) if is_kept else None

    def authorization(self, asked: Asked) -> AuthorizationFact | None:
        """By reference, else by session, else by contract and EVSE in the day before."""
        registry = asked.terms.authorization_registry
        if registry == "NONE":
            return None
        row = self._authorization_row(asked)
        if row is not None:
            return AuthorizationFact(
                is_known=True,
                is_granted=row.is_granted,
                csp_code=row.csp.code,
                authorized_at=row.authorized_at,
            )
        is_kept = registry == "REQUIRED" or _keeps(self.csps_with_authorizations, asked)
        return AuthorizationFact(is_known=False) if is_kept else None

    def drifts(self, sessions: Iterable[Session]) -> dict[tuple[UUID, str], Decimal]:
        """Seconds from each session's authorization to its start, where one is known by name."""
        if not self.authorizations:
            return {}
        found = {}
        for one in sessions:
            row = self._named(one.seller_id, one.authorization_reference, one.session_id)
            if row is not None:
                apart = one.started_at - row.authorized_at
                found[one.seller_id, one.sdr_id] = Decimal(round(apart.total_seconds()))
        return found

    def _named(
        self,
        seller_id: UUID,
        reference: str,
        session_id: str,
        *,
        buyer_id: UUID | None = None,
        known_before: UUID | None = None,
    ) -> Authorization | None:
        """By reference, else by session; of several the buyer's, then the last."""
        for kind, key in (("ref", reference), ("ses", session_id)):
            rows = _known(self.authorizations.get((seller_id, kind, key), ()), known_before)
            if key and rows:
                return max(rows, key=lambda row: (row.csp_id == buyer_id, row.authorized_at))
        return None

    def _authorization_row(self, asked: Asked) -> Authorization | None:
        sdr, seller = asked.sdr, asked.seller_id
        named = self._named(
            seller,
            sdr.authorization_reference,
            sdr.service_session_id,
            buyer_id=asked.buyer_id,
            known_before=asked.known_before,
        )
        if named is not None:
            return named
        fitting = [
            row
            for row in _known(
                self.authorizations.get((seller, "con", asked.pseudonym), ()), asked.known_before
            )
            if row.evse_id == asked.evse_id
            and asked.started_at - AUTHORIZED_BEFORE <= row.authorized_at <= asked.started_at
        ]
        return max(fitting, key=lambda row: row.authorized_at, default=None)


def load_registries(
    asked: Sequence[Asked], *, environment: str, near: Sequence[Session] = ()
) -> Registries:
    """Read what any of ``asked`` can need: one look, and a query per registry that is filled.

    ``near``: neighbouring sessions, whose places and authorizations count too.
    """
    registries = Registries()
    if not asked:
        return registries
    with connection.cursor() as cursor:
        cursor.execute(_FILLED)
        evse, outage, meter_key, credential, authorization = cursor.fetchone()
    evse_ids = {one.evse_id for one in asked if one.evse_id}
    if evse:
        places = evse_ids.union(one.evse_id for one in near) - {""}
        _load_evses(registries, places, environment=environment, outages=outage)
    if meter_key:
        for key in _in(MeterKey.objects.all(), "evse_id", evse_ids):
            registries.meter_keys[key.cso_id, key.evse_id].append(key)
    if credential:
        _load_credentials(registries, asked)
    if authorization:
        _load_authorizations(registries, asked, near)
    return registries


def _load_evses(registries, evse_ids, *, environment: str, outages: bool) -> None:
    entries = Evse.objects.filter(cso__environment=environment).select_related("cso")
    for row in _in(entries, "evse_id", evse_ids):
        registries.evses[row.evse_id].append(row)
    if outages and registries.evses:
        for outage in _in(EvseOutage.objects.all(), "evse_id", evse_ids):
            registries.outages[outage.evse_id].append(outage)


def _load_credentials(registries: Registries, asked: Sequence[Asked]) -> None:
    csp_ids = {one.buyer_id for one in asked}
    # What we read off a whitelist shows that a contract is known; only what the CSP sent as its
    # registry shows that another one is not.
    kept = Credential.objects.filter(csp__in=csp_ids, is_listed=False)
    registries.csps_with_credentials = _first_of_csps(kept, asked)
    rows = Credential.objects.filter(csp__in=csp_ids)
    for row in _in(rows, "contract_hash", {one.contract_hash for one in asked}):
        registries.credentials[row.csp_id, row.contract_hash].append(row)


def _load_authorizations(
    registries: Registries, asked: Sequence[Asked], near: Sequence[Session]
) -> None:
    csp_ids = {one.buyer_id for one in asked}
    # Not every session is asked for through us: only what the CSP reported itself is a registry.
    kept = Authorization.objects.filter(csp__in=csp_ids, is_relayed=False)
    registries.csps_with_authorizations = _first_of_csps(kept, asked)
    starts = [one.started_at for one in asked]
    rows = Authorization.objects.filter(cso__in={one.seller_id for one in asked})
    rows = rows.select_related("csp")
    recent = rows.filter(
        authorized_at__gte=min(starts) - AUTHORIZED_BEFORE, authorized_at__lte=max(starts)
    )
    found = registries.authorizations
    references = {one.sdr.authorization_reference for one in asked}
    references = references.union(one.authorization_reference for one in near) - {""}
    for row in _in(rows, "reference", references):
        found[row.cso_id, "ref", row.reference].append(row)
    sessions = {one.sdr.service_session_id for one in asked}
    sessions = sessions.union(one.session_id for one in near) - {""}
    for row in _in(rows, "service_session_id", sessions):
        found[row.cso_id, "ses", row.service_session_id].append(row)
    for row in _in(recent, "pseudonym", {one.pseudonym for one in asked} - {""}):
        found[row.cso_id, "con", row.pseudonym].append(row)


def _first_of_csps(rows: QuerySet, asked: Sequence[Asked]) -> dict[UUID, UUID]:
    """The CSPs that have entries; for a look back also the first entry of each."""
    if asked[0].known_before is None:
        return dict.fromkeys(rows.values_list("csp", flat=True).distinct(), _SINCE_EVER)
    return dict(rows.order_by("csp", "id").distinct("csp").values_list("csp", "id"))


def _keeps(first_of_csps: Mapping[UUID, UUID], asked: Asked) -> bool:
    first = first_of_csps.get(asked.buyer_id)
    return first is not None and (asked.known_before is None or first < asked.known_before)


def _known(rows: Sequence[_AnyRow], known_before: UUID | None) -> Sequence[_AnyRow]:
    return rows if known_before is None else [row for row in rows if row.id < known_before]


def _in(rows: QuerySet, column: str, values: Iterable[str]) -> QuerySet:
    """Rows whose ``column`` is one of many: one JSON parameter instead of thousands."""
    wanted = msgspec.json.encode(sorted(values)).decode()
    listed = RawSQL("SELECT json_array_elements_text(%s::json)", [wanted])
    return rows.filter(**{f"{column}__in": listed})


def _at(rows: Iterable[_Row], start: datetime) -> _Row | None:
    for row in rows:
        if row.starts_at <= start and (row.ends_at is None or start < row.ends_at):
            return row
    return None


def _nearest(rows: Sequence[_Row], start: datetime) -> _Row:
    """The entry whose beginning lies nearest: the rule tells what is wrong with its time."""
    return min(rows, key=lambda row: abs(row.starts_at - start))
