"""pain.001.001.09: payouts of the clearing house as SEPA credit transfers, one block a file."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from lxml import etree

from billing.messages.sepa import Account, Builder, totals_of
from billing.messages.sepa_text import NAME_LENGTH, NotSendable, spelled
from clearinghouse.periods import is_business_day

SCHEMA = "pain.001.001.09"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditTransfer:
    """One payout in cents. ``remittance``: an RF reference, or what the creditor shall read."""

    end_to_end_id: str
    amount_minor: int
    creditor: Account
    remittance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditTransferFile:
    """What is paid from one account on one TARGET day."""

    file_id: UUID
    created_at: datetime
    execution_date: date
    debtor: Account
    transfers: tuple[CreditTransfer, ...]


def build(file: CreditTransferFile) -> bytes:
    """The file's bytes, valid by the schema; the same for the same content.

    :raises NotSendable: an account, an id, an amount or the day would be refused.
    """
    if not is_business_day(file.execution_date):
        raise NotSendable(f"TARGET does not settle on {file.execution_date}.")
    totals = totals_of(file.transfers)
    out = Builder(SCHEMA)
    message = out.put(out.root, "CstmrCdtTrfInitn")
    initiator = out.header(message, file_id=file.file_id, created_at=file.created_at, totals=totals)
    out.put(initiator, "Nm", spelled(file.debtor.name, NAME_LENGTH))
    block = out.block(message, file_id=file.file_id, method="TRF", totals=totals)
    out.put(block, "PmtTpInf/SvcLvl/Cd", "SEPA")
    out.put(block, "ReqdExctnDt/Dt", file.execution_date.isoformat())
    out.party(block, "Dbtr", file.debtor)
    out.account(block, "DbtrAcct", file.debtor)
    out.agent(block, "DbtrAgt", file.debtor)
    out.put(block, "ChrgBr", "SLEV")
    for transfer in file.transfers:
        _transfer(out, block, transfer)
    return out.bytes()


def _transfer(out: Builder, block: etree._Element, transfer: CreditTransfer) -> None:
    row = out.put(block, "CdtTrfTxInf")
    out.paid(row, transfer)
    out.instructed(row, "Amt/InstdAmt", transfer.amount_minor)
    if transfer.creditor.bic:
        out.agent(row, "CdtrAgt", transfer.creditor)
    out.party(row, "Cdtr", transfer.creditor)
    out.account(row, "CdtrAcct", transfer.creditor)
    out.remittance(row, transfer.remittance)
