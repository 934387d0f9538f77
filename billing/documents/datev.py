"""Postings as DATEV's Buchungsstapel: EXTF, header 700, category 21, format version 13.

Source: DATEV's own descriptions, https://developer.datev.de/datev/platform/de/dtvf/formate/header
and …/formate/buchungsstapel (read 2026-11): fields by position, divided by ``;``, CR/LF after each,
texts in quotation marks, decimal comma, cp1252. Amounts are above zero; S or H is of ``Konto``, the
BU-Schlüssel acts on ``Gegenkonto``. At most 99,999 postings fit into a file.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

LARGEST_FILE = 99_999
CURRENCY = "EUR"
# Umsatz has ten digits before its comma.
LARGEST_MINOR = 10**12 - 1

_HEAD = (
    "Umsatz (ohne Soll/Haben-Kz)|Soll/Haben-Kennzeichen|WKZ Umsatz|Kurs|Basis-Umsatz"
    "|WKZ Basis-Umsatz|Konto|Gegenkonto (ohne BU-Schlüssel)|BU-Schlüssel|Belegdatum|Belegfeld 1"
    "|Belegfeld 2|Skonto|Buchungstext|Postensperre|Diverse Adressnummer|Geschäftspartnerbank"
    "|Sachverhalt|Zinssperre|Beleglink"
)
_MIDDLE = (
    "KOST1 - Kostenstelle|KOST2 - Kostenstelle|Kost-Menge|EU-Land u. UStID (Bestimmung)"
    "|EU-Steuersatz (Bestimmung)|Abw. Versteuerungsart|Sachverhalt L+L|Funktionsergänzung L+L"
    "|BU 49 Hauptfunktionstyp|BU 49 Hauptfunktionsnummer|BU 49 Funktionsergänzung"
)
_TAIL = (
    "Stück|Gewicht|Zahlweise|Forderungsart|Veranlagungsjahr|Zugeordnete Fälligkeit|Skontotyp"
    "|Auftragsnummer|Buchungstyp|USt-Schlüssel (Anzahlungen)|EU-Land (Anzahlungen)"
    "|Sachverhalt L+L (Anzahlungen)|EU-Steuersatz (Anzahlungen)|Erlöskonto (Anzahlungen)"
    "|Herkunft-Kz|Buchungs GUID|KOST-Datum|SEPA-Mandatsreferenz|Skontosperre|Gesellschaftername"
    "|Beteiligtennummer|Identifikationsnummer|Zeichnernummer|Postensperre bis"
    "|Bezeichnung SoBil-Sachverhalt|Kennzeichen SoBil-Buchung|Festschreibung|Leistungsdatum"
    "|Datum Zuord. Steuerperiode|Fälligkeit|Generalumkehr (GU)|Steuersatz|Land"
    "|Abrechnungsreferent|BVV-Position|EU-Land u. UStID (Ursprung)|EU-Steuersatz (Ursprung)"
    "|Abw. Skontokonto"
)
COLUMNS = (
    *_HEAD.split("|"),
    *(f"Beleginfo - {part} {n}" for n in range(1, 9) for part in ("Art", "Inhalt")),
    *_MIDDLE.split("|"),
    *(f"Zusatzinformation - {part} {n}" for n in range(1, 21) for part in ("Art", "Inhalt")),
    *_TAIL.split("|"),
)
_EMPTY_AFTER_TEXT = len(COLUMNS) - COLUMNS.index("Buchungstext") - 1
_FIXED = COLUMNS.index("Festschreibung") - COLUMNS.index("Buchungstext") - 1
_ACCOUNT = re.compile("[1-9][0-9]{0,8}")
_TAX_KEY = re.compile("[0-9]{1,4}")
_NOT_OF_A_VOUCHER = re.compile(r"[^a-zA-Z0-9$%&*+\-/]")


class ChartAccount(Protocol):
    """An account in the accountant's chart; ``tax_key`` is its BU-Schlüssel, "" for none."""

    @property
    def account(self) -> str: ...
    @property
    def tax_key(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What the header says. ``first`` and ``last`` are days of one fiscal year."""

    consultant: int
    client: int
    year_starts: date
    account_digits: int
    first: date
    last: date
    made_at: datetime
    name: str
    is_fixed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Voucher:
    """One posting. ``number`` goes into Belegfeld 1 (36 characters), ``second`` into 2 (12)."""

    debit: ChartAccount
    credit: ChartAccount
    amount_minor: int
    day: date
    number: str
    second: str
    text: str


def why_not(external: ChartAccount, *, account_digits: int) -> str:
    """What DATEV would refuse of an account; "" where it takes it."""
    if not _ACCOUNT.fullmatch(external.account):
        return f"{external.account} is no account number of DATEV: digits only, no zero in front"
    if len(external.account) > account_digits + 1:
        return f"{external.account} has more digits than {account_digits} + 1"
    if external.tax_key and not _TAX_KEY.fullmatch(external.tax_key):
        return f"{external.tax_key} is no BU-Schlüssel: up to four digits"
    return ""


def head(batch: Batch) -> bytes:
    """Both header lines."""
    fields = [
        '"EXTF"', "700", "21", '"Buchungsstapel"', "13", f"{batch.made_at:%Y%m%d%H%M%S}000", "",
        '"RE"', '""', '""', str(batch.consultant), str(batch.client), f"{batch.year_starts:%Y%m%d}",
        str(batch.account_digits), f"{batch.first:%Y%m%d}", f"{batch.last:%Y%m%d}",
        _text(batch.name, 30), '""', "1", "0", "1" if batch.is_fixed else "0", f'"{CURRENCY}"', "",
        '""', "", "", '""', "", "", '""', '""',
    ]  # fmt: skip
    return encoded(";".join(fields) + "\r\n" + ";".join(COLUMNS) + "\r\n")


def line(voucher: Voucher, *, is_fixed: bool) -> bytes:
    """One posting; where only the debit side has a BU-Schlüssel, the sides change places.

    :raises ValueError: both sides have one, or the amount does not fit.
    """
    konto, gegen, side = voucher.debit, voucher.credit, "S"
    if konto.tax_key and gegen.tax_key:
        raise ValueError("Both accounts have a BU-Schlüssel; DATEV takes one a posting.")
    if konto.tax_key:
        konto, gegen, side = voucher.credit, voucher.debit, "H"
    if not 0 < voucher.amount_minor <= LARGEST_MINOR:
        raise ValueError(f"{voucher.amount_minor} does not fit into ten digits.")
    euros, cents = divmod(voucher.amount_minor, 100)
    fields = [
        f"{euros},{cents:02}", f'"{side}"', f'"{CURRENCY}"', "", "", '""', konto.account,
        gegen.account, _tax_key(gegen.tax_key), f"{voucher.day:%d%m}", _voucher(voucher.number, 36),
        _voucher(voucher.second, 12), "", _text(voucher.text, 60),
        *[""] * _FIXED, "1" if is_fixed else "0", *[""] * (_EMPTY_AFTER_TEXT - _FIXED - 1),
    ]  # fmt: skip
    return encoded(";".join(fields) + "\r\n")


def _tax_key(key: str) -> str:
    """Four digits, as DATEV's description spells it."""
    return f'"{key.zfill(4)}"' if key else '""'


def encoded(text: str) -> bytes:
    """cp1252; a letter that it lacks loses its accent, what is left is a question mark."""
    try:
        return text.encode("cp1252")
    except UnicodeEncodeError:
        return "".join(map(_plain, text)).encode("cp1252", "replace")


def _plain(letter: str) -> str:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        return _STROKES.get(letter) or unicodedata.normalize("NFKD", letter)[0]
    return letter


# Letters that Unicode does not take apart.
_STROKES = {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ħ": "h", "Ħ": "H", "ı": "i"}


def _text(text: str, longest: int) -> str:
    plain = "".join(" " if unicodedata.category(c) == "Cc" else c for c in text)[:longest]
    return '"' + plain.replace('"', '""') + '"'


def _voucher(text: str, longest: int) -> str:
    return f'"{_NOT_OF_A_VOUCHER.sub("", text)[:longest]}"'
