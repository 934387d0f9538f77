"""A signed receipt: a compact JWS (RFC 7515) with EdDSA over Ed25519 (RFC 8037).

Pure: keys and claims in, text out. ``kid`` is the key's thumbprint after RFC 7638.
"""

import base64
import hashlib
import json
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

TYPE = "batch-receipt+jws"


class ReceiptInvalid(Exception):
    """The text is no receipt of ours; the message says why."""


def public_jwk(raw_public_key: bytes) -> dict[str, str]:
    """The public key as a JWK, with its thumbprint as ``kid``."""
    key = {"crv": "Ed25519", "kty": "OKP", "x": _encode(raw_public_key)}
    thumbprint = hashlib.sha256(json.dumps(key, separators=(",", ":")).encode()).digest()
    return key | {"kid": _encode(thumbprint), "alg": "EdDSA", "use": "sig"}


def sign(claims: Mapping[str, object], private_key: Ed25519PrivateKey, *, kind: str = TYPE) -> str:
    """The claims as a compact JWS; ``kind`` is its ``typ``: one kind never passes for another."""
    jwk = public_jwk(private_key.public_key().public_bytes_raw())
    header = {"alg": "EdDSA", "kid": jwk["kid"], "typ": kind}
    signed = f"{_encode(_json(header))}.{_encode(_json(claims))}"
    return f"{signed}.{_encode(private_key.sign(signed.encode()))}"


def verify(
    receipt: str, keys: Mapping[str, Mapping[str, str]], *, kind: str = TYPE
) -> dict[str, object]:
    """The claims of a receipt, or of another ``kind``, signed with one of ``keys`` (by ``kid``).

    :raises ReceiptInvalid: no receipt, an unknown key or algorithm, or not signed by it.
    """
    try:
        header_part, claims_part, signature_part = receipt.strip().split(".")
        header = json.loads(_decode(header_part))
        signature = _decode(signature_part)
    except ValueError as error:
        raise ReceiptInvalid("this is no compact JWS") from error
    if not isinstance(header, dict) or header.get("alg") != "EdDSA" or header.get("typ") != kind:
        said = kind.removesuffix("+jws").replace("-", " ")
        raise ReceiptInvalid(f"this is no {said} signed with EdDSA")
    key = keys.get(str(header.get("kid")))
    if key is None:
        raise ReceiptInvalid(f"the key {header.get('kid')} is none of those published")
    try:
        public_key = Ed25519PublicKey.from_public_bytes(_decode(key["x"]))
        public_key.verify(signature, f"{header_part}.{claims_part}".encode())
    except (InvalidSignature, ValueError) as error:
        raise ReceiptInvalid("the signature does not fit") from error
    claims: dict[str, object] = json.loads(_decode(claims_part))
    return claims


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
