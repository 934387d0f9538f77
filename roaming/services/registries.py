"""Take registry rows in: one bad row never sinks the rest, and sending them again is harmless.

A row with the key of an entry corrects it; any other row is a new entry. Two entries of one
EVSE or contract never overlap: the earlier one is ended first, by a row in front.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Literal, TypeAlias
from uuid import UUID

import msgspec
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model, Q, QuerySet

from clearinghouse.identifiers import MalformedEvseId, parse_evse_id
from clearinghouse.retry import in_transaction
from partners import queries
from partners.models import Mandate, Partner, Party, PartyOwnership
from partners.queries import PartyNow, in_period
from partners.services import audit
from roaming.intake.facts import normal_code
from roaming.intake.normal import pseudonym_of_contract
from roaming.models import Credential, Evse
from roaming.queries import Reader
from roaming.services.registry_rows import REGISTRIES, Registry, Row

CHUNK_ROWS = 2_000
# Entries that we read off what was published: the column that says so.
_DERIVED: dict[type[Model], str] = {Evse: "is_from_location", Credential: "is_listed"}
RowWord: TypeAlias = Literal["created", "updated", "unchanged", "refused"]


class RowFault(msgspec.Struct, frozen=True, kw_only=True):
    """Why a row was refused."""

    code: str
    field: str
    message: str
    remedy: str


class RowResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one row. ``index`` counts from 0 in what was sent."""

    index: int
    outcome: RowWord
    entry_id: str = ""
    errors: list[RowFault] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sends rows, where, and when; ``party_code`` is meant where a row names none."""

    partner: Partner
    environment: str
    now: datetime
    party_code: str = ""


class CannotEnd(Exception):
    """The entry cannot end then; the text says why. Nothing was changed."""


class _Refused(Exception):
    def __init__(self, fault: RowFault):
        super().__init__(fault.message)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class _Entry:
    """A readable row as column values."""

    index: int
    values: dict[str, object]


@dataclass(frozen=True, slots=True)
class _Parties:
    own: dict[str, PartyNow]
    others: dict[str, PartyNow]


def upsert(kind: str, rows: Iterable[object], *, sender: Sender) -> list[RowResult]:
    """Take ``rows`` in, each a mapping or its JSON bytes; chunks commit one by one."""
    registry = REGISTRIES[kind]
    results: list[RowResult] = []
    for chunk in _chunks(rows):
        results += _take_chunk(registry, chunk, first_index=len(results), sender=sender)
    return results


def entries_of(registry: Registry, reader: Reader, *, code: str = "") -> QuerySet:
    """The entries that the reader's parties keep (of the party ``code`` alone), oldest first."""
    keeper = registry.party_column.removesuffix("_id")
    entries = registry.model._default_manager.filter(
        **{f"{keeper}__in": list(reader.party_ids)}
    ).select_related(*registry.sides)
    if code:
        country, _, party_id = normal_code(code).partition("*")
        entries = entries.filter(
            **{f"{keeper}__country_code": country, f"{keeper}__party_id": party_id}
        )
    return entries.order_by("id")


def parties_of(sender: Sender) -> list[UUID]:
    """The parties that the sender may keep registries for."""
    mandated = Mandate.objects.filter(
        in_period(sender.now), agent=sender.partner, verbs__contains=[Mandate.Verb.SUBMIT_SDR]
    )
    owned = PartyOwnership.objects.filter(in_period(sender.now), partner=sender.partner)
    parties = Party.objects.filter(
        Q(pk__in=owned.values("party")) | Q(pk__in=mandated.values("parties")),
        environment=sender.environment,
    )
    return list(parties.values_list("pk", flat=True))


