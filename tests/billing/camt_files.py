"""Bank statements of our own making, as text: what no sample of a bank shows."""

from dataclasses import dataclass, replace
from decimal import Decimal

HOUSE_IBAN = "DE89370400440532013000"
DAY = "2027-02-19"


def _tag(name: str, content: object) -> str:
    return f"<{name}>{content}</{name}>" if content not in ("", None) else ""


def _minor(minor: int) -> str:
    return str(Decimal(minor).scaleb(-2))


@dataclass(frozen=True, kw_only=True)
class Payment:
    """One payment, in cent: above zero it came in. As an entry of its own, or in a ``Batch``."""

    minor: int
    reference: str = ""
    end_to_end: str = "NOTPROVIDED"
    payment_information: str = ""
    mandate: str = ""
    structured: str = ""
    remittance: str = ""
    debtor: tuple[str, str] = ("", "")
    creditor: tuple[str, str] = ("", "")
    reversal: bool = False
    reason: str = ""
    status: str = "BOOK"
    charges: int = 0
    currency: str = "EUR"

    def details(self) -> str:
        references = (
            _tag("PmtInfId", self.payment_information)
            + _tag("EndToEndId", self.end_to_end)
            + _tag("MndtId", self.mandate)
        )
        amount = f'<Amt Ccy="{self.currency}">{_minor(abs(self.minor) + self.charges)}</Amt>'
        charged = (
            f'<Chrgs><Rcrd><Amt Ccy="EUR">{_minor(self.charges)}</Amt>'
            "<ChrgInclInd>true</ChrgInclInd></Rcrd></Chrgs>"
        )
        parties = "".join(
            f"<{side}><Pty><Nm>{name}</Nm></Pty></{side}>"
            f"<{side}Acct><Id><IBAN>{iban}</IBAN></Id></{side}Acct>"
            for side, (name, iban) in (("Dbtr", self.debtor), ("Cdtr", self.creditor))
            if name or iban
        )
        strd = f"<Strd><CdtrRefInf><Ref>{self.structured}</Ref></CdtrRefInf></Strd>"
        said = _tag("Ustrd", self.remittance) + (strd if self.structured else "")
        return (
            f"<TxDtls><Refs>{references}</Refs>{amount}<CdtDbtInd>{_way(self.minor)}</CdtDbtInd>"
            + (charged if self.charges else "")
            + _tag("RltdPties", parties)
            + _tag("RmtInf", said)
            + (f"<RtrInf><Rsn><Cd>{self.reason}</Cd></Rsn></RtrInf>" if self.reason else "")
            + "</TxDtls>"
        )

    def entry(self) -> str:
        return _entry(self, self.minor, self.details())


@dataclass(frozen=True, kw_only=True)
class Batch:
    """One entry over several payments; ``minor`` says another sum than theirs."""

    payments: tuple[Payment, ...]
    reference: str
    minor: int | None = None
    status: str = "BOOK"
    reversal: bool = False
    currency: str = "EUR"

    @property
    def sum_minor(self) -> int:
        return sum(one.minor for one in self.payments) if self.minor is None else self.minor

    def entry(self) -> str:
        number = f"<Btch><NbOfTxs>{len(self.payments)}</NbOfTxs></Btch>"
        return _entry(self, self.sum_minor, number + "".join(p.details() for p in self.payments))


def _way(minor: int) -> str:
    return "CRDT" if minor >= 0 else "DBIT"


def _entry(one: Payment | Batch, minor: int, details: str) -> str:
    return (
        f'<Ntry><Amt Ccy="{one.currency}">{_minor(abs(minor))}</Amt>'
        f"<CdtDbtInd>{_way(minor)}</CdtDbtInd>"
        + ("<RvslInd>true</RvslInd>" if one.reversal else "")
        + f"<Sts><Cd>{one.status}</Cd></Sts><BookgDt><Dt>{DAY}</Dt></BookgDt>"
        f"<ValDt><Dt>{DAY}</Dt></ValDt>{_tag('AcctSvcrRef', one.reference)}"
        f"<NtryDtls>{details}</NtryDtls></Ntry>"
    )


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A statement; its closing balance is right, unless another one is said."""

    number: int | None
    opening: int | None
    entries: tuple[Payment | Batch, ...] = ()
    closing: int | None = None
    iban: str = HOUSE_IBAN
    name: str = "S1"
    extra: str = ""

    @property
    def moved(self) -> int:
        return sum(
            one.sum_minor if isinstance(one, Batch) else one.minor
            for one in self.entries
            if one.status == "BOOK"
        )

    @property
    def right_closing(self) -> int:
        return (self.opening or 0) + self.moved

    def xml(self, tag: str) -> str:
        closing = self.right_closing if self.closing is None else self.closing
        balances = _balance("OPBD", self.opening) + _balance("CLBD", closing)
        return (
            f"<{tag}><Id>{self.name}</Id>{_tag('ElctrncSeqNb', self.number)}"
            f"<Acct><Id><IBAN>{self.iban}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
            + (balances if self.opening is not None else "")
            + self.extra
            + "".join(one.entry() for one in self.entries)
            + f"</{tag}>"
        )


def _balance(kind: str, minor: int | None) -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">'
        f"{_minor(abs(minor or 0))}</Amt><CdtDbtInd>{_way(minor or 0)}</CdtDbtInd>"
        f"<Dt><Dt>{DAY}</Dt></Dt></Bal>"
    )


def camt053(*statements: Statement, version: str = "08") -> bytes:
    return _document("053", "BkToCstmrStmt", "Stmt", statements, version)


def camt054(*statements: Statement, version: str = "08") -> bytes:
    without = [replace(one, opening=None) for one in statements]
    return _document("054", "BkToCstmrDbtCdtNtfctn", "Ntfctn", without, version)


def _document(kind: str, message: str, tag: str, statements, version: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.{version}">'
        f"<{message}><GrpHdr><MsgId>M1</MsgId></GrpHdr>"
        + "".join(one.xml(tag) for one in statements)
        + f"</{message}></Document>"
    ).encode()
