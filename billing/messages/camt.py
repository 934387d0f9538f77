"""Read camt.052, .053 and .054 of any version from 001.01 on into our words (finance.md 4.6).

Tolerant where banks differ: order of elements, missing parts, wrappers around the document.
Strict where money is: every amount is exact in the account's currency, opening balance and booked
entries make the closing balance, and a summary that the bank sends fits. What does not is refused
as a whole, with one of these codes:

``FILE_TOO_LARGE``, ``NOT_XML``, ``ENTITIES_REFUSED``
    the bytes: see ``billing.messages.xml_nodes``
``NOT_A_BANK_STATEMENT``
    XML, but no camt.052, .053 or .054
``NO_STATEMENT``
    no statement, report or notification in it
``ACCOUNT_MISSING``, ``CURRENCY_MISSING``
    it does not say of which account, or in which currency
``CURRENCY_UNKNOWN``
    no active ISO 4217 currency
``CURRENCY_MIXED``
    a balance or an entry is in another currency than the account
``AMOUNT_NOT_VALID``, ``AMOUNT_TOO_PRECISE``
    not a number from zero on; more decimals than the currency has
``DIRECTION_MISSING``, ``STATUS_MISSING``
    neither credit nor debit; booked or not is not said
``DATE_NOT_VALID``, ``NUMBER_NOT_VALID``
    no calendar day; a statement number or a count that is no number
``BALANCE_MISSING``
    a camt.053 with entries needs its opening and its closing booked balance
``BALANCE_AMBIGUOUS``
    two opening, or two closing, balances of one day that differ
``BALANCE_DOES_NOT_ADD_UP``
    opening + what came in − what went out is not the closing balance
``SUMMARY_DOES_NOT_ADD_UP``
    the bank's own totals or number of entries differ from what is in the file
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from datetime import date

from lxml import etree

from billing.messages.bank_file import BankFile, BankStatement, Entry, NotImportable
from billing.messages.camt_entry import read_entry, status_of, with_reference
from billing.messages.camt_money import day, decimal, direction, minor, number
from billing.messages.xml_nodes import NotReadable, child, children, local_name, read_xml, text

KIND = re.compile(r"camt\.(05[234])\.001\.(\d\d)")
STATEMENTS = ("Stmt", "Rpt", "Ntfctn")
OPENING, CLOSING = ("OPBD", "PRCD"), ("CLBD",)


def read_camt(data: bytes) -> BankFile:
    """Read a file as the bank sent it.

    :raises NotImportable: with one of the codes above.
    """
    try:
        root = read_xml(data)
    except NotReadable as error:
        raise NotImportable(error.code, error.detail) from error
    document = _document(root)
    kind, version = KIND.findall(etree.QName(document).namespace)[0]
    message = next(iter(document), None)
    found = [
        _statement(node, kind, text(message, "GrpHdr/MsgPgntn/PgNb"))
        for name in STATEMENTS
        for node in children(message, name)
    ]
    if not found:
        raise NotImportable("NO_STATEMENT", "The file holds no statement. Ask the bank for it.")
    return BankFile(
        kind=f"camt.{kind}",
        version=version,
        message_id=text(message, "GrpHdr/MsgId"),
        sha256=hashlib.sha256(data).hexdigest(),
        statements=tuple(found),
    )


def _document(root: etree._Element) -> etree._Element:
    """The document itself, or the one that a bank's envelope holds."""
    for node in root.iter():
        if local_name(node) == "Document" and KIND.search(etree.QName(node).namespace or ""):
            return node
    raise NotImportable(
        "NOT_A_BANK_STATEMENT", "The file is no camt.052, camt.053 or camt.054 document."
    )


def _statement(node: etree._Element, kind: str, message_page: str) -> BankStatement:
    where = f"statement {text(node, 'Id') or '(without id)'}"
    currency = _currency(node, where)
    entries = _entries(node, currency, where)
    opening = _balance(node, OPENING, currency, where)
    closing = _balance(node, CLOSING, currency, where)
    statement = BankStatement(
        account=_account(node, where),
        currency=currency,
        identification=text(node, "Id"),
        number=number(text(node, "ElctrncSeqNb"), where),
        legal_number=number(text(node, "LglSeqNb"), where),
        page=number(text(node, "StmtPgntn/PgNb", "RptPgntn/PgNb"), where)
        or number(message_page, where)
        or 1,
        is_last_page=text(node, "StmtPgntn/LastPgInd", "RptPgntn/LastPgInd") != "false",
        opening_minor=opening,
        closing_minor=closing,
        entries=entries,
    )
    _check_summary(node, statement, where)
    _check_balances(statement, kind, where)
    return statement