def end_entry(entry: Model, *, ends_at: datetime, actor: str, reason: str, now: datetime) -> None:
    """Let a dated entry hold until ``ends_at`` (not included); staff's act, so it is audited.

    :raises CannotEnd: it would end before it starts, or reach into the entry after it.
    """
    before = entry.ends_at  # type: ignore[attr-defined]
    if ends_at <= entry.starts_at:  # type: ignore[attr-defined]
        raise CannotEnd("It would end before it starts; choose a later end.")
    entry.ends_at = ends_at  # type: ignore[attr-defined]
    try:
        with transaction.atomic():
            entry.save(update_fields=["ends_at"])
            audit.record(
                "registry.ended",
                entry,
                actor=actor,
                at=now,
                reason=reason,
                before={"ends_at": before.isoformat() if before else None},
                after={"ends_at": ends_at.isoformat()},
            )
    except IntegrityError as error:
        raise CannotEnd("Another entry holds by then; choose an earlier end.") from error


def _chunks(rows: Iterable[object]) -> Iterator[list[object]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, CHUNK_ROWS)):
        yield chunk


def _take_chunk(
    registry: Registry, chunk: Sequence[object], *, first_index: int, sender: Sender
) -> list[RowResult]:
    results: dict[int, RowResult] = {}
    readable: list[tuple[int, Row]] = []
    for index, given in enumerate(chunk, start=first_index):
        try:
            readable.append((index, _read(registry, given)))
        except _Refused as refused:
            results[index] = _refusal(index, refused.fault)
    parties = _parties(registry, [row for _, row in readable], sender)
    entries = []
    for index, row in readable:
        try:
            entries.append(_Entry(index, _values(registry, row, parties, sender)))
        except _Refused as refused:
            results[index] = _refusal(index, refused.fault)
    for result in in_transaction(lambda: [_write(registry, entry) for entry in entries]):
        results[result.index] = result
    return [results[index] for index in sorted(results)]


def _read(registry: Registry, given: object) -> Row:
    """Hold a row to its types; a CSV's texts become what the types say."""
    try:
        if isinstance(given, bytes):
            return msgspec.json.decode(given, type=registry.row)
        return msgspec.convert(given, registry.row, strict=False)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        field = path.rstrip("`") or _named_in(message)
        raise _refused("FIELD_INVALID", field, message, "Correct the field named.") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError) as error:
        remedy = "Send one JSON object a row."
        raise _refused("ROW_UNREADABLE", "", f"this is no row: {error}", remedy) from error


def _named_in(message: str) -> str:
    """The field in "Object missing required field `evse_id`"."""
    parts = message.split("`")
    return parts[-2] if "missing" in message and len(parts) > 2 else ""


def _parties(registry: Registry, rows: Sequence[Row], sender: Sender) -> _Parties:
    stated = {normal_code(getattr(row, registry.party_column)) for row in rows}
    own = _by_code(stated | {normal_code(sender.party_code)}, registry.role, sender)
    may_act = {
        code: party
        for code, party in own.items()
        if party.owner_id == sender.partner.pk or party.mandate_id is not None
    }
    if registry.has_period:
        return _Parties(may_act, {})
    sellers = {normal_code(row.cso_id) for row in rows if hasattr(row, "cso_id")}
    return _Parties(may_act, _by_code(sellers, Party.Role.CSO, sender))


def _by_code(codes: set[str], role: str, sender: Sender) -> dict[str, PartyNow]:
    return queries.parties_by_code(
        codes - {""},
        role=role,
        environment=sender.environment,
        sender=sender.partner,
        now=sender.now,
    )


def _values(registry: Registry, row: Row, parties: _Parties, sender: Sender) -> dict[str, object]:
    """The row as columns: parties by id, EVSEs in normal form, contracts by hash alone."""
    values = msgspec.structs.asdict(row)
    _check_texts(values)
    code = normal_code(values[registry.party_column] or sender.party_code)
    party = parties.own.get(code)
    if party is None:
        raise _refused(
            "PARTY_NOT_YOURS",
            registry.party_column,
            f"{code or 'no party'} is no {registry.role} party of yours",
            "Name your own party, or ask its owner for a mandate to send for it.",
        )
    if not registry.has_period:
        values["cso_id"] = _seller(values["cso_id"], parties)
    values[registry.party_column] = party.id
    if values.get("evse_id"):
        values["evse_id"] = _evse_id(values["evse_id"])
    if "contract_id" in values:
        values |= _hashed(values.pop("contract_id"), csp_id=party.id)
    _check_columns(registry, values)
    return values


