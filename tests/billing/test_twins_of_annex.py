"""The annex by SQL is what its slow twin says, over any story, tax and invoice."""

import csv
import io
from collections import defaultdict
from datetime import date
from decimal import Decimal
from itertools import zip_longest
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.models import ClearedSdr, Invoice, InvoicedSdr, Settlement, TaxedSupply
from billing.rules.annex import AnnexRecord, AnnexWindow, Tax, annex_rows
from billing.services import supplies
from billing.services.annex import COLUMNS, FORM, Source, spool_annex
from billing.services.closing import close_window
from clearinghouse.money import minor_unit_digits
from partners.models import RoamingAgreement
from partners.queries import clearing_house
from roaming.models import Sdr
from tests.billing.part_four_rows import invoice
from tests.billing.stories import Story, World, cleared_of
from tests.billing.test_twins import amounts, beneficiaries, ends
from tests.billing.test_twins_of_part_three import undone
from tests.examples import asked_of_the_database
from tests.makers import NOON

pytestmark = pytest.mark.django_db

# What is not empty in the records of stories.
TEXTS = {"sdr_id": "sdr_id", "site": "location_name", "country": "location_country"}
TAXES = (("S", "0.19"), ("E", "0"), ("S", "0.07"))
parts = st.decimals("0", "50", places=4)
stories = st.lists(
    st.builds(
        Story,
        claim=amounts,
        seller=st.integers(0, 1),
        buyer=st.integers(0, 2),
        ended_at=ends,
        energy_kwh=st.decimals("0", "200", places=6),
        parking=parts,
        reservation=parts,
        country=st.sampled_from(["DE", "NL", ""]),
        site=st.sampled_from(["", "Kiel; Hafen", '=HYPERLINK("x")', "-1", "a\nb"]),
        parked_s=st.none() | st.integers(0, 3600),
    ),
    max_size=8,
)


@asked_of_the_database(12)
@given(
    told=stories,
    currency=st.sampled_from(["EUR", "JPY", "KWD"]),
    model=st.sampled_from(["AGENCY", "CCP"]),
    beneficiaries=beneficiaries,
)
def test_rows_of_the_annex(told, currency, model, beneficiaries):
    by = {"rates": ["0.1", "0.015"], "beneficiaries": beneficiaries}

    told = [*told, Story(Decimal(1), parking=Decimal("0.5"))]
    undone(compare_annex, told=told, currency=currency, by=by, model=model)


def compare_annex(world: World) -> None:
    compare_rows(settled(world))


def settled(world: World) -> Settlement:
    """Settle, tax what was charged outside of the Netherlands, invoice every other record."""
    settlement = close_window(world.group, now=NOON).settlement
    _tax(settlement)
    _invoice(settlement)
    return settlement


def compare_rows(settlement: Settlement) -> None:
    """Every partner's rows are those of the twin, in the same order."""
    group = settlement.window.group
    window = AnnexWindow(
        starts_at=settlement.window.supply_starts_at,
        zone=ZoneInfo(group.time_zone),
        digits=minor_unit_digits(settlement.currency),
        house=clearing_house().pk if group.model == "CCP" else None,
    )
    records = [_record(row) for row in ClearedSdr.objects.filter(window=settlement.window)]
    expected: dict[UUID, list[dict[str, str]]] = defaultdict(list)
    for partner, row in annex_rows(
        records, window, taxes=_taxes(settlement), invoices=_invoices(settlement)
    ):
        expected[partner].append(dict.fromkeys(COLUMNS[FORM], "") | row)
    partners = {side for one in records for side in _sides(one)}

    assert {partner: _rows_of(partner, settlement) for partner in partners} == expected


def _sides(record: AnnexRecord) -> tuple[UUID, UUID]:
    return record.cleared.seller_partner, record.cleared.buyer_partner


def _tax(settlement: Settlement) -> None:
    house = clearing_house().pk
    is_ccp = settlement.window.group.model == "CCP"
    legs = [
        (one, *pair)
        for one in supplies.supplied_in(settlement.window)
        if one.charge_country != "NL"
        for pair in (
            [(one.supplier, house), (house, one.customer)]
            if is_ccp
            else [(one.supplier, one.customer)]
        )
    ]
    for number, (one, supplier, customer) in enumerate(legs):
        category, rate = TAXES[number % len(TAXES)]
        decided = {
            "kind": one.kind,
            "charge_country": one.charge_country,
            "tax_dates": [one.tax_date.isoformat()],
        }
        TaxedSupply.objects.create(
            settlement=settlement,
            window=settlement.window,
            supplier_id=supplier,
            customer_id=customer,
            category=category,
            rate=Decimal(rate),
            price_basis=one.price_basis,
            is_credit=one.is_credit,
            ground=f"no. {number}",
            sdrs=1,
            net_minor=0,
            vat_minor=0,
            lines=[],
            evidence=[decided],
        )


def _invoice(settlement: Settlement) -> None:
    rows = list(ClearedSdr.objects.filter(window=settlement.window).order_by("pk"))[::2]
    legs = ["BOUGHT", "SOLD"] if settlement.window.group.model == "CCP" else ["DIRECT"]
    for leg in legs:
        made = invoice()
        InvoicedSdr.objects.bulk_create(
            InvoicedSdr(invoice=made, sdr_id=row.pk, leg=leg, kind=kind, amount_minor=1)
            for row in rows
            for kind in ("ELECTRICITY", "PARKING")
        )


def _record(row: ClearedSdr) -> AnnexRecord:
    sdr = Sdr.objects.get(pk=row.pk)
    agreement = RoamingAgreement.objects.get(pk=row.agreement_id)
    items = zip_longest(sdr.item_kinds, sdr.item_amounts, sdr.item_quantities or [])
    return AnnexRecord(
        cleared=cleared_of(row),
        is_billed=row.is_billed,
        commission_minor=row.commission_minor,
        supply_month=row.supply_month,
        currency=row.currency,
        cso=row.seller.code,
        csp=row.buyer.code,
        acceptance=agreement.acceptance,
        texts={name: getattr(sdr, field) for name, field in TEXTS.items()},
        started_at=sdr.started_at,
        ended_at=sdr.ended_at,
        charging_started_at=sdr.charging_started_at,
        charging_ended_at=sdr.charging_ended_at,
        items=list(items),
    )


def _taxes(settlement: Settlement) -> list[Tax]:
    return [
        Tax(
            row.supplier_id,
            row.customer_id,
            row.price_basis,
            row.is_credit,
            decided["kind"],
            decided.get("charge_country") or "",
            date.fromisoformat(day),
            row.category,
            row.rate,
        )
        for row in settlement.supplies.filter(window=settlement.window, is_service=False)
        for decided in row.evidence
        for day in decided["tax_dates"]
    ]


def _invoices(settlement: Settlement) -> dict[tuple[UUID, str], set[str]]:
    numbers: dict[tuple[UUID, str], set[str]] = defaultdict(set)
    for one in Invoice.objects.filter(settlement=settlement):
        for row in one.records.all():
            numbers[row.sdr_id, row.leg].add(one.number)
    return numbers


def _rows_of(partner: UUID, settlement: Settlement) -> list[dict[str, str]]:
    file = io.BytesIO()
    spool_annex(file, Source(settlement, NOON), partner_id=partner)
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    return list(csv.DictReader(text, delimiter=";"))
