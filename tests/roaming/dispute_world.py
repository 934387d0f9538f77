"""Disputes at every stage, for pages that must tell of each; Laterne is the stranger."""

from decimal import Decimal

from roaming.models import Dispute
from roaming.services import dispute_evidence, disputes
from roaming.services.disputes import Actor, Complaint
from tests.makers import NOON, AgreementMaker, numbered_record, take
from tests.roaming.evidence_files import pdf

CSP = Actor(side="CSP", name="voltaire")
CSO = Actor(side="CSO", name="nordlicht")
OLGA = Actor(side="HOUSE", name="olga")


def records(many: int, *, first: int = 1, **terms) -> list[str]:
    """Ids of records of 9.02 EUR that wait for Voltaire's word."""
    AgreementMaker(**({"acceptance": "EXPLICIT"} | terms))
    return [one.record_id for one in take(*(numbered_record(first + n) for n in range(many)))]


def opened(record_id, amount="4.02", *, reason="D01", text="The car took 10 kWh.") -> Dispute:
    complaint = Complaint(reason=reason, text=text, amount=Decimal(amount))
    return disputes.open_dispute(record_id, complaint, by=CSP, now=NOON)


def contested(record_id) -> Dispute:
    """The CSO offered 7.00 with a file, the CSP contests."""
    dispute = opened(record_id)
    dispute_evidence.attach(dispute.pk, name="meter.pdf", content=pdf(), by=CSO, now=NOON)
    offer = {"amount": Decimal(7), "text": "The meter says 14 kWh."}
    disputes.act(dispute.pk, "partial", by=CSO, now=NOON, **offer)
    return disputes.act(dispute.pk, "contest", by=CSP, now=NOON, text="It is the wrong meter.")
