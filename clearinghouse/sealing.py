"""Encryption of personal data at rest: AES-256-GCM (NIST SP 800-38D), a fresh nonce each time."""

import base64
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class Sealer:
    """Seals and opens bytes with one key; ``purpose`` keeps ciphertexts in their own table."""

    def __init__(self, key_base64: str, *, purpose: str):
        self._cipher = AESGCM(base64.b64decode(key_base64))
        self._purpose = purpose.encode()

    def seal(self, plain: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, self._purpose)

    def open(self, sealed: bytes) -> bytes:
        """:raises cryptography.exceptions.InvalidTag: another key, another purpose, or changed."""
        sealed = bytes(sealed)
        return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], self._purpose)
