"""Pseudonyms of contract ids: keyed per CSP, so that no two CSPs can compare their drivers.

Source: clearing specification §8, HMAC-SHA256(key per CSP, contract id), 16 hex digits shown.
"""

import hashlib
import hmac
from functools import lru_cache
from typing import NamedTuple


class Pseudonym(NamedTuple):
    """``contract_hash`` finds the identity again (64 hex digits); ``shown`` is its short form."""

    contract_hash: str
    shown: str


@lru_cache(maxsize=4096)
def key_for_csp(master_key: bytes, csp_id: str) -> bytes:
    """Derive the CSP's own key; ``csp_id`` is "" while the CSP is not known."""
    return hmac.digest(master_key, b"csp:" + csp_id.encode(), hashlib.sha256)


def pseudonym_of(contract_id: str, *, csp_key: bytes) -> Pseudonym:
    """``contract_id`` in normal form. The same id and key always give the same pseudonym."""
    digest = hmac.digest(csp_key, contract_id.encode(), hashlib.sha256).hex()
    return Pseudonym(digest, digest[:16])
