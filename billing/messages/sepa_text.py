"""What a SEPA message may say: Latin letters, digits and ten signs; references that check.

The European Payments Council lets banks refuse anything else, so names are spelled in it. What is
typed by people is transliterated; what identifies a payment must fit as it is.
"""

import re
import unicodedata

from stdnum import bic, iban, iso11649
from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_97_10

NAME_LENGTH = 70
REMITTANCE_LENGTH = 140
IDENTIFIER_LENGTH = 35
REFERENCE_LENGTH = 21

_FORBIDDEN = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")
_IDENTIFIER = re.compile(r"(?!/)(?!.*//)[A-Za-z0-9/\-?:().,'+ ]{1,35}(?<!/)")
_BLANKS = re.compile(r"\s+")
# Letters that do not come apart into a Latin letter and a mark; German umlauts as German banks do.
_LETTERS = {
    "ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i",
    "ä": "ae", "ö": "oe", "ü": "ue", "&": "+", "_": "-", "–": "-", "—": "-", "’": "'", "‘": "'",
}  # fmt: skip
# Bulgarian after its law of transliteration, Greek after ISO 843, without its digraphs.
_CYRILLIC = dict(
    zip(
        "абвгдежзийклмнопрстуфхцчшщъьюяы",
        "a b v g d e zh z i y k l m n o p r s t u f h ts ch sh sht a y yu ya y".split(),
        strict=True,
    )
)
_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρσςτυφχψω",
        "a v g d e z i th i k l m n x o p r s s t y f ch ps o".split(),
        strict=True,
    )
)
_SPELLED = {**_LETTERS, **_CYRILLIC, **_GREEK}


class NotSendable(ValueError):
    """A payment message would be refused by the bank; the text says why, a sentence each."""


def spelled(text: str, length: int) -> str:
    """Spell a text in the SEPA characters, blanks joined, cut to ``length``.

    What has no spelling becomes a blank; never begins or ends with a slash, has no two in a row.
    """
    whole = "".join(_spell(letter) for letter in unicodedata.normalize("NFC", text))
    plain = _FORBIDDEN.sub(" ", whole)
    single = re.sub(r"/+", "/", _BLANKS.sub(" ", plain))
    return single.strip(" /")[:length].rstrip(" /")


def _spell(letter: str) -> str:
    found = _SPELLED.get(letter.lower())
    if found is None:
        parts = unicodedata.normalize("NFKD", letter)
        bare = "".join(part for part in parts if not unicodedata.combining(part))
        return "".join(_cased(_SPELLED.get(part.lower(), part), part) for part in bare)
    return _cased(found, letter)


def _cased(spelling: str, letter: str) -> str:
    return spelling.capitalize() if letter.isupper() else spelling


def identifier(text: str) -> str:
    """Return an EndToEndId, MsgId or mandate id as it is.

    :raises NotSendable: longer than 35 characters, empty, or with a sign that SEPA does not know.
    """
    if not _IDENTIFIER.fullmatch(text):
        raise NotSendable(
            f"{text!r} is no identifier: 1 to 35 of A-Z a-z 0-9 / - ? : ( ) . , ' + and blank,"
            " without a slash at an end or two in a row."
        )
    return text


def creditor_reference(text: str) -> str:
    """Make an ISO 11649 reference (``RF`` and two check digits) of up to 21 letters and digits.

    :raises NotSendable: nothing is left of the text, or more than 21.
    """
    plain = re.sub(r"[^A-Z0-9]", "", text.upper())
    if not 1 <= len(plain) <= REFERENCE_LENGTH:
        raise NotSendable(f"{text!r} gives no reference: it needs 1 to 21 letters and digits.")
    reference: str = iso11649.validate(f"RF{mod_97_10.calc_check_digits(plain + 'RF')}{plain}")
    return reference


def is_creditor_reference(text: str) -> bool:
    """Tell whether it is an ISO 11649 reference whose check digits fit."""
    return bool(iso11649.is_valid(text))


def account_number(text: str) -> str:
    """Return an IBAN without blanks, in capitals.

    :raises NotSendable: its length, country or check digits are wrong.
    """
    try:
        return str(iban.validate(text))
    except ValidationError as error:
        raise NotSendable(f"{text!r} is no IBAN: {error}") from error


def bank_code(text: str) -> str:
    """Return a BIC in capitals; an empty text stays empty.

    :raises NotSendable: it is no BIC.
    """
    if not text:
        return ""
    try:
        return str(bic.validate(text))
    except ValidationError as error:
        raise NotSendable(f"{text!r} is no BIC: {error}") from error


_CREDITOR_ID = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{3}[A-Za-z0-9/\-?:().,'+]{1,28}")


def creditor_identifier(text: str) -> str:
    """Return a SEPA creditor identifier, as ``DE98ZZZ09999999999``, whose check digits fit.

    They are counted without the business code in places 5 to 7.

    :raises NotSendable: it is none.
    """
    plain = text.replace(" ", "")
    digits = re.sub(r"[^A-Z0-9]", "", (plain[7:] + plain[:4]).upper())
    if not _CREDITOR_ID.fullmatch(plain) or not mod_97_10.is_valid(digits):
        raise NotSendable(f"{text!r} is no SEPA creditor identifier: its check digits do not fit.")
    return plain
