"""The lists of credentials that CSPs publish: whole, change by change, or by hash alone.

A list holds hashes; what it says of a person lies sealed (``services.identities``). Each change
gets the next number of its CSP's list, so that CSOs read on from where they are.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias
from uuid import UUID

import msgspec
from django.db import connection
from django.db.models import F

from clearinghouse.retry import in_transaction
from clearinghouse.statements import load_statement
from clearinghouse.uuid7 import uuid7_at, uuid7s_at
from partners.models import Party
from roaming.intake.normal import csp_key_of, lookup_key, pseudonym_of_contract
from roaming.messages.authorizations import PublishedCredential, ShownCredential
from roaming.models import ObjectPush, WhitelistCounter, WhitelistEntry
from roaming.rules.credentials import SHA256, digest_of, kinds_meant_by, lookup_hash_of
from roaming.services import identities, pushes
from roaming.services.identities import Identity

CHUNK_ROWS = 2_000
# A list does not say since when: what is read off one counts since before anybody charged.
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
EntryWord: TypeAlias = Literal["created", "updated", "unchanged", "stale"]
_SQL = Path(__file__).parent / "sql"


class NothingShown(ValueError):
    """A credential without a uid, and without the SHA-256 of one."""


class Taken(NamedTuple):
    """What became of one credential. ``stale``: a newer word of it is stored, which stays."""

    entry_id: UUID
    outcome: EntryWord


class Whose(NamedTuple):
    """Under which pseudonym and contract hash somebody is known here; empty: not known."""

    pseudonym: str = ""
    contract_hash: str = ""


NOBODY = Whose()


class FullList(NamedTuple):
    """What became of a whole list; ``ended`` of its former entries are not valid any more."""

    taken: list[Taken]
    ended: int


def publish(entry: PublishedCredential, *, csp: Party, now: datetime) -> Taken:
    """Take one credential in.

    :raises NothingShown: it has neither uid nor SHA-256
    """
    return publish_many([entry], csp=csp, now=now)[0]


def publish_many(
    entries: Iterable[PublishedCredential], *, csp: Party, now: datetime
) -> list[Taken]:
    """Take changes in, chunk by chunk; of two words on one credential the later one counts."""
    return [
        one
        for chunk in _chunks(entries)
        for one in in_transaction(lambda chunk=chunk: _take(chunk, csp=csp, now=now))  # type: ignore[misc]
    ]


def publish_all(entries: Iterable[PublishedCredential], *, csp: Party, now: datetime) -> FullList:
    """Take a whole list in: what it lacks is not valid any more, unless it came in meanwhile."""
    began_at = now
    taken: list[Taken] = []
    sent: set[str] = set()
    for chunk in _chunks(entries):
        taken += in_transaction(lambda chunk=chunk: _take(chunk, csp=csp, now=now))  # type: ignore[misc]
        sent.update(":".join(_key_of(one, csp)) for one in chunk)
    ended = in_transaction(lambda: _end_missing(sent, csp=csp, began_at=began_at, now=now))
    return FullList(taken, ended)


def lookup_hashes_of(shown: ShownCredential, environment: str) -> list[str]:
    """The hashes under which what is shown may be listed, the likeliest first."""
    return [
        lookup_hash_of(kind, _digest_of(kind, shown), environment=environment, key=lookup_key())
        for kind in kinds_meant_by(shown.kind)
    ]


def find_entry(shown: ShownCredential, *, csp: Party) -> WhitelistEntry | None:
    """The credential as ``csp`` listed it."""
    hashes = lookup_hashes_of(shown, csp.environment)
    found = {
        one.lookup_hash: one
        for one in WhitelistEntry.objects.filter(csp=csp, lookup_hash__in=hashes)
    }
    return next((found[each] for each in hashes if each in found), None)


def published(entries: Sequence[WhitelistEntry]) -> list[PublishedCredential]:
    """The entries as they were published, opened; of an erased person nothing but its state."""
    contents = identities.opened(entry.identity_hash for entry in entries)
    return [_published(entry, contents.get(entry.identity_hash, {})) for entry in entries]


def changes_after(csp: Party, *, sequence: int, limit: int) -> list[WhitelistEntry]:
    """The newest state of what changed after ``sequence``, in the order of the changes."""
    changed = WhitelistEntry.objects.filter(csp=csp, sequence__gt=sequence)
    return list(changed.order_by("sequence")[:limit])


def _published(entry: WhitelistEntry, content: dict[str, Any]) -> PublishedCredential:
    return PublishedCredential(
        shown=ShownCredential(
            kind=entry.kind,  # type: ignore[arg-type]
            uid=content.get("uid", ""),
            uid_sha256=content.get("uid_sha256", ""),
            contract_id=content.get("contract_id", ""),
        ),
        wire_kind=entry.wire_kind,
        is_valid=entry.is_valid,
        offline_policy=entry.offline_policy,  # type: ignore[arg-type]
        group_id=content.get("group_id", ""),
        ends_at=entry.ends_at,
        updated_at=entry.updated_at,
        personal=content.get("personal", {}),
        document_format=content.get("document_format", ""),
    )


def _chunks(entries: Iterable[PublishedCredential]) -> Iterator[list[PublishedCredential]]:
    iterator = iter(entries)
    while chunk := list(islice(iterator, CHUNK_ROWS)):
        yield chunk


def _take(chunk: list[PublishedCredential], *, csp: Party, now: datetime) -> list[Taken]:
    last = _lock(csp)
    ids = uuid7s_at(now, len(chunk))
    rows = {
        _key_of(entry, csp): _row(entry, csp=csp, id=id)
        for entry, id in zip(chunk, ids, strict=True)
    }
    told = {_key_of(entry, csp): entry for entry in chunk}
    identities.seal(
        [
            Identity(rows[key]["pseudonym"], content)
            for key, entry in told.items()
            if (content := _content_of(entry))
        ],
        csp_id=csp.pk,
        now=now,
    )
    taken = _upsert(list(rows.values()), csp=csp, last=last, now=now)
    changed = [key for key, one in taken.items() if one.outcome in ("created", "updated")]
    _move_counter(csp, by=len(changed))
    follow_contracts({rows[key]["contract_hash"] for key in changed}, csp=csp, now=now)
    _tell_csos([taken[key].entry_id for key in changed], csp=csp, now=now)
    return [taken[_key_of(entry, csp)] for entry in chunk]


def _upsert(
    rows: list[dict[str, Any]], *, csp: Party, last: int, now: datetime
) -> dict[tuple[str, str], Taken]:
    with connection.cursor() as cursor:
        cursor.execute(
            load_statement(_SQL / "whitelist_upsert.sql"),
            {
                "csp_id": csp.pk,
                "environment": csp.environment,
                "now": now,
                "last_sequence": last,
                "rows": msgspec.json.encode(rows).decode(),
            },
        )
        return {
            (kind, lookup_hash): Taken(entry_id, outcome)
            for kind, lookup_hash, entry_id, outcome in cursor.fetchall()
        }


def follow_contracts(hashes: set[str], *, csp: Party, now: datetime) -> None:
    """Let the registry of contracts say of these what the list says."""
    contracts = sorted(hashes - {""})
    if not contracts:
        return
    rows = [{"id": uuid7_at(now), "contract_hash": each} for each in contracts]
    parameters: dict[str, Any] = {
        "csp_id": csp.pk,
        "beginning": BEGINNING,
        "rows": msgspec.json.encode(rows).decode(),
    }
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL / "whitelist_contracts.sql"), parameters)


def _end_missing(sent: set[str], *, csp: Party, began_at: datetime, now: datetime) -> int:
    last = _lock(csp)
    with connection.cursor() as cursor:
        cursor.execute(
            load_statement(_SQL / "whitelist_drop_missing.sql"),
            {
                "csp_id": csp.pk,
                "now": now,
                "began_at": began_at,
                "last_sequence": last,
                "sent": msgspec.json.encode(sorted(sent)).decode(),
            },
        )
        ended = cursor.fetchall()
    _move_counter(csp, by=len(ended))
    follow_contracts({contract_hash for _, contract_hash in ended}, csp=csp, now=now)
    _tell_csos([entry_id for entry_id, _ in ended], csp=csp, now=now)
    WhitelistCounter.objects.filter(csp=csp).update(complete_at=now)
    return len(ended)


def _tell_csos(entry_ids: Sequence[UUID], *, csp: Party, now: datetime) -> None:
    """Have what changed pushed to the CSOs that take it; in the transaction that changed it."""
    if not entry_ids:
        return
    parameters: dict[str, Any] = {"csp_id": csp.pk, "environment": csp.environment, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL / "csos_to_tell.sql"), parameters)
        endpoints = [endpoint_id for (endpoint_id,) in cursor.fetchall()]
    pushes.want_all(ObjectPush.Kind.CREDENTIAL, entry_ids, endpoints, now=now)


def _lock(csp: Party) -> int:
    """Lock the CSP's list until the transaction ends; return the number of its last change."""
    WhitelistCounter.objects.bulk_create([WhitelistCounter(csp=csp)], ignore_conflicts=True)
    return WhitelistCounter.objects.select_for_update().get(csp=csp).last_sequence


