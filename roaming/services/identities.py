"""What is known of persons, sealed in ContractIdentity; elsewhere stands a keyed hash of it.

A row is never changed: other content has another hash, and the rows of one person are found by its
pseudonym, so that an erasure takes all of them.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.db import connection

from clearinghouse.sealing import Sealer
from clearinghouse.uuid7 import uuid7_at
from roaming.intake.normal import csp_key_of
from roaming.models import ContractIdentity
from roaming.rules.rating.stored import ExactEncoder, exact_json

_PURPOSE = "contract-identity"
_INSERT = (
    "INSERT INTO roaming_contractidentity (id, csp_id, contract_hash, pseudonym,"
    " encrypted_contract_id, first_seen_at) VALUES (%s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (contract_hash) DO NOTHING"
)


class Identity(NamedTuple):
    """What is to be sealed about one person: JSON-able ``content``, never empty."""

    pseudonym: str
    content: dict[str, Any]


def hash_of(content: Mapping[str, Any], *, csp_id: UUID | None) -> str:
    """The keyed hash under which ``content`` is sealed: the same content has the same one."""
    return _hash_of(_encoded(content), csp_id=csp_id)


def seal(identities: Iterable[Identity], *, csp_id: UUID | None, now: datetime) -> None:
    """Seal what is not sealed yet; in the caller's transaction. ``csp_id`` None: not known."""
    wanted = {}
    for one in identities:
        encoded = _encoded(one.content)
        wanted[_hash_of(encoded, csp_id=csp_id)] = (one.pseudonym, encoded)
    known = ContractIdentity.objects.filter(contract_hash__in=list(wanted))
    for each in known.values_list("contract_hash", flat=True):
        del wanted[each]
    if not wanted:
        return
    sealer = _sealer()
    with connection.cursor() as cursor:
        cursor.executemany(
            _INSERT,
            [
                (uuid7_at(now), csp_id, hashed, pseudonym, sealer.seal(encoded), now)
                for hashed, (pseudonym, encoded) in sorted(wanted.items())
            ],
        )


def row_of(identity: Identity, *, csp_id: UUID | None, now: datetime) -> ContractIdentity:
    """The sealed row of one person, not stored yet; who has the same content has the same hash."""
    encoded = _encoded(identity.content)
    return ContractIdentity(
        id=uuid7_at(now),
        csp_id=csp_id,
        contract_hash=_hash_of(encoded, csp_id=csp_id),
        pseudonym=identity.pseudonym,
        encrypted_contract_id=_sealer().seal(encoded),
        first_seen_at=now,
    )


def opened(hashes: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What was sealed, by its hash; what was erased is missing."""
    wanted = {each for each in hashes if each}
    if not wanted:
        return {}
    sealer = _sealer()
    rows = ContractIdentity.objects.filter(contract_hash__in=wanted)
    found = {}
    for hashed, sealed in rows.values_list("contract_hash", "encrypted_contract_id"):
        try:
            found[hashed] = exact_json(sealer.open(bytes(sealed)))
        except (InvalidTag, ValueError):  # another key sealed it: as good as erased
            continue
    return found


def _encoded(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, cls=ExactEncoder).encode()


def _hash_of(encoded: bytes, *, csp_id: UUID | None) -> str:
    return hmac.digest(csp_key_of(csp_id), b"identity:" + encoded, hashlib.sha256).hex()


def _sealer() -> Sealer:
    return Sealer(settings.PERSONAL_DATA_KEY, purpose=_PURPOSE)
