"""What payments out (pain.001) and collections (pain.008) have in common.

Money is integer cents; the SEPA area knows no other currency than the euro. The same input gives
the same bytes: ids come from the payment file's id, the time of creation is told.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Protocol
from uuid import UUID

from lxml import etree

from billing.messages.sepa_text import (
    NAME_LENGTH,
    REMITTANCE_LENGTH,
    NotSendable,
    account_number,
    bank_code,
    identifier,
    is_creditor_reference,
    spelled,
)

CURRENCY = "EUR"
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
# The schemes' largest amount of one payment, in cents: 999,999,999.99.
LARGEST_MINOR = 99_999_999_999
_NOT_PROVIDED = "NOTPROVIDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A structured address; since 15 November 2026 banks refuse lines of free text."""

    town: str
    country_code: str
    street: str = ""
    building: str = ""
    post_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose account: the name is spelled in SEPA characters, the numbers must check."""

    name: str
    iban: str
    bic: str = ""
    address: Address | None = None


class Paid(Protocol):
    """One payment or collection: what is counted and added up."""

    @property
    def end_to_end_id(self) -> str: ...
    @property
    def amount_minor(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Totals:
    """How many transactions there are, and what they add up to in cents."""

    count: int
    sum_minor: int


def message_id(file_id: UUID) -> str:
    """The MsgId of a payment file: the same whenever it is built."""
    return f"M{file_id.hex}"


def payment_information_id(file_id: UUID) -> str:
    """The PmtInfId of the one block of a payment file."""
    return f"P{file_id.hex}"


def totals_of(payments: Sequence[Paid]) -> Totals:
    """:raises NotSendable: there is none, an id comes twice, or an amount cannot be sent."""
    if not payments:
        raise NotSendable("A payment file without a payment is refused.")
    if len({one.end_to_end_id for one in payments}) < len(payments):
        raise NotSendable("Two payments have one EndToEndId.")
    for one in payments:
        if not 0 < one.amount_minor <= LARGEST_MINOR:
            raise NotSendable(f"{one.end_to_end_id}: {one.amount_minor} cents cannot be sent.")
    return Totals(len(payments), sum(one.amount_minor for one in payments))


def read_totals(content: bytes) -> Totals:
    """Add up the single payments of a file again, from its bytes.

    :raises NotSendable: what a header says of them differs, or an amount is no whole cent.
    """
    root = etree.fromstring(content, _parser())
    amounts = [_minor(one.text) for one in root.iter("{*}InstdAmt")]
    found = Totals(len(amounts), sum(amounts))
    for header in [*root.iter("{*}GrpHdr"), *root.iter("{*}PmtInf")]:
        said = Totals(
            int(header.findtext("{*}NbOfTxs") or 0), _minor(header.findtext("{*}CtrlSum"))
        )
        if said != found:
            raise NotSendable(f"A header says {said}, the payments come to {found}.")
    return found


def _minor(text: str | None) -> int:
    whole, _, cents = (text or "").partition(".")
    if not (whole.isdigit() and cents.isdigit() and len(cents) == 2):
        raise NotSendable(f"{text!r} is no amount in whole cents.")
    return int(whole) * 100 + int(cents)


def decimal_text(amount_minor: int) -> str:
    """Cents as the message writes them: 60080 becomes ``600.80``."""
    return f"{amount_minor // 100}.{amount_minor % 100:02}"


def utc_text(at: datetime) -> str:
    """:raises ValueError: the instant is naive."""
    if at.utcoffset() is None:
        raise ValueError(f"{at} has no time zone.")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Builder:
    """Puts elements of one message's namespace under each other; empty texts are left out."""

    def __init__(self, schema: str) -> None:
        self.schema = schema
        self.root = etree.Element(
            f"{{{NAMESPACE}{schema}}}Document", nsmap={None: NAMESPACE + schema}
        )

    def put(self, parent: etree._Element, path: str, text: str = "") -> etree._Element:
        """Add ``path`` (names joined by ``/``) under the parent; return its last element."""
        for name in path.split("/"):
            parent = etree.SubElement(parent, f"{{{NAMESPACE}{self.schema}}}{name}")
        if text:
            parent.text = text
        return parent

    def put_given(self, parent: etree._Element, pairs: Sequence[tuple[str, str]]) -> None:
        for path, text in pairs:
            if text:
                self.put(parent, path, text)

    def party(self, parent: etree._Element, tag: str, account: Account) -> None:
        party = self.put(parent, tag)
        name = spelled(account.name, NAME_LENGTH)
        if not name:
            raise NotSendable(f"{account.name!r} cannot be spelled in SEPA characters.")
        self.put(party, "Nm", name)
        if account.address is not None:
            self._address(party, account.address)

    def _address(self, party: etree._Element, address: Address) -> None:
        town, country = spelled(address.town, 35), address.country_code
        if not town or len(country) != 2:
            raise NotSendable("An address needs a town and a country; leave it out otherwise.")
        given = [
            ("StrtNm", spelled(address.street, 70)),
            ("BldgNb", spelled(address.building, 16)),
            ("PstCd", spelled(address.post_code, 16)),
            ("TwnNm", town),
            ("Ctry", country),
        ]
        self.put_given(self.put(party, "PstlAdr"), given)

    def account(self, parent: etree._Element, tag: str, account: Account) -> None:
        self.put(parent, f"{tag}/Id/IBAN", account_number(account.iban))

    def agent(self, parent: etree._Element, tag: str, account: Account) -> None:
        """The bank; where its BIC is not known, SEPA finds it by the IBAN."""
        bank = self.put(parent, f"{tag}/FinInstnId")
        known = bank_code(account.bic)
        self.put(bank, "BICFI" if known else "Othr/Id", known or _NOT_PROVIDED)

    def remittance(self, parent: etree._Element, text: str) -> None:
        """An ISO 11649 reference goes as such, any other text as up to 140 characters."""
        if is_creditor_reference(text):
            reference = self.put(parent, "RmtInf/Strd/CdtrRefInf")
            kind = self.put(reference, "Tp")
            self.put(kind, "CdOrPrtry/Cd", "SCOR")
            self.put(kind, "Issr", "ISO")
            self.put(reference, "Ref", text)
        elif plain := spelled(text, REMITTANCE_LENGTH):
            self.put(parent, "RmtInf/Ustrd", plain)

    def header(
        self, parent: etree._Element, *, file_id: UUID, created_at: datetime, totals: Totals
    ) -> etree._Element:
        """Return the initiating party, still without a name."""
        header = self.put(parent, "GrpHdr")
        self.put(header, "MsgId", message_id(file_id))
        self.put(header, "CreDtTm", utc_text(created_at))
        self._totals(header, totals)
        return self.put(header, "InitgPty")

    def block(
        self, parent: etree._Element, *, file_id: UUID, method: str, totals: Totals
    ) -> etree._Element:
        block = self.put(parent, "PmtInf")
        self.put(block, "PmtInfId", payment_information_id(file_id))
        self.put(block, "PmtMtd", method)
        self.put(block, "BtchBookg", "true")
        self._totals(block, totals)
        return block

    def _totals(self, parent: etree._Element, totals: Totals) -> None:
        self.put(parent, "NbOfTxs", str(totals.count))
        self.put(parent, "CtrlSum", decimal_text(totals.sum_minor))

    def paid(self, parent: etree._Element, one: Paid) -> None:
        self.put(parent, "PmtId/EndToEndId", identifier(one.end_to_end_id))

    def instructed(self, parent: etree._Element, path: str, amount_minor: int) -> None:
        self.put(parent, path, decimal_text(amount_minor)).set("Ccy", CURRENCY)

    def bytes(self) -> bytes:
        """The file, valid by its schema and with the totals that its payments come to.

        :raises NotSendable: the schema refuses it.
        """
        etree.indent(self.root)
        content: bytes = etree.tostring(self.root, encoding="UTF-8", xml_declaration=True)
        if problems := list(schema_problems(content, self.schema)):
            raise NotSendable(" ".join(problems))
        read_totals(content)
        return content


def schema_problems(content: bytes, schema: str) -> Iterator[str]:
    """What the official schema refuses, a sentence each with its line."""
    found = _schema(schema)
    if not found.validate(etree.fromstring(content, _parser())):
        for problem in found.error_log:
            yield f"Line {problem.line}: {problem.message}"


@lru_cache(maxsize=4)
def _schema(name: str) -> etree.XMLSchema:
    """The XSD as ISO 20022 publishes it, from the package that carries it."""
    content = (files("sepaxml") / "schemas" / f"{name}.xsd").read_bytes()
    return etree.XMLSchema(etree.fromstring(content, _parser()))


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
