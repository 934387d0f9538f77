"""What of a message between systems may be kept: no secret, and no driver by name.

Values that name a driver become short keyed digests, the same value always the same one, so that
staff can follow a driver through the exchanges of thirty days without knowing who it is.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, unquote

import msgspec

LONGEST_BODY = 64 * 1024
HIDDEN = "•••"

_SECRET = frozenset(
    "token access_token refresh_token client_secret secret password authorization api_key"
    " response_url".split()
)
_PERSONAL = frozenset(
    "uid token_uid id_tag contract_id auth_id visual_number issuer group_id driver_id emaid evco_id"
    " license_plate username user_name email phone".split()
)
# An object with one of these is an EVSE: its uid names a socket in the street, nobody's card.
_OF_AN_EVSE = frozenset("evse_id connectors physical_reference floor_level".split())
# For bodies that are cut or are no JSON. The value may be cut off by the end.
_PAIR = re.compile(
    r'"(' + "|".join(sorted(_SECRET | _PERSONAL)) + r')"(\s*:\s*)"((?:[^"\\]|\\.)*)("|\\?$)',
    re.IGNORECASE,
)
_DECODER = msgspec.json.Decoder(float_hook=msgspec.Raw)
# Shorter values stand in a text by chance; so does a company's name.
_SHORTEST_LITERAL = 4
_NO_LITERAL = frozenset({"issuer", "group_id"})
_OF_CREDENTIALS, _VERBS, _LONGEST_CODE = "tokens", frozenset({"authorize"}), 3
# A page of a thousand credentials has no address that names one.
_MOST_FOUND = 20


class Mask:
    """Masks the texts of one exchange; what was found in one is masked in the others too.

    ``secrets`` are hidden wherever they stand, ``private`` values become digests.
    """

    def __init__(self, key: bytes, *, secrets: Iterable[str] = (), private: Iterable[str] = ()):
        self._key = key
        self._secrets = sorted((one for one in secrets if one), key=len, reverse=True)
        self._private = {value: self._digest(value) for value in private if value}
        self._found: dict[str, str] = {}

    def body(self, raw: bytes) -> str:
        """The body as it may be kept, at most 64 kB of it."""
        if not raw:
            return ""
        if len(raw) <= LONGEST_BODY:
            try:
                tree = _DECODER.decode(raw)
                kept = msgspec.json.encode(self._tree(tree)).decode()
                return self.text(kept)[:LONGEST_BODY]
            except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
                pass  # it is kept as the text that it is
        text = raw[:LONGEST_BODY].decode(errors="replace").replace("\0", "\ufffd")
        return self.text(_PAIR.sub(self._pair, text))[:LONGEST_BODY]

    def text(self, text: str) -> str:
        """Any other text, as an address or an error, with what is known to be private masked."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        for value, shown in (self._found | self._private).items():
            if len(value) >= _SHORTEST_LITERAL:
                spellings = "|".join({re.escape(value), re.escape(quote(value, safe=""))})
                text = re.sub(rf"(?<![A-Za-z0-9])(?:{spellings})(?![A-Za-z0-9])", shown, text)
        return text.replace("\0", "\ufffd")

    def address(self, url: str) -> str:
        """A URL; credentials are named in paths too (``…/tokens/{uid}/authorize``)."""
        parts = self.text(url).split("/")
        head, _, query = parts[-1].partition("?")
        parts[-1] = head
        start = parts.index(_OF_CREDENTIALS) + 1 if _OF_CREDENTIALS in parts else len(parts)
        masked = [*parts[:start], *(self._segment(part) for part in parts[start:])]
        return "/".join(masked) + (f"?{query}" if query else "")

    def _segment(self, segment: str) -> str:
        """Country and party codes have two or three letters; a masked one stays."""
        is_plain = len(segment) <= _LONGEST_CODE or segment in _VERBS or segment[0] in "~•"
        return segment if is_plain else self._digest(unquote(segment))

    def _tree(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self._tree(one) for one in node]
        if not isinstance(node, dict):
            return node
        is_evse = not _OF_AN_EVSE.isdisjoint(node)
        return {name: self._value(name, value, is_evse) for name, value in node.items()}

    def _value(self, name: str, value: Any, is_evse: bool) -> Any:
        key = name.lower()
        if isinstance(value, str) and value:
            if key in _SECRET:
                self._secrets.append(value)
                return HIDDEN
            if key in _PERSONAL and not (key == "uid" and is_evse):
                return self._personal(key, value)
        return self._tree(value)

    def _pair(self, found: re.Match[str]) -> str:
        name, colon, value, end = found.groups()
        key = name.lower()
        shown = HIDDEN if key in _SECRET else self._personal(key, value)
        return f'"{name}"{colon}"{shown}{end}'

    def _personal(self, key: str, value: str) -> str:
        shown = self._digest(value)
        if key not in _NO_LITERAL and len(self._found) < _MOST_FOUND:
            self._found[value] = shown
        return shown

    def _digest(self, value: str) -> str:
        """Spelled in either case it is the same driver."""
        digest = hmac.digest(self._key, value.strip().upper().encode(), hashlib.sha256).hex()
        return f"~{digest[:10]}"
