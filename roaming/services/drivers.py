"""Who drives, sealed: a driver's credential lies in ContractIdentity and nowhere else.

What refers to it holds a hash keyed for the CSP; once the identity is erased, nobody can tell any
more who it was.
"""

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.conf import settings

from clearinghouse.sealing import Sealer
from clearinghouse.uuid7 import uuid7_at
from roaming.intake.normal import pseudonym_of_contract
from roaming.messages.authorizations import ShownCredential
from roaming.models import ContractIdentity
from roaming.rules.rating.stored import ExactEncoder, exact_json

_PURPOSE = "driver"


class KnownDriver(NamedTuple):
    """What may be stored of a driver beside the sealed identity."""

    kind: str = ""
    pseudonym: str = ""
    contract_hash: str = ""
    identity_hash: str = ""


class OpenedDriver(NamedTuple):
    """A driver in the clear; ``document`` is what else was said, in the sender's own words."""

    shown: ShownCredential
    document: dict[str, Any]


def known_as(shown: ShownCredential | None, csp_id: UUID | None) -> KnownDriver:
    """The driver's names that may be stored; pure, nothing is sealed."""
    if shown is None:
        return KnownDriver()
    stated = shown.contract_id or shown.uid or shown.uid_sha256
    if not stated:
        return KnownDriver(kind=shown.kind)
    contract = pseudonym_of_contract(stated, csp_id)
    return KnownDriver(shown.kind, contract.shown, contract.contract_hash)


def seal(
    shown: ShownCredential | None, document: dict[str, Any], *, csp_id: UUID | None, now: datetime
) -> KnownDriver:
    """Keep the driver sealed; the same driver of the same CSP is kept once."""
    known = known_as(shown, csp_id)
    if shown is None or not known.contract_hash:
        return known
    text = _encode({"shown": msgspec.to_builtins(shown), "document": document})
    key = settings.PSEUDONYM_KEY.encode()
    told = f"driver:{csp_id or ''}:".encode() + text
    identity_hash = hmac.digest(key, told, hashlib.sha256).hex()
    row = ContractIdentity(
        id=uuid7_at(now),
        csp_id=csp_id,
        contract_hash=identity_hash,
        pseudonym=known.pseudonym,
        encrypted_contract_id=_sealer().seal(text),
        first_seen_at=now,
    )
    ContractIdentity.objects.bulk_create([row], ignore_conflicts=True)
    return known._replace(identity_hash=identity_hash)


def open_many(identity_hashes: set[str]) -> dict[str, OpenedDriver]:
    """The drivers behind hashes, in one query; an erased one is missing."""
    rows = ContractIdentity.objects.filter(contract_hash__in=identity_hashes - {""})
    sealer = _sealer()
    found = {}
    for contract_hash, sealed in rows.values_list("contract_hash", "encrypted_contract_id"):
        told = exact_json(sealer.open(bytes(sealed)))
        shown = msgspec.convert(told["shown"], ShownCredential)
        found[contract_hash] = OpenedDriver(shown, told["document"])
    return found


def open_one(identity_hash: str) -> OpenedDriver | None:
    return open_many({identity_hash}).get(identity_hash)


def _encode(told: dict[str, Any]) -> bytes:
    return json.dumps(told, cls=ExactEncoder).encode()


def _sealer() -> Sealer:
    return Sealer(settings.PERSONAL_DATA_KEY, purpose=_PURPOSE)
