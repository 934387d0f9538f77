"""OCMF: ``OCMF|{payload}|{signature}``. The signature is over the payload's text as it came.

The payload is parsed only to be told; what is verified is never written anew. Bars cannot occur
inside a section, so the first two cut the record.
"""

import hashlib
import re
from typing import Any

from roaming.rules.signed.json_text import NotJson, read_object
from roaming.rules.signed.keys import (
    DEFAULT_CURVE,
    Curve,
    UnknownKeyKind,
    UnreadableKey,
    curve_named,
    decoded,
    read_public_key,
)
from roaming.rules.signed.ocmf_facts import facts_of
from roaming.rules.signed.reading import SignedReading, Verdict
from roaming.rules.signed.verdict import HASHES, judge

FORMAT = "OCMF"
DEFAULT_ALGORITHM = f"ECDSA-{DEFAULT_CURVE}-SHA256"


def read_ocmf(text: str, public_key: str) -> SignedReading:
    sections = text.split("|", 2)
    if len(sections) < 3:
        return SignedReading(format=FORMAT, verdict="invalid", reason="a section is missing")
    try:
        payload = read_object(sections[1])
    except NotJson as error:
        return SignedReading(format=FORMAT, verdict="invalid", reason=f"the payload {error}")
    facts, doubts = facts_of(payload)
    checked = _check(sections[1], sections[2], public_key)
    checked["reason"] = "; ".join([checked["reason"], *doubts])
    return SignedReading(format=FORMAT, **facts, **checked)


def _check(payload: str, section: str, public_key: str) -> dict[str, Any]:
    """Verdict and reason, with the key and the signature's hash as far as they could be read."""
    try:
        told = read_object(section)
    except NotJson as error:
        return _judged("invalid", f"the signature section {error}")
    curve, hash_name = _algorithm(told.get("SA", DEFAULT_ALGORITHM))
    if curve is None:
        return _judged("unsupported", "the signature's algorithm is not known here")
    text = told.get("SD")
    in_base64 = told.get("SE") == "base64"
    signature = decoded(text, prefer_base64=in_base64) if isinstance(text, str) else None
    if signature is None:
        return _judged("invalid", "the signature is neither hex nor base64")
    seen = {"signature_sha256": hashlib.sha256(signature).hexdigest()}
    if not public_key.strip():
        return seen | _judged("no_key", "no public key was given, and none is in the container")
    try:
        key = read_public_key(public_key, curve=curve)
    except UnreadableKey as error:
        return seen | _judged("no_key", str(error))
    except UnknownKeyKind as error:
        return seen | _judged("unsupported", str(error))
    seen["public_key_hex"] = key.der_hex
    if key.curve != curve:
        return seen | _judged("invalid", f"signed on {curve.name}, the key is {key.curve.name}")
    message = payload.encode("utf-8", "surrogatepass")
    return seen | _judged(*judge(key, signature, message, hash_name=hash_name))


def _judged(verdict: Verdict, reason: str) -> dict[str, Any]:
    return {"verdict": verdict, "reason": reason}


def _algorithm(name: object) -> tuple[Curve | None, str]:
    """``ECDSA-<curve>-<hash>``."""
    if not isinstance(name, str):
        return None, ""
    parts = re.fullmatch(r"ECDSA-(\w{1,30})-(SHA\d{3})", name.strip(), re.ASCII | re.IGNORECASE)
    if parts is None or parts[2].upper() not in HASHES:
        return None, ""
    return curve_named(parts[1]), parts[2].upper()
