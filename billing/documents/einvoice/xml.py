"""What the CII and the UBL builder share: elements, amounts and codes."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

from lxml import etree

from billing.documents.invoice_content import InvoiceContent
from clearinghouse.money import from_minor_units

# lxml comes without types.
Element: TypeAlias = Any

# Quantity 1 of "one": a line is a sum of rounded records, not energy × price.
UNIT = "C62"
# UNTDID 4461: clearing between partners; SEPA credit transfer; credit transfer.
NETTED, SEPA_TRANSFER, TRANSFER = "97", "58", "30"


class Builder:
    """Adds children by their prefix; an element without text or child is never written."""

    def __init__(self, namespaces: Mapping[str | None, str]):
        self._namespaces = dict(namespaces)

    def root(self, name: str) -> Element:
        return etree.Element(self._name(name), nsmap=self._namespaces)

    def add(
        self, parent: Element, name: str, text: str | None = None, **attributes: str
    ) -> Element:
        element = etree.SubElement(parent, self._name(name), **attributes)
        element.text = text
        return element

    def add_if(self, parent: Element, name: str, text: str, **attributes: str) -> None:
        """Add it where there is something to say."""
        if text:
            self.add(
                parent, name, text, **{key: value for key, value in attributes.items() if value}
            )

    def _name(self, name: str) -> str:
        prefix, _colon, local = name.rpartition(":")
        return f"{{{self._namespaces[prefix or None]}}}{local}"


def to_bytes(root: Element) -> bytes:
    """The same tree gives the same bytes."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def money(minor: int, currency: str) -> str:
    """``1234.56``; ISO 4217 decimals, which EN 16931 limits to two (BR-DEC)."""
    return f"{from_minor_units(minor, currency=currency):f}"


def quantity_and_price(amount_minor: int, currency: str) -> tuple[str, str]:
    """A price may not be below zero (BR-27): what is taken back is a quantity of −1."""
    return ("-1" if amount_minor < 0 else "1"), money(abs(amount_minor), currency)


def percentage(rate: str) -> str:
    """A fraction as EN 16931 writes rates: ``19``, ``8.1``."""
    return f"{(Decimal(rate) * 100).normalize():f}"


def payment_code(content: InvoiceContent) -> str:
    """BT-81."""
    if content.payment.kind == "NETTED" or not content.payment.iban:
        return NETTED
    return SEPA_TRANSFER if content.currency == "EUR" else TRANSFER


def shows_vat_ids(content: InvoiceContent) -> bool:
    """What is outside the scope of VAT names no VAT id (BR-O-02)."""
    return all(one.category != "O" for one in content.vat)


def compact(value: date) -> str:
    """UNTDID 2379 format 102."""
    return f"{value:%Y%m%d}"
