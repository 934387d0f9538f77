"""One entry of a camt file and the payments in it: every TxDtls, never the sum alone.

A batch is itemised only where its payments add up to the entry, with or without the charges that
the bank says are in it. Otherwise it stays one movement over the whole, for a person: the money is
certain, its parts are not.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass, replace

from lxml import etree

from billing.messages.bank_file import (
    GERMAN_RETURN_CODES,
    RETURN_CODES,
    Entry,
    Movement,
    NotImportable,
    Party,
)
from billing.messages.camt_money import day, direction, minor, number
from billing.messages.xml_nodes import child, children, text, texts

NO_ID = frozenset({"NOTPROVIDED", "NOTPROVIDED.", "NONREF", "NOT PROVIDED"})
NAME = 140
REMITTANCE = 1_000
REFERENCES = (
    "RmtInf/Strd/CdtrRefInf/Ref",
    "RmtInf/Strd/CdtrRefInf/CdtrRef",
    "RmtInf/Strd/RfrdDocInf/Nb",
)
LINES = ("RmtInf/Ustrd", "RmtInf/Strd/AddtlRmtInf")


def read_entry(node: etree._Element, *, place: int, currency: str, where: str) -> Entry:
    """Read an ``Ntry``; its reference is still empty where the bank gives none.

    :raises NotImportable: see ``billing.messages.camt``.
    """
    sign = direction(node, where)
    status = status_of(node)
    if not status:
        raise NotImportable("STATUS_MISSING", f"{where}: it is not said whether it is booked.")
    amount = sign * _amount(node, status, currency, where)
    details = list(children(node, "NtryDtls/TxDtls"))
    movements = _movements(node, details, amount, currency, where)
    said = sum(number(one, where) or 0 for one in texts(node, "NtryDtls/Btch/NbOfTxs"))
    payments = max(said, len(details), 1)
    return Entry(
        place=place,
        reference=text(node, "AcctSvcrRef")[:60],
        has_bank_reference=bool(text(node, "AcctSvcrRef")),
        amount_minor=amount,
        status=status[:35],
        is_reversal=_is_reversal(node),
        booked_on=day(node, "BookgDt", where),
        value_on=day(node, "ValDt", where),
        bank_code=_bank_code(node),
        information=text(node, "AddtlNtryInf")[:500],
        payments=payments,
        is_itemised=payments == 1 or len(movements) > 1,
        movements=movements,
    )


def status_of(node: etree._Element) -> str:
    """BOOK, PDNG, INFO or FUTR; a code of its own from 001.08 on."""
    return text(node, "Sts/Cd", "Sts/Prtry", "Sts")


def _is_reversal(node: etree._Element) -> bool:
    return text(node, "RvslInd") in ("true", "1")


def _amount(node: etree._Element, status: str, currency: str, where: str) -> int:
    amount = child(node, "Amt")
    if status != "BOOK" and amount is not None and amount.get("Ccy", currency) != currency:
        return 0
    return minor(node, currency, where)


def with_reference(entry: Entry, node: etree._Element, seen: Counter[str]) -> Entry:
    """Give an entry without the bank's reference one made of what the bank wrote of it.

    Equal entries of a statement are told apart by their number, so that two payments are two.
    ``NtryRef`` does not count: it is the place in the file, and another one in a notification.
    """
    if entry.has_bank_reference:
        base = entry.reference
    else:
        said = [str(entry.booked_on), str(entry.value_on), str(entry.amount_minor)]
        for one in entry.movements:
            said += [one.end_to_end_id, one.transaction_id, one.remittance, *one.references]
            said += [one.debtor.account, one.creditor.account]
        base = "sha256:" + hashlib.sha256("\n".join(said).encode()).hexdigest()[:40]
    seen[base] += 1
    return replace(entry, reference=base if seen[base] == 1 else f"{base}#{seen[base]}")


@dataclass(frozen=True, slots=True)
class _Share:
    """What a detail says of its money: signed, and the charges that the bank took out of it."""

    amount_minor: int | None
    charges_minor: int


def _movements(
    node: etree._Element, details: list[etree._Element], amount: int, currency: str, where: str
) -> tuple[Movement, ...]:
    if len(details) < 2:
        detail = details[0] if details else node
        charges = _charges(detail, currency, where) or _charges(node, currency, where)
        return (_movement(node, detail, 0, amount, charges),)
    sign = 1 if amount > 0 else -1
    shares = [_share(detail, sign, currency, where) for detail in details]
    stated = [share.amount_minor for share in shares]
    if None not in stated:
        parts = [part for part in stated if part is not None]
        after = [part - share.charges_minor for part, share in zip(parts, shares, strict=True)]
        for way in (parts, after):
            if sum(way) == amount:
                return tuple(
                    _movement(node, detail, index, part, share.charges_minor)
                    for index, (detail, part, share) in enumerate(
                        zip(details, way, shares, strict=True)
                    )
                )
    return (_movement(node, node, 0, amount, 0),)


def _share(detail: etree._Element, sign: int, currency: str, where: str) -> _Share:
    """The money of one detail: its own amount, else the amount of the transaction.

    An amount in another currency is none here: what it made in the account's is not said.
    """
    own = text(detail, "CdtDbtInd")
    if own:
        sign = direction(detail, where)
    for path in ("Amt", "AmtDtls/TxAmt/Amt"):
        found = child(detail, path)
        if found is not None and found.get("Ccy", currency) == currency:
            amount = sign * minor(detail, currency, where, path)
            return _Share(amount, _charges(detail, currency, where))
    return _Share(None, 0)


def _charges(node: etree._Element, currency: str, where: str) -> int:
    """Charges that are in the amount; those booked apart (``ChrgInclInd`` false) are not."""
    total = 0
    for record in (*children(node, "Chrgs/Rcrd"), *children(node, "Chrgs")):
        amount = child(record, "Amt")
        if text(record, "ChrgInclInd") in ("true", "1") and amount is not None:
            if amount.get("Ccy", currency) != currency:
                continue
            total += minor(record, currency, where)
    return total


def _movement(
    node: etree._Element, detail: etree._Element, index: int, amount: int, charges: int
) -> Movement:
    reason = text(detail, "RtrInf/Rsn/Cd", "RtrInf/RtrRsn/Cd", "RtrInf/Rsn/Prtry")
    return Movement(
        index=index,
        amount_minor=amount,
        charges_minor=charges,
        end_to_end_id=_id(text(detail, "Refs/EndToEndId")),
        payment_information_id=_id(
            text(detail, "Refs/PmtInfId") or text(node, "NtryDtls/Btch/PmtInfId")
        ),
        transaction_id=_id(text(detail, "Refs/TxId", "Refs/AcctSvcrRef", "Refs/InstrId")),
        mandate_id=_id(text(detail, "Refs/MndtId")),
        references=tuple(said[:100] for said in texts(detail, *REFERENCES)),
        remittance=" ".join(texts(detail, *LINES))[:REMITTANCE],
        debtor=_party(detail, "Dbtr"),
        creditor=_party(detail, "Cdtr"),
        return_reason=reason[:35],
        is_return=bool(reason) or _is_reversal(node) or _has_return_code(node, detail),
    )


def _id(written: str) -> str:
    return "" if written.upper() in NO_ID else written[:100]


def _has_return_code(*nodes: etree._Element) -> bool:
    for node in nodes:
        german = text(node, "BkTxCd/Prtry/Cd").split("+")[1:2]
        if text(node, "BkTxCd/Domn/Fmly/SubFmlyCd") in RETURN_CODES or (
            german and german[0] in GERMAN_RETURN_CODES
        ):
            return True
    return False


def _party(detail: etree._Element, side: str) -> Party:
    """From 001.08 on the name lies inside ``Pty``; a bank as the party names itself there too."""
    base = f"RltdPties/{side}"
    name = text(
        detail,
        f"{base}/Nm",
        f"{base}/Pty/Nm",
        f"{base}/Agt/FinInstnId/Nm",
        f"RltdPties/Ultmt{side}/Nm",
        f"RltdPties/Ultmt{side}/Pty/Nm",
    )
    account = text(
        detail, f"{base}Acct/Id/IBAN", f"{base}Acct/Id/Othr/Id", f"{base}Acct/Id/PrtryAcct/Id"
    )
    return Party(name=name[:NAME], account=account.replace(" ", "").upper()[:50])


def _bank_code(node: etree._Element) -> str:
    iso = [text(node, f"BkTxCd/Domn/{path}") for path in ("Cd", "Fmly/Cd", "Fmly/SubFmlyCd")]
    return ("-".join(part for part in iso if part) or text(node, "BkTxCd/Prtry/Cd"))[:50]
