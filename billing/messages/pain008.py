"""pain.008.001.08: collections by SEPA B2B direct debit, one block a file.

B2B alone: a Core debit can be taken back for eight weeks, so nothing could be paid out from it.
Every collection is RCUR, the first one too, as the rule book asks since 2016.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from lxml import etree

from billing.messages.sepa import Account, Builder, totals_of
from billing.messages.sepa_text import (
    NAME_LENGTH,
    NotSendable,
    creditor_identifier,
    identifier,
    spelled,
)
from clearinghouse.periods import is_business_day

SCHEMA = "pain.008.001.08"


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """One collection in cents, under a mandate the debtor has signed."""

    end_to_end_id: str
    amount_minor: int
    debtor: Account
    remittance: str
    mandate_id: str
    signed_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionFile:
    """What is collected to one account on one TARGET day; ``creditor_id`` as DE98ZZZ…"""

    file_id: UUID
    created_at: datetime
    collection_date: date
    creditor: Account
    creditor_id: str
    collections: tuple[Collection, ...]


def build(file: CollectionFile) -> bytes:
    """The file's bytes, valid by the schema; the same for the same content.

    :raises NotSendable: an account, an id, a mandate, an amount or the day would be refused.
    """
    if not is_business_day(file.collection_date):
        raise NotSendable(f"TARGET does not settle on {file.collection_date}.")
    totals = totals_of(file.collections)
    creditor_id = creditor_identifier(file.creditor_id)
    out = Builder(SCHEMA)
    message = out.put(out.root, "CstmrDrctDbtInitn")
    initiator = out.header(message, file_id=file.file_id, created_at=file.created_at, totals=totals)
    out.put(initiator, "Nm", spelled(file.creditor.name, NAME_LENGTH))
    out.put(initiator, "Id/OrgId/Othr/Id", creditor_id)
    block = out.block(message, file_id=file.file_id, method="DD", totals=totals)
    kind = out.put(block, "PmtTpInf")
    out.put(kind, "SvcLvl/Cd", "SEPA")
    out.put(kind, "LclInstrm/Cd", "B2B")
    out.put(kind, "SeqTp", "RCUR")
    out.put(block, "ReqdColltnDt", file.collection_date.isoformat())
    out.party(block, "Cdtr", file.creditor)
    out.account(block, "CdtrAcct", file.creditor)
    out.agent(block, "CdtrAgt", file.creditor)
    out.put(block, "ChrgBr", "SLEV")
    scheme = out.put(block, "CdtrSchmeId/Id/PrvtId/Othr")
    out.put(scheme, "Id", creditor_id)
    out.put(scheme, "SchmeNm/Prtry", "SEPA")
    for collection in file.collections:
        if collection.signed_date > file.collection_date:
            raise NotSendable(f"Mandate {collection.mandate_id} is signed after the collection.")
        _collection(out, block, collection)
    return out.bytes()


def _collection(out: Builder, block: etree._Element, collection: Collection) -> None:
    row = out.put(block, "DrctDbtTxInf")
    out.paid(row, collection)
    out.instructed(row, "InstdAmt", collection.amount_minor)
    mandate = out.put(row, "DrctDbtTx/MndtRltdInf")
    out.put(mandate, "MndtId", identifier(collection.mandate_id))
    out.put(mandate, "DtOfSgntr", collection.signed_date.isoformat())
    out.agent(row, "DbtrAgt", collection.debtor)
    out.party(row, "Dbtr", collection.debtor)
    out.account(row, "DbtrAcct", collection.debtor)
    out.remittance(row, collection.remittance)
