"""Take what a party says its invoice is over, and check it against records and invoices.

A record of another party, or one nobody sent, refuses the whole. What is merely doubtful is a
finding, and settles nothing twice: settlement never asks a reconciliation.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from billing.models import Invoice, InvoicedSdr, ReconciledSdr, ReconciliationRecord
from clearinghouse.retry import in_transaction
from partners.models import Party, PartyOwnership
from partners.queries import in_period
from roaming.models import Sdr, SdrState

_SHOWN = 10
_LIVE = ("DELIVERED", "ACCEPTED", "DISPUTED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """``sdr_ids`` are those that the invoice ``invoice_number`` is over."""

    reconciliation_id: str
    invoice_number: str
    sdr_ids: tuple[str, ...]
    updated_at: datetime


class NotReconciled(Exception):
    """It names records that are not the party's, or that nobody sent; nothing was changed."""


class AlreadyThere(NotReconciled):
    """A reconciliation of this id exists: it is replaced, not told again."""


def take(party: Party, told: Reconciled, *, now: datetime, is_new: bool) -> ReconciliationRecord:
    """Keep a reconciliation of ``party``, as a new one or in place of the former.

    :raises NotReconciled: RECORDS_UNKNOWN in words; ``AlreadyThere`` for a new one with a known id
    """
    return in_transaction(lambda: _take(party, told, now=now, is_new=is_new))


def take_back(record: ReconciliationRecord, *, now: datetime) -> None:
    """The party says that the reconciliation itself was wrong."""
    ReconciliationRecord.objects.filter(pk=record.pk, deleted_at__isnull=True).update(
        deleted_at=now
    )


def find(party: Party, reconciliation_id: str) -> ReconciliationRecord | None:
    """The party's own, if it did not take it back."""
    found = ReconciliationRecord.objects.filter(
        party=party, reconciliation_id__iexact=reconciliation_id, deleted_at__isnull=True
    )
    return found.prefetch_related("lines").first()


def _take(party: Party, told: Reconciled, *, now: datetime, is_new: bool) -> ReconciliationRecord:
    records = _records(party, told.sdr_ids)
    former = (
        ReconciliationRecord.objects.select_for_update()
        .filter(party=party, reconciliation_id__iexact=told.reconciliation_id)
        .first()
    )
    if former is not None and is_new and former.deleted_at is None:
        raise AlreadyThere(f"{told.reconciliation_id} is here already: replace it by PUT.")
    row = former or ReconciliationRecord(
        party=party, environment=party.environment, reconciliation_id=told.reconciliation_id
    )
    row.invoice_number, row.updated_at = told.invoice_number, told.updated_at
    row.received_at, row.deleted_at = now, None
    row.findings = _findings(party, told, records, own=former)
    row.save()
    ReconciledSdr.objects.filter(reconciliation=row).delete()
    ReconciledSdr.objects.bulk_create(
        [
            ReconciledSdr(reconciliation=row, record_id=record_id, sdr_id=sdr_id)
            for sdr_id, record_id in records.items()
        ]
    )
    return row


def _records(party: Party, sdr_ids: Iterable[str]) -> dict[str, UUID]:
    """The live records of these ids that the party sold (or, reverse billing, bought)."""
    wanted = list(dict.fromkeys(sdr_ids))
    side = Q(seller=party) if party.role == Party.Role.CSO else Q(buyer=party)
    found = Sdr.objects.filter(side, sdr_id__in=wanted).values_list("sdr_id", "id")
    live = set(
        SdrState.objects.filter(id__in=[pk for _, pk in found], state__in=_LIVE).values_list(
            "id", flat=True
        )
    )
    records = {sdr_id: pk for sdr_id, pk in found if pk in live}
    missing = [one for one in wanted if one not in records]
    if missing or not wanted:
        shown = ", ".join(missing[:_SHOWN]) or "none"
        raise NotReconciled(f"These are no records of {party.code} here: {shown}.")
    return records


def _findings(
    party: Party,
    told: Reconciled,
    records: dict[str, UUID],
    *,
    own: ReconciliationRecord | None,
) -> list[dict[str, str]]:
    findings = []
    twice = (
        ReconciledSdr.objects.filter(
            record_id__in=records.values(), reconciliation__deleted_at__isnull=True
        )
        .exclude(reconciliation=own)
        .select_related("reconciliation")
    )
    for line in twice[:_SHOWN]:
        text = f"{line.sdr_id} is on invoice {line.reconciliation.invoice_number} too."
        findings.append({"code": "RECORD_ON_TWO_INVOICES", "text": text})
    ours = _invoiced_here(party, told, now=told.updated_at)
    if ours is not None and ours != set(records.values()):
        text = f"Invoice {told.invoice_number} is over {len(ours)} records here."
        findings.append({"code": "RECORDS_DIFFER_FROM_INVOICE", "text": text})
    return findings


def _invoiced_here(party: Party, told: Reconciled, *, now: datetime) -> set[UUID] | None:
    """The records of the invoice of that number, where we know one of the party's owner."""
    owner = PartyOwnership.objects.filter(in_period(now), party=party).values("partner")
    invoice = Invoice.objects.filter(
        Q(seller__in=owner) | Q(buyer__in=owner),
        number=told.invoice_number,
        environment=party.environment,
    ).first()
    if invoice is None:
        return None
    rows = InvoicedSdr.objects.filter(invoice=invoice, released_at__isnull=True)
    return set(rows.values_list("sdr_id", flat=True))