def _move_counter(csp: Party, *, by: int) -> None:
    if by:
        WhitelistCounter.objects.filter(csp=csp).update(last_sequence=F("last_sequence") + by)


def _key_of(entry: PublishedCredential, csp: Party) -> tuple[str, str]:
    kind = entry.shown.kind
    digest = _digest_of(kind, entry.shown)
    return kind, lookup_hash_of(kind, digest, environment=csp.environment, key=lookup_key())


def _digest_of(kind: str, shown: ShownCredential) -> str:
    if shown.uid:
        return digest_of(kind, shown.uid)
    digest = shown.uid_sha256.lower()
    if not SHA256.fullmatch(digest):
        raise NothingShown("uid, or uid_sha256 as 64 hex digits, is needed")
    return digest


def _row(entry: PublishedCredential, *, csp: Party, id: UUID) -> dict[str, Any]:
    kind, lookup_hash = _key_of(entry, csp)
    contract = pseudonym_of_shown(entry.shown, csp_id=csp.pk)
    content = _content_of(entry)
    return {
        "id": id,
        "kind": kind,
        "wire_kind": entry.wire_kind,
        "lookup_hash": lookup_hash,
        "contract_hash": contract.contract_hash if _has_contract(entry.shown) else "",
        "pseudonym": contract.shown,
        "group_hash": group_hash_of(entry.group_id, csp_id=csp.pk) if entry.group_id else "",
        "identity_hash": identities.hash_of(content, csp_id=csp.pk) if content else "",
        "is_valid": entry.is_valid,
        "offline_policy": entry.offline_policy,
        "ends_at": entry.ends_at,
        "updated_at": entry.updated_at,
    }


