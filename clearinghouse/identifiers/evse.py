"""Read EVSE ids in the forms of ISO 15118-2 / eMI3, IEC 63119-2 / OCPP and DIN SPEC 91286.

The normal form is upper case with ``*`` after country and operator: ``DE*8AA*E1234*5``.
It is unique because country, operator and type letter have fixed lengths and places, so the
separators around them carry nothing and are always written, or never (behind the type letter).
A separator *inside* the outlet is kept: ``E1*23`` and ``E12*3`` may be two outlets, and charging
the wrong one is worse than knowing one outlet by two names. There ``-`` and space become ``*``,
one for one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from clearinghouse.identifiers.dialing_codes import COUNTRY_BY_DIALING_CODE
from clearinghouse.identifiers.party import (
    MalformedIdentifier,
    is_user_assigned,
    reserved_country_text,
    shortened,
    upper_ascii,
)

# ISO 15118-20 allows 255 characters; the grammar of ISO 15118-2 stops at 31 for the outlet.
LONGEST_EVSE_ID = 255
LONGEST_ISO_OUTLET = 31

_ISO = re.compile(r"([A-Z]{2})[* -]?([A-Z0-9]{3})[* -]?E([* -]?)([A-Z0-9][A-Z0-9* -]*)")
_DIN = re.compile(r"\+?([0-9]{1,3})[* -]([0-9]{3})[* -]([0-9][0-9* -]*)")
_OTHER_TYPE = re.compile(r"[A-Z]{2}[* -]?[A-Z0-9]{3}[* -]?([SP])[A-Z0-9* -]+")
_NO_ID_AVAILABLE = re.compile(r"ZZ[* -]?0{3}[* -]?0{2}")
_TO_STAR = str.maketrans("- ", "**")


class EvseIdForm(StrEnum):
    """The narrowest grammar an id fits, apart from its case and its choice of separator."""

    ISO = "ISO"  # ISO 15118-2 annex H, the same as eMI3
    OPEN = "OPEN"  # as OCPP writes it: a separator after the type letter, or a longer outlet
    DIN = "DIN"  # DIN SPEC 91286, mapped to ISO


class MalformedEvseId(MalformedIdentifier):
    """An EVSE id that cannot be read."""


@dataclass(frozen=True, slots=True)
class EvseId:
    """One EVSE. ``outlet`` is what follows the type letter E; there is no check digit."""

    country: str
    operator_id: str
    outlet: str
    form: EvseIdForm

    @property
    def normal(self) -> str:
        """Write the normal form: ``DE*8AA*E1234*5``."""
        return f"{self.country}*{self.operator_id}*E{self.outlet}"

    @property
    def party_code(self) -> str:
        """Name the operating party: ``DE*8AA``."""
        return f"{self.country}*{self.operator_id}"


@lru_cache(maxsize=16384)
def parse_evse_id(text: str) -> EvseId:
    """Read an EVSE id of up to 255 characters.

    ``+49*823*1234*5678`` becomes ``DE*823*E1234*5678`` (mapping of OCHP).

    :raises MalformedEvseId: ``too_long``, ``no_id_available``, ``not_an_evse``,
        ``unknown_dialing_code``, ``reserved_country`` or ``malformed``.
    """
    if len(text) > LONGEST_EVSE_ID:
        raise MalformedEvseId(
            "too_long",
            f"The EVSE id has {len(text)} characters. Send at most {LONGEST_EVSE_ID}.",
        )
    upper = upper_ascii(text)
    match = _ISO.fullmatch(upper)
    if match is None:
        return _from_din(upper, received=text)
    country, operator_id, after_type, outlet = match.groups()
    if is_user_assigned(country):
        raise MalformedEvseId("reserved_country", reserved_country_text(country))
    is_iso = not after_type and len(outlet) <= LONGEST_ISO_OUTLET
    form = EvseIdForm.ISO if is_iso else EvseIdForm.OPEN
    return EvseId(country, operator_id, outlet.translate(_TO_STAR), form)


def _from_din(upper: str, *, received: str) -> EvseId:
    match = _DIN.fullmatch(upper)
    if match is None:
        raise _refusal(upper, received=received)
    dialing_code, operator_id, outlet = match.groups()
    country = COUNTRY_BY_DIALING_CODE.get(dialing_code)
    if country is None:
        raise MalformedEvseId(
            "unknown_dialing_code",
            f"+{dialing_code} does not name one country. "
            "Send the EVSE id with a country code of two letters, as in DE*823*E1234*5678.",
        )
    return EvseId(country, operator_id, outlet.translate(_TO_STAR), EvseIdForm.DIN)


def _refusal(upper: str, *, received: str) -> MalformedEvseId:
    if _NO_ID_AVAILABLE.fullmatch(upper):
        return MalformedEvseId(
            "no_id_available",
            "ZZ00000 means that the station knows no EVSE id. "
            "Configure the id in the station, and send it.",
        )
    if other_type := _OTHER_TYPE.fullmatch(upper):
        kind = "a station" if other_type[1] == "S" else "a pool of stations"
        return MalformedEvseId(
            "not_an_evse",
            f"{shortened(received)} names {kind} (type letter {other_type[1]}), not an EVSE. "
            "Send the id of the EVSE, with type letter E.",
        )
    return MalformedEvseId(
        "malformed",
        f"{shortened(received)} is not an EVSE id. Send country, operator, the type letter E and "
        "the outlet as letters and digits, as in DE*8AA*E1234*5.",
    )