def _check_texts(values: dict[str, object]) -> None:
    for name, value in values.items():
        texts = value if isinstance(value, list) else [value]
        if any(isinstance(text, str) and not text.isprintable() for text in texts):
            message = f"{name} contains control characters"
            raise _refused("FIELD_INVALID", name, message, "Send printable text.")


def _seller(code: str, parties: _Parties) -> UUID:
    party = parties.others.get(normal_code(code))
    if party is None:
        message = f"{code} is no CSO that is set up here"
        raise _refused("PARTY_UNKNOWN", "cso_id", message, "Check the code of the CSO.")
    return party.id


def _evse_id(text: str) -> str:
    try:
        return parse_evse_id(text).normal
    except MalformedEvseId as malformed:
        remedy = "Send the id as in ISO 15118-2 Annex H, e.g. DE*ABC*E1234*1."
        raise _refused("EVSE_ID_MALFORMED", "evse_id", str(malformed), remedy) from malformed


def _hashed(contract_id: str, *, csp_id: UUID) -> dict[str, object]:
    """As intake does it, so that a record finds its credential."""
    if not contract_id:
        return {"contract_hash": "", "pseudonym": ""}
    pseudonym = pseudonym_of_contract(contract_id, csp_id)
    return {"contract_hash": pseudonym.contract_hash, "pseudonym": pseudonym.shown}


def _check_columns(registry: Registry, values: dict[str, object]) -> None:
    """What the columns take: digits, lengths, an end after the start."""
    try:
        registry.model(**values).clean_fields(exclude={"cso", "csp"})
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise _refused("FIELD_INVALID", field, messages[0], "Correct the field named.") from error
    ends_at = values.get("ends_at")
    if isinstance(ends_at, datetime) and ends_at <= values["starts_at"]:  # type: ignore[operator]
        message = "ends_at is not after starts_at"
        raise _refused("PERIOD_EMPTY", "ends_at", message, "Send an end after the start, or none.")


def _write(registry: Registry, entry: _Entry) -> RowResult:
    """Create or correct one entry; the tables refuse one that overlaps another."""
    objects = registry.model._default_manager
    key = {name: entry.values[name] for name in registry.key}
    found = objects.select_for_update().filter(**key).first() or _derived(registry, entry)
    derived = _DERIVED.get(registry.model)
    values = entry.values | ({derived: False} if derived else {})
    try:
        with transaction.atomic():
            word, kept = _store(found, lambda: objects.create(**values), values)
    except IntegrityError:
        return _refusal(entry.index, _overlap())
    return RowResult(index=entry.index, outcome=word, entry_id=str(kept.pk))


def _derived(registry: Registry, entry: _Entry) -> Model | None:
    """What was read off locations or a whitelist gives way to the party's own first entry."""
    derived = _DERIVED.get(registry.model)
    if derived is None:
        return None
    same = {name: entry.values[name] for name in registry.same} | {derived: True}
    return registry.model._default_manager.select_for_update().filter(**same).first()


def _store(
    found: Model | None, create: Callable[[], Model], values: dict[str, object]
) -> tuple[RowWord, Model]:
    if found is None:
        return "created", create()
    changed = [name for name, value in values.items() if getattr(found, name) != value]
    if not changed:
        return "unchanged", found
    for name in changed:
        setattr(found, name, values[name])
    found.save(update_fields=changed)
    return "updated", found


def _overlap() -> RowFault:
    return RowFault(
        code="PERIOD_OVERLAPS",
        field="starts_at",
        message="another entry holds at that time",
        remedy="End the earlier entry where this one starts, by a row in front of it.",
    )


def _refusal(index: int, fault: RowFault) -> RowResult:
    return RowResult(index=index, outcome="refused", errors=[fault])


def _refused(code: str, field: str, message: str, remedy: str) -> _Refused:
    return _Refused(RowFault(code=code, field=field, message=message[:500], remedy=remedy))