def pseudonym_of_shown(shown: ShownCredential, *, csp_id: UUID | None):
    """As intake does it from contract or credential id; of a hash alone a pseudonym of its own."""
    stated = shown.contract_id or shown.uid or f"sha256:{shown.uid_sha256.lower()}"
    return pseudonym_of_contract(stated, csp_id)


def whose(shown: ShownCredential, *, csp_id: UUID | None, contract_id: str = "") -> Whose:
    """Of what is shown, or of the contract that was told with it."""
    told = msgspec.structs.replace(shown, contract_id=contract_id) if contract_id else shown
    contract = pseudonym_of_shown(told, csp_id=csp_id)
    return Whose(contract.shown, contract.contract_hash if _has_contract(told) else "")


def _has_contract(shown: ShownCredential) -> bool:
    return bool(shown.contract_id or shown.uid)


def group_hash_of(group_id: str, *, csp_id: UUID) -> str:
    """Credentials of one group may end each other's sessions (OCPI: group_id)."""
    message = b"group:" + group_id.strip().upper().encode()
    return hmac.digest(csp_key_of(csp_id), message, hashlib.sha256).hex()


def _content_of(entry: PublishedCredential) -> dict[str, Any]:
    """What is sealed: all that says who it is. Empty where only a hash was published."""
    shown = entry.shown
    told = {
        "uid": shown.uid,
        "uid_sha256": "" if shown.uid else shown.uid_sha256.lower(),
        "contract_id": shown.contract_id,
        "group_id": entry.group_id,
        "personal": entry.personal,
    }
    content = {name: value for name, value in told.items() if value}
    return content | {"document_format": entry.document_format} if content else {}
