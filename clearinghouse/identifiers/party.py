"""Read party codes: the two-letter country and the three-character id of one role of a partner."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

# ISO 3166-1 leaves these to private use; they are no country, so nobody can issue an id under
# them for roaming (ISO 15118-20, annex C).
_USER_ASSIGNED = re.compile(r"AA|Q[M-Z]|X[A-Z]|ZZ")

_PARTY_CODE = re.compile(r"([A-Z]{2})[* -]?([A-Z0-9]{3})")


class MalformedIdentifier(ValueError):
    """An identifier that cannot be read; ``code`` is for machines, the text tells what to do."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class MalformedPartyCode(MalformedIdentifier):
    """A party code that cannot be read."""


class PartyCode(NamedTuple):
    """Country and party id; equal for every spelling of one party."""

    country: str
    party_id: str

    @property
    def normal(self) -> str:
        """Write the code with its separator: ``DE*NLX``."""
        return f"{self.country}*{self.party_id}"


@lru_cache(maxsize=4096)
def parse_party_code(text: str) -> PartyCode:
    """Read ``DE*NLX``, ``DE-NLX``, ``de nlx`` or ``DENLX``.

    :raises MalformedPartyCode: ``malformed`` or ``reserved_country``.
    """
    match = _PARTY_CODE.fullmatch(upper_ascii(text))
    if match is None:
        raise MalformedPartyCode(
            "malformed",
            f"{shortened(text)} is not a party code. Send two letters for the country and three "
            "letters or digits for the party, as in DE*NLX.",
        )
    country, party_id = match.groups()
    if is_user_assigned(country):
        raise MalformedPartyCode("reserved_country", reserved_country_text(country))
    return PartyCode(country, party_id)


def is_user_assigned(country: str) -> bool:
    """Tell whether ISO 3166-1 leaves the upper-case code to private use."""
    return _USER_ASSIGNED.fullmatch(country) is not None


def reserved_country_text(country: str) -> str:
    """Explain the refusal of a code that is no country."""
    return (
        f"{country} is not a country: ISO 3166-1 reserves it for private use. "
        "Send the code of the country whose office issued the id."
    )


def upper_ascii(text: str) -> str:
    """Strip and raise to upper case; leave other scripts as they are, so that no pattern fits.

    ``str.upper`` turns some letters (long s, sharp s, dotless i) into ASCII ones, and two
    different ids must not become one.
    """
    return text.strip().upper() if text.isascii() else text.strip()


def shortened(text: str) -> str:
    """Quote an id for a message, at most 60 characters of it."""
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
