"""pain.002: what the bank says about a payment file: of all, of a block, of single payments.

Read by element names in any version, because banks answer in their own; what is not understood is
left out, what decides (the file meant, a status) is asked for. Nothing here changes a payment.
"""

from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

# ISO 20022 external payment status codes, by what they come to for us.
ACCEPTED_CODES = frozenset({"ACTC", "ACCP", "ACSP", "ACSC", "ACWC", "ACCC", "ACFC"})
PART_CODES = frozenset({"PART"})
REJECTED_CODES = frozenset({"RJCT", "CANC"})
# PDNG, RCVD: the bank has it and has not decided.
LARGEST_BYTES = 20_000_000


class NotReadable(ValueError):
    """The file is no pain.002; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Reason:
    """``code``: ISO (AC04) or the bank's own; ``text``: what it adds."""

    code: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionStatus:
    """Of one payment, by the EndToEndId that we gave it."""

    end_to_end_id: str
    status: str
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockStatus:
    """Of one PmtInf; ``status`` is empty where the bank tells of single payments only."""

    payment_information_id: str
    status: str
    reasons: tuple[Reason, ...]
    transactions: tuple[TransactionStatus, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """``original_message_id`` is the MsgId of our file; ``status`` of all of it, or empty."""

    message_id: str
    original_message_id: str
    status: str
    reasons: tuple[Reason, ...]
    blocks: tuple[BlockStatus, ...]

    def rejected(self) -> dict[str, tuple[Reason, ...]]:
        """The payments that were refused one by one, by EndToEndId, each with its reasons."""
        return {
            row.end_to_end_id: row.reasons or block.reasons or self.reasons
            for block in self.blocks
            for row in block.transactions
            if row.status in REJECTED_CODES
        }

    def is_rejected_whole(self) -> bool:
        """All of it is refused: the group, or its every block."""
        if self.status in REJECTED_CODES:
            return True
        return bool(self.blocks) and all(block.status in REJECTED_CODES for block in self.blocks)

    def is_accepted(self) -> bool:
        """The bank takes the file, if not every payment of it."""
        taken = ACCEPTED_CODES | PART_CODES
        return self.status in taken or any(
            block.status in taken or any(row.status in taken for row in block.transactions)
            for block in self.blocks
        )

    def whole_reasons(self) -> tuple[Reason, ...]:
        """Why all of it is refused: what the group says, else the blocks."""
        return self.reasons or tuple(reason for block in self.blocks for reason in block.reasons)


def read(content: bytes) -> StatusReport:
    """:raises NotReadable: too large, no XML, with a DTD, or no status report about a file."""
    if len(content) > LARGEST_BYTES:
        raise NotReadable(f"It has {len(content)} bytes; {LARGEST_BYTES} are read at most.")
    try:
        root = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise NotReadable(f"It is no XML that is read here: {error}") from error
    report = _child(root, "CstmrPmtStsRpt")
    group = _child(report, "OrgnlGrpInfAndSts")
    if report is None or group is None:
        raise NotReadable("It is no pain.002: it has no CstmrPmtStsRpt with OrgnlGrpInfAndSts.")
    original = _text(group, "OrgnlMsgId")
    if not original:
        raise NotReadable("It does not say which file it is about: OrgnlMsgId is missing.")
    found = StatusReport(
        message_id=_text(_child(report, "GrpHdr"), "MsgId"),
        original_message_id=original,
        status=_text(group, "GrpSts"),
        reasons=_reasons(group),
        blocks=tuple(_block(block) for block in _children(report, "OrgnlPmtInfAndSts")),
    )
    if not (found.status or any(block.status or block.transactions for block in found.blocks)):
        raise NotReadable("It has no status: neither of the file nor of a payment in it.")
    return found


def _block(block: Element) -> BlockStatus:
    return BlockStatus(
        payment_information_id=_text(block, "OrgnlPmtInfId"),
        status=_text(block, "PmtInfSts"),
        reasons=_reasons(block),
        transactions=tuple(
            TransactionStatus(
                end_to_end_id=_text(row, "OrgnlEndToEndId"),
                status=_text(row, "TxSts"),
                reasons=_reasons(row),
            )
            for row in _children(block, "TxInfAndSts")
        ),
    )


def _reasons(parent: Element) -> tuple[Reason, ...]:
    found = []
    for info in _children(parent, "StsRsnInf"):
        reason = _child(info, "Rsn")
        code = _text(reason, "Cd") or _text(reason, "Prtry")
        text = " ".join((line.text or "").strip() for line in _children(info, "AddtlInf"))
        if code or text:
            found.append(Reason(code, text))
    return tuple(found)


def _children(parent: Element | None, name: str) -> list[Element]:
    if parent is None:
        return []
    return [one for one in parent if one.tag.rpartition("}")[2] == name]


def _child(parent: Element | None, name: str) -> Element | None:
    return next(iter(_children(parent, name)), None)


def _text(parent: Element | None, name: str) -> str:
    found = _child(parent, name)
    return (found.text or "").strip() if found is not None else ""