def _account(node: etree._Element, where: str) -> str:
    account = text(
        node,
        "Acct/Id/IBAN",
        "Acct/Id/Othr/Id",
        "Acct/Id/PrtryAcct/Id",
        "Acct/Id/BBAN",
        "Acct/Id/UPIC",
    )
    if not account:
        raise NotImportable("ACCOUNT_MISSING", f"{where}: its account is not named.")
    return account.replace(" ", "").upper()


def _currency(node: etree._Element, where: str) -> str:
    """The account's currency, else that of a booked balance, of a booked entry, of anything."""
    balances, entries = list(children(node, "Bal")), list(children(node, "Ntry"))
    booked = [one for one in balances if _type(one) in (*OPENING, *CLOSING)]
    booked += [one for one in entries if status_of(one) == "BOOK"]
    said = (
        amount.get("Ccy", "")
        for one in (*booked, *balances, *entries)
        if (amount := child(one, "Amt")) is not None
    )
    currency = text(node, "Acct/Ccy") or next(filter(None, said), "")
    if not currency:
        raise NotImportable("CURRENCY_MISSING", f"{where}: no balance or entry has a currency.")
    return currency


def _type(balance: etree._Element) -> str:
    return text(balance, "Tp/CdOrPrtry/Cd", "Tp/Cd")


def _entries(node: etree._Element, currency: str, where: str) -> tuple[Entry, ...]:
    entries, seen = [], Counter[str]()
    for place, found in enumerate(children(node, "Ntry"), start=1):
        entry = read_entry(found, place=place, currency=currency, where=f"{where}, entry {place}")
        entries.append(with_reference(entry, found, seen))
    return tuple(entries)


def _balance(node: etree._Element, types: Iterable[str], currency: str, where: str) -> int | None:
    """The balance of the first type that is there: the earliest opening, the latest closing day."""
    for wanted in types:
        found: dict[date, int] = {}
        for balance in children(node, "Bal"):
            if _type(balance) != wanted:
                continue
            amount = direction(balance, where) * minor(balance, currency, where)
            on = day(balance, "Dt", where) or date.min
            if found.setdefault(on, amount) != amount:
                raise NotImportable(
                    "BALANCE_AMBIGUOUS", f"{where}: two {wanted} balances of one day differ."
                )
        if found:
            return found[max(found) if wanted in CLOSING else min(found)]
    return None


def _check_balances(statement: BankStatement, kind: str, where: str) -> None:
    opening, closing = statement.opening_minor, statement.closing_minor
    if opening is not None and closing is not None:
        made = opening + statement.credit_minor - statement.debit_minor
        if made != closing:
            raise NotImportable(
                "BALANCE_DOES_NOT_ADD_UP",
                f"{where}: {opening} + {statement.credit_minor} − {statement.debit_minor} = {made}"
                f" minor units, but the closing balance is {closing}.",
            )
    elif kind == "053" and (statement.entries or opening is closing is None):
        raise NotImportable(
            "BALANCE_MISSING", f"{where}: the opening or the closing booked balance is missing."
        )


def _check_summary(node: etree._Element, statement: BankStatement, where: str) -> None:
    """Each total that the bank sends; the sums are over booked entries or over all of them."""
    entries = statement.entries
    totals = (
        ("TtlNtries", entries),
        ("TtlCdtNtries", [entry for entry in entries if entry.amount_minor > 0]),
        ("TtlDbtNtries", [entry for entry in entries if entry.amount_minor < 0]),
    )
    for name, of_total in totals:
        total = child(node, f"TxsSummry/{name}")
        if total is None:
            continue
        ways = [of_total, [entry for entry in of_total if entry.is_money]]
        said = number(text(total, "NbOfNtries"), where)
        if said is not None and said not in {len(way) for way in ways}:
            raise NotImportable(
                "SUMMARY_DOES_NOT_ADD_UP",
                f"{where}: {name} counts {said} entries, the file has {len(of_total)}.",
            )
        if written := text(total, "Sum"):
            sums = {sum(abs(entry.amount_minor) for entry in way) for way in ways}
            if abs(decimal(written.removeprefix("-"), statement.currency, where)) not in sums:
                raise NotImportable(
                    "SUMMARY_DOES_NOT_ADD_UP",
                    f"{where}: {name} sums up {written}, the entries {max(sums)} minor units.",
                )
