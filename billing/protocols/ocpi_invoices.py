"""OCPI 2.3.0 invoice reconciliation: which CDRs an invoice is over (module invoicereconciliation).

As SENDER the clearing house tells this of every invoice it issued or was told of; as RECEIVER it
takes what a party says of its own. Registered by the roof: roaming knows no invoice.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid5

from billing.models import Invoice, InvoicedSdr, InvoicingMode, ReconciliationRecord
from billing.queries_finance import invoices_for
from billing.services import reconciliation
from billing.services.reconciliation import AlreadyThere, NotReconciled, Reconciled
from partners.models import Party
from roaming.models import Sdr
from roaming.protocols.ocpi import faults
from roaming.protocols.ocpi.bodies import object_of
from roaming.protocols.ocpi.faults import Answer, Fault
from roaming.protocols.ocpi.http import Call, ModuleView
from roaming.protocols.ocpi.paging import page_of
from roaming.protocols.ocpi.registry import Module
from roaming.protocols.ocpi.trees import times

_KIND = "InvoiceReconciliationRecord"


class Told(ModuleView):
    """GET /ocpi/2.3.0/sender/invoicereconciliation: of invoices that the caller is a side of."""

    def get(self, call: Call) -> Answer:
        endpoint = call.connection.endpoint
        rows = invoices_for(endpoint.owner, environment=endpoint.environment)
        own = {party.pk for party in call.parties}

        def render(page: list[Invoice]) -> Iterable[Any]:
            return _told(page, own=own)

        return page_of(call, rows, render=render, by="created_at")


class Received(ModuleView):
    """POST /ocpi/2.3.0/receiver/invoicereconciliation: a new one."""

    def post(self, call: Call) -> Answer:
        tree = object_of(call, _KIND)
        party = _owner(call, tree)
        _take(party, tree, call, is_new=True)
        return Answer(http=201)


class Own(ModuleView):
    """GET, PUT, DELETE /ocpi/2.3.0/receiver/invoicereconciliation/{country}/{party}/{id}."""

    def get(self, call: Call, country: str, party: str, record_id: str) -> Answer:
        return Answer(_tree_of(_found(call, country, party, record_id)))

    def put(self, call: Call, country: str, party: str, record_id: str) -> Answer:
        tree = object_of(call, _KIND)
        owner = _owner(call, tree)
        named = (owner.country_code, owner.party_id, str(tree["id"]).upper())
        if named != (country.upper(), party.upper(), record_id.upper()):
            raise Fault(faults.INVALID, "The address and the object name two different records.")
        _take(owner, tree, call, is_new=False)
        return Answer()

    def delete(self, call: Call, country: str, party: str, record_id: str) -> Answer:
        reconciliation.take_back(_found(call, country, party, record_id), now=call.now)
        return Answer()


def _owner(call: Call, tree: dict[str, Any]) -> Party:
    """Who invoices: the CSO, or with reverse billing the CSP."""
    code = f"{tree['country_code']}*{tree['party_id']}".upper()
    for role in (Party.Role.CSO, Party.Role.CSP):
        for party in call.parties:
            if party.code == code and party.role == role:
                return party
    raise Fault(faults.INVALID, f"This connection does not speak for {code}.")


def _take(party: Party, tree: dict[str, Any], call: Call, *, is_new: bool) -> None:
    told = Reconciled(
        reconciliation_id=tree["id"],
        invoice_number=tree["invoice_id"],
        sdr_ids=tuple(tree["cdrs"]),
        updated_at=times.instant(tree["last_updated"]) or call.now,
    )
    try:
        reconciliation.take(party, told, now=call.now, is_new=is_new)
    except AlreadyThere as error:
        raise Fault(faults.CLIENT_ERROR, str(error)) from error
    except NotReconciled as error:
        raise Fault(faults.INVALID, str(error)) from error


def _found(call: Call, country: str, party: str, record_id: str) -> ReconciliationRecord:
    for role in (Party.Role.CSO, Party.Role.CSP):
        for own in call.parties:
            if own.role == role and own.code == f"{country}*{party}".upper():
                row = reconciliation.find(own, record_id)
                if row is not None:
                    return row
    raise Fault(faults.CLIENT_ERROR, f"There is no such record of {country}*{party}.", http=404)


def _tree_of(row: ReconciliationRecord) -> dict[str, Any]:
    return {
        "country_code": row.party.country_code,
        "party_id": row.party.party_id,
        "id": row.reconciliation_id,
        "invoice_id": row.invoice_number,
        "cdrs": [line.sdr_id for line in row.lines.all()],
        "last_updated": times.written(row.updated_at),
    }


def _told(page: list[Invoice], *, own: set[UUID]) -> list[dict[str, Any]]:
    """One object per invoice and invoicing party; three queries for a page."""
    lines: dict[UUID, list[UUID]] = defaultdict(list)
    rows = InvoicedSdr.objects.filter(
        invoice__in=[one.pk for one in page], released_at__isnull=True
    )
    for invoice_id, sdr_id in rows.order_by("sdr_id").values_list("invoice_id", "sdr_id"):
        lines[invoice_id].append(sdr_id)
    ids = {sdr_id for found in lines.values() for sdr_id in found}
    sdrs = Sdr.objects.filter(id__in=ids).in_bulk()
    parties = Party.objects.in_bulk(
        {party for sdr in sdrs.values() for party in (sdr.seller_id, sdr.buyer_id) if party}
    )
    told = []
    for invoice in page:
        by_party: dict[UUID, list[str]] = defaultdict(list)
        for sdr_id in dict.fromkeys(lines[invoice.pk]):
            sdr = sdrs.get(sdr_id)
            if sdr is not None and {sdr.seller_id, sdr.buyer_id} & own:
                by_party[_invoicing(invoice, sdr)].append(sdr.sdr_id)
        told += [_object(invoice, parties[key], cdrs) for key, cdrs in by_party.items()]
    return told


def _invoicing(invoice: Invoice, sdr: Sdr) -> Any:
    """With self-billing it is the buyer who issues."""
    return sdr.buyer_id if invoice.mode == InvoicingMode.SELF_BILLING else sdr.seller_id


def _object(invoice: Invoice, party: Party, cdrs: list[str]) -> dict[str, Any]:
    return {
        "country_code": party.country_code,
        "party_id": party.party_id,
        "id": str(uuid5(invoice.pk, party.code)),
        "invoice_id": invoice.number,
        "cdrs": cdrs,
        "last_updated": times.written(invoice.created_at),
    }


MODULE = Module(
    name="invoicereconciliation",
    versions=("2.3.0",),
    sides={
        "SENDER": "sender/invoicereconciliation",
        "RECEIVER": "receiver/invoicereconciliation",
    },
    routes=(
        ("sender/invoicereconciliation", Told.as_view()),
        ("receiver/invoicereconciliation", Received.as_view()),
        (
            "receiver/invoicereconciliation/<str:country>/<str:party>/<str:record_id>",
            Own.as_view(),
        ),
    ),
)
