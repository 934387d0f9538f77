"""What the annex tells of a record's taxes, tariff and invoice, as known when it was issued."""

import pytest

from billing.models import Document, InvoicedSdr
from billing.services.closing import close_window
from billing.services.statements import issue_statements
from partners.queries import clearing_house
from roaming.models import Sdr, SdrRating
from tests.billing.closed_windows import CLOSED_AT, closed_window
from tests.billing.oracle_world import BUSINESS_DAY_6
from tests.billing.test_annex_files import csv_rows
from tests.billing.test_invoice_reports import Sold, _the_day_of_closing  # noqa: F401
from tests.billing.test_invoicing import a_world, agree, pair
from tests.billing.test_settling import sell
from tests.makers import AgreementMaker, nordlicht, numbered_record, partner_of, take
from tests.roaming.tariff_world import per_kwh, published

pytestmark = pytest.mark.django_db

TOLD = ("direction", "vat_category", "vat_rate", "invoice_number", "invoice_note")


def told(settlement, partner) -> dict[str, tuple[str, ...]]:
    """By SDR id what the annex of a partner's statement says."""
    statement = Document.objects.get(settlement=settlement, partner=partner, kind="STATEMENT")
    return {row["sdr_id"]: tuple(row[name] for name in TOLD) for row in csv_rows(statement)}


def test_names_the_invoice_that_we_issued_and_says_where_there_is_none():
    oracle = a_world(mode=None)
    agree(oracle.partners["A"])
    sell(oracle, "A", "B", number=1, cents=1000)
    sell(oracle, "A", "C", number=2, cents=1000)
    sell(oracle, "B", "A", number=3, cents=1000)

    settlement = close_window(oracle.group, now=BUSINESS_DAY_6).settlement

    to_b, to_c = pair(oracle, "A", "B").get().number, pair(oracle, "A", "C").get().number
    assert told(settlement, oracle.partners["A"]) == {
        "A-0001": ("SOLD", "AE", "0", to_b, ""),
        "A-0002": ("SOLD", "S", "0.21", to_c, ""),
        "B-0003": ("BOUGHT", "AE", "0", "", "ISSUED_LATER"),
    }
    assert told(settlement, oracle.partners["C"]) == {"A-0002": ("BOUGHT", "S", "0.21", to_c, "")}
    # The slow way: what the rows of invoices say.
    for row in InvoicedSdr.objects.select_related("invoice"):
        name = Sdr.objects.get(pk=row.sdr_id).sdr_id
        assert told(settlement, oracle.partners["A"])[name][3] == row.invoice.number


def test_names_the_leg_of_its_side_where_the_house_stands_between():
    oracle = a_world(model="CCP")
    sell(oracle, "A", "C", number=1, cents=1000)

    settlement = close_window(oracle.group, now=BUSINESS_DAY_6).settlement

    bought = oracle.partners["A"].invoices_sold.get(buyer=clearing_house()).number
    sold = oracle.partners["C"].invoices_bought.get(seller=clearing_house()).number
    assert told(settlement, oracle.partners["A"])["A-0001"][3] == bought
    assert told(settlement, oracle.partners["C"])["A-0001"][3] == sold


def test_stays_as_issued_when_the_seller_reports_its_invoice():
    sold = Sold()
    before = told(sold.settlement, sold.oracle.partners["A"])

    assert sold.report().status_code == 201

    # The hash of the statement still holds, or this would refuse.
    assert told(sold.settlement, sold.oracle.partners["A"]) == before
    assert {row[3:] for row in before.values()} == {("", "ISSUED_LATER")}


def test_tells_tariff_version_and_minutes_of_parking():
    agreement = AgreementMaker()
    parked = {"kind": "PARKING", "quantity": "0.25", "amount": "0.74"}
    energy = {"kind": "ENERGY", "quantity": "18.400", "unit_price": "0.45", "amount": "8.28"}
    # Charging ended ten minutes before the session.
    times = {"charging_started_at": "2026-11-14T10:00:00Z"}
    take(
        numbered_record(1, items=[energy, parked]),
        numbered_record(2, **times, charging_ended_at="2026-11-14T10:50:00Z"),
    )
    version = published(per_kwh("0.45"))
    first = Sdr.objects.get(sdr_id="NLX-00001")
    for number, rated_at in ((1, first.received_at), (2, CLOSED_AT)):
        # The second price came after the record was cleared.
        SdrRating.objects.create(
            record_id=first.pk,
            rating_version=number,
            reason="" if number == 1 else "later",
            tariff_version=version if number == 1 else published(per_kwh("0.4", id="OTHER")),
            currency="EUR",
            total_excl_tax="8.28",
            total_incl_tax="8.28",
            components={},
            trace=[],
            rated_at=rated_at,
        )

    documents = issue_statements(closed_window(agreement.group), now=CLOSED_AT)

    rows = csv_rows(next(one for one in documents if one.partner == partner_of(nordlicht())))
    assert [(row["tariff_version"], row["parking_minutes"]) for row in rows] == [
        ("1", "15"),
        ("", "10"),
    ]
    assert {row["invoice_note"] for row in rows} == {"NOT_TAXED_HERE"}
