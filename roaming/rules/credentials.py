"""How credentials are compared: one normal form each, and the hash under which they are known.

A card's number is read in several ways (OICP demands 8, 14 or 20 hex digits, OCHP forbids filling,
readers drop leading zeros): upper case, no separators, zeros in front up to 8, 14 or 20 digits.
"""

import hashlib
import hmac
import re

from clearinghouse.identifiers import MalformedContractId, parse_contract_id

_SEPARATORS = re.compile(r"[\s:\-]")
_HEX = re.compile(r"[0-9A-F]+")
_CARD_DIGITS = (8, 14, 20)
SHA256 = re.compile(r"[0-9a-f]{64}")
# A 2.1.1 partner knows cards and others only: what it calls OTHER may be any of these.
_OTHERS = ("OTHER", "APP", "USER_NAME", "CERTIFICATE", "AD_HOC")


def normal_uid(kind: str, uid: str) -> str:
    """``uid`` as it is compared; what was sent is kept beside it for whoever it is passed to."""
    text = uid.strip().upper()
    if kind == "RFID":
        return _normal_card(text)
    if kind == "CERTIFICATE":
        try:
            return parse_contract_id(text).normal
        except MalformedContractId:
            return _SEPARATORS.sub("", text)
    return text


def _normal_card(text: str) -> str:
    digits = _SEPARATORS.sub("", text)
    if not _HEX.fullmatch(digits):
        return digits
    for length in _CARD_DIGITS:
        if len(digits) <= length:
            return digits.zfill(length)
    return digits


def digest_of(kind: str, uid: str) -> str:
    """SHA-256 of the normal form, as a CSP publishes it that will not tell the card's number."""
    return hashlib.sha256(normal_uid(kind, uid).encode()).hexdigest()


def lookup_hash_of(kind: str, digest: str, *, environment: str, key: bytes) -> str:
    """The keyed hash under which a credential is listed: its digest alone can be guessed."""
    message = f"credential:{environment}:{kind}:{digest}".encode()
    return hmac.digest(key, message, hashlib.sha256).hex()


def kinds_meant_by(kind: str) -> tuple[str, ...]:
    """The kinds that a question about ``kind`` may be about, the first before the others."""
    return _OTHERS if kind == "OTHER" else (kind,)
