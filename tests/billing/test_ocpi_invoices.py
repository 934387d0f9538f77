"""Invoice reconciliation over OCPI 2.3.0: the CDRs that an invoice is over; STL-02 and STL-03."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError

from billing.models import InvoicedSdr, ReconciledSdr, ReconciliationRecord
from roaming.models import Sdr
from tests.billing.part_four_rows import invoice as an_invoice
from tests.billing.part_four_rows import make, settlement
from tests.makers import (
    NOON,
    nordlicht,
    numbered_record,
    partner_of,
    polder,
    take,
    voltaire,
)
from tests.roaming.ocpi_world import System, connection

pytestmark = pytest.mark.django_db
RECEIVER, SENDER = "receiver/invoicereconciliation", "sender/invoicereconciliation"


@pytest.fixture(autouse=True)
def records() -> list[Sdr]:
    settlement()  # and with it the agreements of its world
    take(*(numbered_record(number, **_apart(number)) for number in (1, 2)))
    return list(Sdr.objects.filter(sdr_id__startswith="NLX-0000").order_by("sdr_id"))


def _apart(number: int) -> dict[str, Any]:
    start = NOON - timedelta(hours=3 * number)
    return {
        "started_at": start.isoformat(),
        "ended_at": (start + timedelta(hours=1)).isoformat(),
    }


@pytest.fixture
def cso() -> System:
    _, token = connection(nordlicht(), version="2.3.0")
    return System(token, version="2.3.0")


def told(record_id: str = "IRR1", *, cdrs: tuple[str, ...] = ("NLX-00001",), **changes: Any):
    own = {
        "country_code": "DE",
        "party_id": "NLX",
        "id": record_id,
        "invoice_id": f"NLX-{record_id}",
        "cdrs": list(cdrs),
        "last_updated": "2026-11-20T10:00:00Z",
    }
    return own | changes


def test_a_party_tells_reads_changes_and_takes_back_what_its_invoice_is_over(cso):
    assert cso.post(RECEIVER, told()).status_code == 201
    assert cso.get(f"{RECEIVER}/DE/NLX/IRR1").ocpi["data"] == told()
    assert cso.post(RECEIVER, told()).ocpi["status_code"] == 2000

    changed = told(cdrs=("NLX-00001", "NLX-00002"))
    assert cso.put(f"{RECEIVER}/DE/NLX/IRR1", changed).ocpi["status_code"] == 1000
    assert cso.get(f"{RECEIVER}/DE/NLX/IRR1").ocpi["data"]["cdrs"] == changed["cdrs"]
    assert cso.put(f"{RECEIVER}/DE/NLX/OTHER", told()).ocpi["status_code"] == 2001

    assert cso.delete(f"{RECEIVER}/DE/NLX/IRR1").status_code == 200
    assert cso.get(f"{RECEIVER}/DE/NLX/IRR1").status_code == 404
    assert cso.post(RECEIVER, told()).status_code == 201


def test_stl_02_a_record_on_two_invoices_is_a_finding(cso):
    cso.post(RECEIVER, told("IRR1"))
    second = cso.post(RECEIVER, told("IRR2"))

    assert second.status_code == 201
    row = ReconciliationRecord.objects.get(reconciliation_id="IRR2")
    assert [one["code"] for one in row.findings] == ["RECORD_ON_TWO_INVOICES"]


def test_stl_03_unknown_records_and_those_of_others_are_refused(cso):
    answer = cso.post(RECEIVER, told(cdrs=("NLX-00001", "NIX")))
    assert answer.ocpi["status_code"] == 2001
    assert "NIX" in answer.ocpi["status_message"]
    assert not ReconciliationRecord.objects.exists()

    _, token = connection(polder(), version="2.3.0")
    stranger = System(token, version="2.3.0")
    theirs = told(country_code="NL", party_id="PLD")
    assert stranger.post(RECEIVER, theirs).ocpi["status_code"] == 2001
    assert stranger.post(RECEIVER, told()).ocpi["status_code"] == 2001
    cso.post(RECEIVER, told())
    assert stranger.get(f"{RECEIVER}/DE/NLX/IRR1").status_code == 404
    assert stranger.delete(f"{RECEIVER}/DE/NLX/IRR1").status_code == 404


def test_an_object_with_faults_is_refused(cso):
    assert cso.post(RECEIVER, told(invoice_id=None)).ocpi["status_code"] == 2001
    assert cso.post(RECEIVER, told(cdrs=())).ocpi["status_code"] == 2001
    assert cso.post(RECEIVER, b"[").status_code == 400


def test_both_sides_read_which_records_our_invoices_are_over(cso, records):
    sides = {"seller": partner_of(nordlicht()), "buyer": partner_of(voltaire())}
    invoice = an_invoice(**sides, mode="A1", number="RE-2026-1")
    for record in records:
        make(InvoicedSdr, invoice=invoice, sdr_id=record.id, leg="DIRECT", kind="ENERGY")

    _, of_csp = connection(voltaire(), version="2.3.0")
    for system in (cso, System(of_csp, version="2.3.0")):
        (read,) = system.get(SENDER).ocpi["data"]
        assert (read["country_code"], read["party_id"]) == ("DE", "NLX")
        assert read["invoice_id"] == "RE-2026-1"
        assert read["cdrs"] == ["NLX-00001", "NLX-00002"]
    _, of_stranger = connection(polder(), version="2.3.0")
    assert System(of_stranger, version="2.3.0").get(SENDER).ocpi["data"] == []

    # The seller's own word is compared with the invoice of that number.
    cso.post(RECEIVER, told(invoice_id="RE-2026-1"))
    (finding,) = ReconciliationRecord.objects.get().findings
    assert finding["code"] == "RECORDS_DIFFER_FROM_INVOICE"


def reconciliation(**changes: Any) -> ReconciliationRecord:
    own = {
        "party": nordlicht(),
        "reconciliation_id": "IRR1",
        "invoice_number": "RE-1",
        "updated_at": NOON,
        "received_at": NOON,
    }
    return ReconciliationRecord.objects.create(**(own | changes))


@pytest.mark.violates("reconciliation_id_is_unique_per_party")
def test_the_id_of_a_reconciliation_is_used_once():
    reconciliation()
    with pytest.raises(DatabaseError, match="reconciliation_id_is_unique_per_party"):
        reconciliation(reconciliation_id="irr1")


@pytest.mark.violates("reconciliation_names_its_invoice")
def test_a_reconciliation_names_an_invoice():
    with pytest.raises(DatabaseError, match="reconciliation_names_its_invoice"):
        reconciliation(invoice_number="")


@pytest.mark.violates("reconciliation_names_a_record_once")
def test_a_reconciliation_names_a_record_once(records):
    own = {"reconciliation": reconciliation(), "record_id": records[0].id, "sdr_id": "NLX-00001"}
    ReconciledSdr.objects.create(**own)
    with pytest.raises(DatabaseError, match="reconciliation_names_a_record_once"):
        ReconciledSdr.objects.create(**own)
