"""Ids as they are compared: normal forms, and the pseudonym under which a contract is known."""

import base64
from functools import lru_cache
from uuid import UUID

from django.conf import settings

from clearinghouse.identifiers import (
    MalformedContractId,
    MalformedEvseId,
    parse_contract_id,
    parse_evse_id,
)
from roaming.messages import InboundSdr
from roaming.rules.pseudonym import Pseudonym, key_for_csp, pseudonym_of


@lru_cache(maxsize=65_536)
def normal_evse_id(received: str) -> str:
    """The normal form, or "" where the id is missing or malformed."""
    try:
        return parse_evse_id(received).normal if received else ""
    except MalformedEvseId:
        return ""


@lru_cache(maxsize=65_536)
def normal_contract_id(received: str) -> str:
    """The normal form; a contract id that is no EMAID keeps its own spelling."""
    try:
        return parse_contract_id(received).normal
    except MalformedContractId:
        return received.strip()


def pseudonym_for(sdr: InboundSdr, csp_id: UUID | None) -> Pseudonym | None:
    """The pseudonym of the contract or credential id that the record states, if it states one."""
    stated = sdr.contract_id or sdr.credential_id
    return pseudonym_of_contract(stated, csp_id) if stated else None


def pseudonym_of_contract(stated: str, csp_id: UUID | None) -> Pseudonym:
    """The pseudonym of a contract or credential id, keyed for its CSP (None: not known)."""
    return pseudonym_of(normal_contract_id(stated), csp_key=csp_key_of(csp_id))


def csp_key_of(csp_id: UUID | None) -> bytes:
    """The key of what is hashed for one CSP (None: not known)."""
    return key_for_csp(_master_key(settings.PSEUDONYM_KEY), str(csp_id or ""))


def lookup_key() -> bytes:
    """The key of hashes by which shown credentials are looked up, whosever they are."""
    return key_for_csp(_master_key(settings.PSEUDONYM_KEY), "lookup")


@lru_cache(maxsize=4)
def _master_key(encoded: str) -> bytes:
    return base64.b64decode(encoded)
