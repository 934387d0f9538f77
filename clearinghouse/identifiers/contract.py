"""Read contract ids (EMAID, EVCO-ID) in the forms of ISO 15118-2, eMI3 and DIN SPEC 91286.

The normal form is the 15-character compact upper-case id *with* its check digit, whether the
sender wrote one or not: ``DE8AACA2B3C4D5L``. A DIN id has the normal form of the eMI3 id that it
converts to, because both name the same contract. Thus one contract is one string, and its keyed
hash finds the record of the other side. Not unified: the old conversion from DIN with ``00`` in
place of ``C0``, which cannot be told from an ISO id that merely begins with zeros.

A contract id is personal data: no message and no ``repr`` here shows one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from clearinghouse.identifiers.check_digits import din_check_digit, emi3_check_digit
from clearinghouse.identifiers.party import (
    MalformedIdentifier,
    is_user_assigned,
    reserved_country_text,
    upper_ascii,
)

_SEPARATORS = r"[* -]*"
_PARTY = rf"([A-Z]{{2}}){_SEPARATORS}([A-Z0-9]{{3}}){_SEPARATORS}"
# The check digit stands behind the instance, so a separator elsewhere is an error, not noise:
# DE-8AA-A2B3C4D5-L without its hyphens would read as an ISO id without check digit.
_ISO = re.compile(_PARTY + rf"([A-Z0-9]{{9}})(?:{_SEPARATORS}([A-Z0-9]))?")
_DIN = re.compile(_PARTY + rf"([A-Z0-9]{{6}})(?:{_SEPARATORS}([0-9X]))?")
_SEPARATOR = re.compile(r"[* -]")


class ContractIdForm(StrEnum):
    """The grammar a contract id was written in."""

    EMI3 = "EMI3"  # nine characters, of which the first is the type letter C
    ISO = "ISO"  # nine characters
    DIN = "DIN"  # six characters


class MalformedContractId(MalformedIdentifier):
    """A contract id that cannot be read."""


class WrongCheckDigit(MalformedContractId):
    """A contract id whose check digit does not fit; ``expected_check_digit`` would."""

    def __init__(self, *, received: str, expected: str) -> None:
        super().__init__(
            "wrong_check_digit",
            f"The check digit of the contract id is {received}, but {expected} would fit. "
            "Read the id again from the card or the contract; one of its characters is wrong.",
        )
        self.expected_check_digit = expected


@dataclass(frozen=True, slots=True)
class ContractId:
    """One contract, as written by its sender; ``normal`` is the same for every spelling.

    ``check_digit`` is None where none was sent; ``expected_check_digit`` is the one that fits
    ``form``.
    """

    country: str
    provider_id: str
    instance: str = field(repr=False)
    check_digit: str | None = field(repr=False)
    form: ContractIdForm
    expected_check_digit: str = field(repr=False)
    normal: str = field(repr=False)

    @property
    def party_code(self) -> str:
        """Name the providing party: ``DE*8AA``."""
        return f"{self.country}*{self.provider_id}"

    @property
    def check_digit_is_valid(self) -> bool | None:
        """Tell whether the check digit fits; None where none was sent."""
        return None if self.check_digit is None else self.check_digit == self.expected_check_digit

    @property
    def hyphenated(self) -> str:
        """Write the normal form for people: ``DE-8AA-CA2B3C4D5-L``."""
        normal = self.normal
        return f"{normal[:2]}-{normal[2:5]}-{normal[5:14]}-{normal[14]}"


@lru_cache(maxsize=16384)
def parse_contract_id(text: str, *, accept_wrong_check_digit: bool = False) -> ContractId:
    """Read a contract id of 14 or 15 characters (ISO, eMI3), or 11 or 12 (DIN), and separators.

    With ``accept_wrong_check_digit`` a wrong one is kept in the normal form, for agreements that
    only warn of it.

    :raises MalformedContractId: ``wrong_length``, ``malformed`` or ``reserved_country``.
    :raises WrongCheckDigit: names the digit that fits.
    """
    upper = upper_ascii(text)
    contract_id = _read(upper)
    if contract_id is None:
        raise _refusal(upper)
    if is_user_assigned(contract_id.country):
        raise MalformedContractId("reserved_country", reserved_country_text(contract_id.country))
    if contract_id.check_digit_is_valid is False and not accept_wrong_check_digit:
        raise WrongCheckDigit(
            received=contract_id.check_digit or "", expected=contract_id.expected_check_digit
        )
    return contract_id


def emi3_from_din(text: str) -> ContractId:
    """Convert a DIN contract id to eMI3: ``NL-TNM-012204-5`` to ``NL-TNM-C00122045-K``.

    The instance becomes ``C0``, the six characters and the DIN check digit, then a new check
    digit follows (eMI3; ISO 15118-2 annex H).

    :raises MalformedContractId: as ``parse_contract_id``, and ``not_din`` for other forms.
    """
    contract_id = parse_contract_id(text)
    if contract_id.form is not ContractIdForm.DIN:
        raise MalformedContractId(
            "not_din",
            f"The contract id is already in {contract_id.form} form. Send it as it is.",
        )
    return parse_contract_id(contract_id.normal)


def _read(upper: str) -> ContractId | None:
    if match := _ISO.fullmatch(upper):
        country, provider_id, instance, check_digit = match.groups()
        form = ContractIdForm.EMI3 if instance.startswith("C") else ContractIdForm.ISO
        body = country + provider_id + instance
        expected = emi3_check_digit(body)
        normal = body + (check_digit or expected)
    elif match := _DIN.fullmatch(upper):
        country, provider_id, instance, check_digit = match.groups()
        form = ContractIdForm.DIN
        expected = din_check_digit(country + provider_id + instance)
        body = f"{country}{provider_id}C0{instance}{check_digit or expected}"
        normal = body + emi3_check_digit(body)
    else:
        return None
    return ContractId(country, provider_id, instance, check_digit, form, expected, normal)


def _refusal(upper: str) -> MalformedContractId:
    length = len(_SEPARATOR.sub("", upper))
    if length not in {11, 12, 14, 15}:
        return MalformedContractId(
            "wrong_length",
            f"A contract id has 14 or 15 characters (DIN: 11 or 12) beside its separators, and "
            f"this one has {length}. Send country, provider, instance and check digit, as in "
            "DE-8AA-CA2B3C4D5-L.",
        )
    return MalformedContractId(
        "malformed",
        "The contract id cannot be read. Send two letters for the country, three letters or digits "
        "for the provider, nine (DIN: six) for the instance and the check digit, with separators "
        "only between these, as in DE-8AA-CA2B3C4D5-L.",
    )
