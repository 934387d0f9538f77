"""What a settlement statement says, frozen when it is issued.

Plain values only, so that the JSON kept in the database is the whole truth of the document: money
in integer minor units of ``currency``, energies as decimal strings, instants as ISO 8601 UTC.
Whoever renders it later reads nothing else, except the annex, whose hash stands in here.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Literal, TypeVar

import msgspec

# Raised when a field changes its meaning; older statements keep the number they were issued with.
CONTENT_VERSION = 1


T = TypeVar("T")


class UnreadableContent(ValueError):
    """The JSON is no statement content of a version that this program knows."""


class Company(msgspec.Struct, frozen=True, kw_only=True):
    """Legal facts as they held when the statement was issued. "" means: not on file."""

    legal_name: str
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country_code: str = ""
    vat_number: str = ""
    email: str = ""


class PartyCode(msgspec.Struct, frozen=True, kw_only=True):
    """A role of the partner on the wire, as ``DE*NLX`` CSO."""

    code: str
    role: str
    name: str


class PositionFigures(msgspec.Struct, frozen=True, kw_only=True):
    """net = receivable − payable + VAT − fees − their VAT + adjustments + carried + exchanged.

    RECEIVES: the partner gets the net less what is carried on or exchanged; PAYS: it owes it.
    """

    receivable_minor: int
    payable_minor: int
    fees_minor: int
    net_minor: int
    vat_minor: int = 0
    fee_vat_minor: int = 0
    adjustments_minor: int = 0
    carried_minor: int = 0
    carried_on_minor: int = 0
    exchanged_minor: int = 0
    exchanged_on_minor: int = 0
    direction: Literal["RECEIVES", "PAYS", "BALANCED"]


class CounterpartyLine(msgspec.Struct, frozen=True, kw_only=True):
    """All services with one counterparty in the window.

    ``commission_minor`` is signed as the partner feels it: − is kept from a sale, + is a price
    reduction on what was bought. ``energy_kwh`` is over the billed SDRs. An own-network line
    (the partner sold to itself) carries a fee and no claims.
    """

    name: str
    code: str
    is_own_network: bool
    sdrs: int
    billed_sdrs: int
    energy_kwh: str
    sold_claim_minor: int
    bought_claim_minor: int
    commission_minor: int
    net_minor: int


class MonthLine(msgspec.Struct, frozen=True, kw_only=True):
    """All services of one supply month, "2026-10", with all counterparties."""

    month: str
    sdrs: int
    billed_sdrs: int
    energy_kwh: str
    sold_claim_minor: int
    bought_claim_minor: int
    commission_minor: int
    net_minor: int


class SiteLine(msgspec.Struct, frozen=True, kw_only=True):
    """What one party of the partner did at one site in one supply month.

    ``site`` "" is one that the seller did not state. ``left_out`` above 0: the line sums that many
    lines of the party that are too small to be shown; it has no site and no month.
    """

    party: str
    role: str
    site: str
    city: str = ""
    country_code: str = ""
    month: str = ""
    sdrs: int
    billed_sdrs: int
    energy_kwh: str
    sold_claim_minor: int
    bought_claim_minor: int
    commission_minor: int
    net_minor: int
    left_out: int = 0


class FeeLine(msgspec.Struct, frozen=True, kw_only=True):
    """Commission of the clearing house at one rate (a fraction, as string)."""

    rate: str
    sdrs: int
    claim_minor: int
    amount_minor: int


class FurtherLine(msgspec.Struct, frozen=True, kw_only=True):
    """What moves the position beyond services and commission; + the partner gets."""

    kind: Literal["VAT", "FEE", "REDUCTION", "ADJUSTMENT", "CARRIED", "EXCHANGED", "BLOCKED"]
    text: str
    basis_minor: int | None = None
    amount_minor: int
    # Name of the text in ``billing.documents.texts`` and what it says of what, for other languages
    # than the English ``text``. Empty in statements issued before there were any.
    phrase: str = ""
    values: dict[str, str] = {}


class ExchangeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is due here is settled in ``group`` as ``amount_minor`` of ``currency``.

    ``per_euro`` holds the ECB's rates of ``rate_date`` by currency, ``rates`` says them in English.
    """

    group: str
    currency: str
    amount_minor: int
    rates: str
    per_euro: dict[str, str] = {}
    rate_date: date | None = None


class VatLine(msgspec.Struct, frozen=True, kw_only=True):
    """VAT of one document group as the partner feels it: − is charged to it.

    ``supply`` SOLD and BOUGHT are services, FEES those of the clearing house; ``rate`` is a
    fraction; ``basis_minor`` is without VAT.
    """

    supply: Literal["SOLD", "BOUGHT", "FEES"]
    country_code: str
    category: str
    rate: str
    ground: str = ""
    basis_minor: int
    vat_minor: int


class NettedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice or credit note that is settled here; signed as the partner feels it."""

    number: str
    kind: Literal["INVOICE", "CREDIT_NOTE", "SELF_BILLED", "SELF_BILLED_CREDIT"]
    issued_date: date
    net_minor: int
    vat_minor: int
    gross_minor: int


class ExposureFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the partner could come to owe, as last read; no limit: none was agreed."""

    exposure_minor: int
    limit_minor: int | None
    read_at: datetime


class ReleaseFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The two persons of the clearing house behind a final statement."""

    maker: str
    checker: str
    released_at: datetime


class LedgerHead(msgspec.Struct, frozen=True, kw_only=True):
    """The last seal of the ledger when the statement was issued."""

    sequence: int
    chain_sha256: str


class CollectionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The notice of a SEPA B2B direct debit: on which day, under which mandate, by whom."""

    collection_date: date
    mandate_reference: str
    creditor_id: str


class CoverLine(msgspec.Struct, frozen=True, kw_only=True):
    """Cover of the partner when issued, and what was drawn of it since the settlement before."""

    account: Literal["PREFUND", "DEPOSIT"]
    held_minor: int
    drawn_minor: int = 0


class DisputedLine(msgspec.Struct, frozen=True, kw_only=True):
    """Records in dispute when issued, in no position; as the suspense accounts hold them.

    Of all groups of the currency. SOLD is what the partner claims, BOUGHT what is claimed of it.
    """

    side: Literal["SOLD", "BOUGHT"]
    sdrs: int
    amount_minor: int


class BankBlock(msgspec.Struct, frozen=True, kw_only=True):
    """Where the money goes. ``iban`` is shown as it stands here, masked or whole.

    ``creditor_reference`` is ISO 11649 and made of ``reference``. With ``collection`` the house
    draws the money from the account that is shown.
    """

    money_flow: str
    account_of: Literal["PARTNER", "CLEARING_HOUSE", "NONE"] = "NONE"
    holder: str = ""
    iban: str = ""
    bic: str = ""
    reference: str = ""
    creditor_reference: str = ""
    due_date: date | None = None
    collection: CollectionFacts | None = None


class ConservationLine(msgspec.Struct, frozen=True, kw_only=True):
    """Where each record that the partner sent stands at the cut-off; the parts sum to received."""

    received: int
    rejected: int
    held: int
    open: int
    disputed: int
    withdrawn: int
    cleared: int
    credited: int


class AnnexFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The CSV of single records that belongs to the statement; its hash is over the plain CSV.

    ``form`` says which columns it has; a statement keeps the form it was issued with.
    """

    rows: int
    size_bytes: int
    sha256: str
    form: int = 1


@dataclass(frozen=True, slots=True)
class EmbeddableAnnex:
    """The annex as it goes into the PDF: ``file_name`` says whether it is compressed."""

    file_name: str
    media_type: str
    file: IO[bytes]
    facts: AnnexFacts


class StatementContent(msgspec.Struct, frozen=True, kw_only=True):
    """One partner's settlement statement for one window. Periods are half-open."""

    version: Literal[1] = 1
    number: str
    environment: Literal["TEST", "LIVE"]
    status: Literal["FINAL", "PROVISIONAL"] = "FINAL"
    language: str = "en"
    issued_at: datetime
    cut_off_at: datetime
    supply_starts_at: datetime
    supply_ends_at: datetime
    time_zone: str
    group: str
    currency: str
    house: Company
    partner: Company
    parties: list[PartyCode]
    position: PositionFigures
    counterparties: list[CounterpartyLine]
    fees: list[FeeLine]
    bank: BankBlock
    conservation: ConservationLine
    positions_sha256: str
    annex: AnnexFacts
    objection_until_date: date
    further: list[FurtherLine] = []
    # Of a provisional one: the last instant at which it may be objected to.
    objection_until_at: datetime | None = None
    # Number of the provisional statement that this one replaces.
    replaces: str = ""
    exchange: ExchangeFacts | None = None
    # By the month in which the service ended: records may come late, and be corrected later.
    months: list[MonthLine] = []
    # Per party, site and supply month; the smallest of many are summed per party.
    sites: list[SiteLine] = []
    vat: list[VatLine] = []
    documents: list[NettedDocument] = []
    exposure: ExposureFacts | None = None
    release: ReleaseFacts | None = None
    ledger: LedgerHead | None = None
    # Beside the position: what is held for the partner, and what is not settled yet.
    cover: list[CoverLine] = []
    disputed: list[DisputedLine] = []


def to_json(content: StatementContent) -> dict:
    """Return the content as plain JSON values, as the database keeps it."""
    return msgspec.to_builtins(content)


def from_json(values: dict) -> StatementContent:
    """Return the content that ``to_json`` wrote.

    :raises UnreadableContent: a field is missing or of another kind, or the version is unknown.
    """
    return read_as(StatementContent, values, f"statement content of version {CONTENT_VERSION}")


def read_as(kind: type[T], values: dict, name: str) -> T:
    """The content of any document from the JSON values that the database keeps.

    :raises UnreadableContent: "This is no ``name``", and why
    """
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise UnreadableContent(f"This is no {name}: {error}.") from error


def content_sha256(values: dict) -> str:
    """Hash JSON values in one canonical spelling (sorted keys, no spaces): 64 hex digits."""
    spelled = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(spelled.encode()).hexdigest()
