"""Does this signature over these bytes fit this key? ECDSA alone; signed by meters, never by us."""

import hashlib
from functools import cache

import ecdsa
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)

from roaming.rules.signed.keys import PublicKey
from roaming.rules.signed.reading import Verdict

HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "SHA256": hashes.SHA256,
    "SHA384": hashes.SHA384,
    "SHA512": hashes.SHA512,
}
FITS = "the signature fits the key"


def judge(
    key: PublicKey, signature: bytes, message: bytes, *, hash_name: str = "SHA256"
) -> tuple[Verdict, str]:
    """The message is hashed as it came. Longer hashes are cut to the curve, as ECDSA says."""
    pair = _numbers(signature, key.curve.size_bytes)
    if pair is None:
        return "invalid", f"the signature is neither DER nor two numbers of {key.curve.name}"
    digest = hashlib.new(hash_name.lower(), message).digest()
    try:
        fits = _fits(key, pair, digest, HASHES[hash_name]())
    except UnsupportedAlgorithm:
        return "unsupported", f"{key.curve.name} is not in this machine's library"
    except ValueError:
        return "no_key", f"the public key is no point of {key.curve.name}"
    return ("valid", FITS) if fits else ("invalid", "the signature does not fit the key")


def _numbers(signature: bytes, size_bytes: int) -> tuple[int, int] | None:
    """(r, s) of a DER signature, else of two numbers side by side; both in the curve's range."""
    try:
        r, s = decode_dss_signature(signature)
    except ValueError:
        if len(signature) != 2 * size_bytes:
            return None
        r = int.from_bytes(signature[:size_bytes])
        s = int.from_bytes(signature[size_bytes:])
    in_range = min(r, s) > 0 and max(r, s).bit_length() <= 8 * size_bytes
    return (r, s) if in_range else None


def _fits(
    key: PublicKey, pair: tuple[int, int], digest: bytes, algorithm: hashes.HashAlgorithm
) -> bool:
    if key.curve.group is None:
        return _fits_secp192k1(key, pair, digest)
    public = ec.EllipticCurvePublicKey.from_encoded_point(key.curve.group(), key.point)
    try:
        public.verify(encode_dss_signature(*pair), digest, ec.ECDSA(Prehashed(algorithm)))
    except InvalidSignature:
        return False
    return True


def _fits_secp192k1(key: PublicKey, pair: tuple[int, int], digest: bytes) -> bool:
    try:
        public = ecdsa.VerifyingKey.from_string(key.point, curve=secp192k1())
    except ecdsa.errors.MalformedPointError as error:
        raise ValueError(str(error)) from error
    try:
        return bool(
            public.verify_digest(pair, digest, sigdecode=lambda p, _: p, allow_truncate=True)
        )
    except ecdsa.BadSignatureError:
        return False


@cache
def secp192k1() -> ecdsa.curves.Curve:
    """The constants of SEC 2, section 2.2.1."""
    field = ecdsa.ellipticcurve.CurveFp(2**192 - 2**32 - 4553, 0, 3, 1)
    generator = ecdsa.ellipticcurve.PointJacobi(
        field,
        0xDB4FF10EC057E9AE26B07D0280B7F4341DA5D1B1EAE06C7D,
        0x9B2F2F6D9C5628A7844163D015BE86344082AA88D95E2F9D,
        1,
        0xFFFFFFFFFFFFFFFFFFFFFFFE26F2FC170F69466A74DEFD8D,
        generator=True,
    )
    return ecdsa.curves.Curve("SECP192k1", field, generator, (1, 3, 132, 0, 31))
