"""Who drives a session, sealed (``services.identities``): elsewhere stands a keyed hash alone.

Once the identity is erased, nobody can tell any more who it was.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from roaming.intake.normal import pseudonym_of_contract
from roaming.messages.authorizations import ShownCredential
from roaming.models import ContractIdentity
from roaming.services import identities
from roaming.services.identities import Identity


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
    """The driver's names that may be stored; nothing is sealed."""
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
    content = {"shown": msgspec.to_builtins(shown), "document": document}
    identities.seal([Identity(known.pseudonym, content)], csp_id=csp_id, now=now)
    return known._replace(identity_hash=identities.hash_of(content, csp_id=csp_id))


def sealed(
    shown: ShownCredential, pseudonym: str, *, csp_id: UUID | None, now: datetime
) -> ContractIdentity:
    """The row to keep of a driver that is known under ``pseudonym``; not stored yet."""
    content = {"shown": msgspec.to_builtins(shown), "document": {}}
    return identities.row_of(Identity(pseudonym, content), csp_id=csp_id, now=now)


def open_many(identity_hashes: Iterable[str]) -> dict[str, OpenedDriver]:
    """The drivers behind hashes, in one query; an erased one is missing."""
    return {
        identity_hash: _read(content)
        for identity_hash, content in identities.opened(identity_hashes).items()
    }


def _read(content: dict[str, Any]) -> OpenedDriver:
    """Sealed with a session, or, until its CSO tells of it, as the CSP listed the credential."""
    if "shown" in content:
        shown = msgspec.convert(content["shown"], ShownCredential)
        return OpenedDriver(shown, content.get("document", {}))
    listed = ShownCredential(
        kind="OTHER",
        uid=content.get("uid", ""),
        uid_sha256=content.get("uid_sha256", ""),
        contract_id=content.get("contract_id", ""),
    )
    return OpenedDriver(listed, {})
