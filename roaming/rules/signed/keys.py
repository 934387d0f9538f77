"""Public keys of meters: hex, base64 or PEM of a DER key, or the bare point, blanks allowed.

A DER key of a named curve is a fixed header and the point. The headers are built here from the
curves' object ids, so one table reads every curve, secp192k1 among them.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec

LONGEST_KEY_CHARACTERS = 4096
DEFAULT_CURVE = "secp256r1"
HEX = re.compile(r"[0-9A-Fa-f]+")

EC_PUBLIC_KEY = bytes.fromhex("06072a8648ce3d0201")
RSA_ENCRYPTION = bytes.fromhex("06092a864886f70d010101")


class UnreadableKey(Exception):
    """The text is no public key that can verify."""


class UnknownKeyKind(Exception):
    """A public key, of a kind that nothing here verifies."""


@dataclass(frozen=True, slots=True)
class Curve:
    """``group`` is None where `cryptography` lacks the curve."""

    name: str
    object_id: bytes
    size_bytes: int
    group: type[ec.EllipticCurve] | None


CURVES = {
    curve.name: curve
    for curve in (
        Curve("secp192k1", bytes.fromhex("2b8104001f"), 24, None),
        Curve("secp192r1", bytes.fromhex("2a8648ce3d030101"), 24, ec.SECP192R1),
        Curve("secp224r1", bytes.fromhex("2b81040021"), 28, ec.SECP224R1),
        Curve("secp256k1", bytes.fromhex("2b8104000a"), 32, ec.SECP256K1),
        Curve("secp256r1", bytes.fromhex("2a8648ce3d030107"), 32, ec.SECP256R1),
        Curve("secp384r1", bytes.fromhex("2b81040022"), 48, ec.SECP384R1),
        Curve("secp521r1", bytes.fromhex("2b81040023"), 66, ec.SECP521R1),
        Curve("brainpoolp256r1", bytes.fromhex("2b2403030208010107"), 32, ec.BrainpoolP256R1),
        Curve("brainpoolp384r1", bytes.fromhex("2b240303020801010b"), 48, ec.BrainpoolP384R1),
        Curve("brainpoolp512r1", bytes.fromhex("2b240303020801010d"), 64, ec.BrainpoolP512R1),
    )
}
OTHER_NAMES = {"prime192v1": "secp192r1", "prime256v1": "secp256r1"}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """``point`` begins with 04 (both coordinates), or 02 or 03 (compressed)."""

    curve: Curve
    point: bytes

    @property
    def der_hex(self) -> str:
        return (_header(self.curve, len(self.point)) + self.point).hex()


def curve_named(name: str) -> Curve | None:
    """By the name in a record; the OCMF text writes brainpool256r1 for brainpoolP256r1."""
    plain = name.strip().lower().replace("brainpoolp", "brainpool").replace("_", "")
    plain = OTHER_NAMES.get(plain, plain).replace("brainpool", "brainpoolp")
    return CURVES.get(plain)


def read_public_key(text: str, *, curve: Curve | None = None) -> PublicKey:
    """The curve of a DER key is its own; a bare point is taken to lie on the given one."""
    content = _bytes_of(text)
    for known in CURVES.values():
        for length in (2 * known.size_bytes + 1, known.size_bytes + 1):
            if content[:-length] == _header(known, length) and len(content) > length:
                return _checked(known, content[-length:])
    if RSA_ENCRYPTION in content[:40]:
        raise UnknownKeyKind("an RSA key; only elliptic curves are verified")
    if curve is None:
        raise UnreadableKey("the public key names no curve")
    if len(content) == 2 * curve.size_bytes:
        content = b"\x04" + content
    return _checked(curve, content)


def _checked(curve: Curve, point: bytes) -> PublicKey:
    forms = {2 * curve.size_bytes + 1: b"\x04", curve.size_bytes + 1: b"\x02\x03"}
    if point[:1] not in {bytes([form]) for form in forms.get(len(point), b"")}:
        raise UnreadableKey(f"the public key is no point of {curve.name}")
    return PublicKey(curve, point)


def _bytes_of(text: str) -> bytes:
    if len(text) > LONGEST_KEY_CHARACTERS:
        raise UnreadableKey("the public key is too long to be one")
    plain = re.sub(r"-----[A-Z ]+-----|[\s:]", "", text)
    plain = plain.removeprefix("0x")
    content = decoded(plain)
    if not content:
        raise UnreadableKey("the public key is neither hex nor base64")
    return content


def decoded(text: str, *, prefer_base64: bool = False) -> bytes | None:
    """Hex or base64; None where the text is neither. Blanks do not count."""
    plain = "".join(text.split())
    for decode in (_base64, _hex) if prefer_base64 else (_hex, _base64):
        content = decode(plain)
        if content is not None:
            return content
    return None


def _hex(text: str) -> bytes | None:
    return bytes.fromhex(text) if len(text) % 2 == 0 and HEX.fullmatch(text) else None


def _base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True) or None
    except (binascii.Error, ValueError):
        return None


@cache
def _header(curve: Curve, point_length: int) -> bytes:
    """SEQUENCE { SEQUENCE { id-ecPublicKey, curve }, BIT STRING { point } } up to the point."""
    kind = _tagged(0x30, EC_PUBLIC_KEY + _tagged(0x06, curve.object_id))
    bits = _tagged(0x03, b"\x00", more_bytes=point_length)
    return _tagged(0x30, kind + bits, more_bytes=point_length)


def _tagged(tag: int, content: bytes, *, more_bytes: int = 0) -> bytes:
    length = len(content) + more_bytes
    return bytes([tag, length] if length < 128 else [tag, 0x81, length]) + content
