"""Amounts, directions, days and numbers of a camt file: exact, or refused (codes in ``camt``)."""

import re
from datetime import date
from decimal import Context, Decimal

from lxml import etree

from billing.messages.bank_file import NotImportable
from billing.messages.xml_nodes import child, text
from clearinghouse.money import LARGEST_MINOR, is_currency, minor_unit_digits

# ISO 20022: 18 digits, 5 of them behind the point, never below zero.
AMOUNT = re.compile(r"\+?(?=[\d.])\d{0,18}\.?\d{0,18}", re.ASCII)
# The usual 28 digits would round away what is not exact in a long amount.
_ALL_DIGITS = Context(prec=40)
NUMBER = re.compile(r"\d{1,18}", re.ASCII)
SIGNS = {"CRDT": 1, "DBIT": -1}


def minor(node: etree._Element, currency: str, where: str, path: str = "Amt") -> int:
    """The amount at ``path`` in minor units, zero or above.

    :raises NotImportable: no amount, another currency, or not exact in it.
    """
    amount = child(node, path)
    if amount is None:
        raise NotImportable("AMOUNT_NOT_VALID", f"{where}: an amount is missing.")
    if (said := amount.get("Ccy", currency)) != currency:
        raise NotImportable(
            "CURRENCY_MIXED", f"{where}: an amount in {said} on an account in {currency}."
        )
    return decimal("".join((amount.text or "").split()), currency, where)


def decimal(written: str, currency: str, where: str) -> int:
    """An amount as written, in minor units.

    :raises NotImportable: not a number from zero on, or not exact in the currency.
    """
    if not is_currency(currency):
        raise NotImportable("CURRENCY_UNKNOWN", f"{where}: {currency} is no active currency.")
    if not AMOUNT.fullmatch(written) or not any(sign.isdigit() for sign in written):
        raise NotImportable("AMOUNT_NOT_VALID", f"{where}: {written or 'nothing'} is no amount.")
    exact = Decimal(written).scaleb(minor_unit_digits(currency), _ALL_DIGITS)
    if exact != exact.to_integral_value():
        raise NotImportable("AMOUNT_TOO_PRECISE", f"{where}: {written} is not exact in {currency}.")
    if exact > LARGEST_MINOR:
        raise NotImportable("AMOUNT_NOT_VALID", f"{where}: {written} is more than can be booked.")
    return int(exact)


def direction(node: etree._Element, where: str) -> int:
    """1 for what came in, −1 for what went out."""
    said = text(node, "CdtDbtInd")
    if said not in SIGNS:
        raise NotImportable(
            "DIRECTION_MISSING", f"{where}: neither credit nor debit ({said or 'nothing'})."
        )
    return SIGNS[said]


def day(node: etree._Element, path: str, where: str) -> date | None:
    """The calendar day as the bank wrote it, of a date or of a time; ``None`` where it gives none.

    :raises NotImportable: it is no calendar day.
    """
    written = text(node, f"{path}/Dt", f"{path}/DtTm")
    if not written:
        return None
    try:
        return date.fromisoformat(written[:10])
    except ValueError:
        raise NotImportable("DATE_NOT_VALID", f"{where}: {written} is no calendar day.") from None


def number(written: str, where: str) -> int | None:
    """A statement's number or a count; ``None`` where there is none.

    :raises NotImportable: it is no number.
    """
    if not written:
        return None
    if not NUMBER.fullmatch(written):
        raise NotImportable("NUMBER_NOT_VALID", f"{where}: {written[:40]} is no number.")
    return int(written)
