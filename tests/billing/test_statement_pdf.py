"""What a reader of the statement sees, against the books behind it."""

import io
from datetime import timedelta
from decimal import Decimal

import pypdf
import pytest

from billing.documents.content import from_json
from billing.models import Document, Position
from billing.services import statements
from clearinghouse.money import from_minor_units
from partners.models import BankAccount, PartnerFacts, Party
from tests.billing.closed_windows import CLOSED_AT, closed_window
from tests.makers import (
    LONG_AGO,
    AgreementMaker,
    GroupMaker,
    PartyMaker,
    fjell,
    nordlicht,
    numbered_record,
    partner_of,
    polder,
    take,
    voltaire,
)

pytestmark = pytest.mark.django_db

RENDERED_AT = CLOSED_AT + timedelta(minutes=5)


def issued_to(party: Party, settlement) -> Document:
    documents = statements.issue_statements(settlement, now=CLOSED_AT)
    return next(d for d in documents if d.partner == partner_of(party))


def pdf_of(document: Document) -> pypdf.PdfReader:
    file = statements.render_document(document, now=RENDERED_AT)
    return pypdf.PdfReader(io.BytesIO(file.content))


def text_of(document: Document) -> str:
    return " ".join("\n".join(page.extract_text() for page in pdf_of(document).pages).split())


def shown(minor: int, currency: str = "EUR") -> str:
    sign = "−" if minor < 0 else ""
    return f"{sign}{from_minor_units(abs(minor), currency=currency):,f}"


def records(count: int) -> list[dict]:
    """Records of Nordlicht for Voltaire, 9.02 EUR and 18.4 kWh each."""
    return [numbered_record(n) for n in range(count)]


class TestStatementPdf:
    def test_shows_the_figures_of_the_position(self):
        agreement = AgreementMaker(commission_rate=Decimal("0.1"))
        take(*records(3))
        settlement = closed_window(agreement.group)

        document = issued_to(nordlicht(), settlement)
        text = text_of(document)

        # 3 × 9.02 = 27.06; 0.90 is kept of each
        position = Position.objects.get(settlement=settlement, partner=document.partner)
        assert position.net_minor == 2706 - 270
        for figure in (
            shown(position.receivable_minor),
            shown(-position.fees_minor),
            "+" + shown(position.net_minor),
            "You receive 24.36 EUR",
            "55.200",
            "10 %",
        ):
            assert figure in text, figure
        assert "This is not a VAT invoice." in text
        assert settlement.positions_sha256 in text
        assert document.content["annex"]["sha256"] in text
        assert "Page 1 / 2" in text

    def test_shows_a_debt_with_its_sign(self):
        agreement = AgreementMaker()
        take(*records(3))

        text = text_of(issued_to(voltaire(), closed_window(agreement.group)))

        assert "You pay 27.06 EUR" in text
        assert "Position in EUR −27.06" in text

    def test_gives_a_price_reduction_to_the_buyer(self):
        agreement = AgreementMaker(commission_rate=Decimal("0.1"), commission_beneficiary="BUYER")
        take(*records(3))
        settlement = closed_window(agreement.group)

        bought = from_json(issued_to(voltaire(), settlement).content)

        line = bought.counterparties[0]
        assert (line.bought_claim_minor, line.commission_minor, line.net_minor) == (
            2706,
            270,
            -2436,
        )
        assert bought.position.payable_minor == 2436
        assert bought.fees == []

    def test_charges_the_fee_alone_where_a_partner_sold_to_itself(self):
        owner = partner_of(nordlicht())
        own_drivers = PartyMaker(
            role=Party.Role.CSP, party_id="NLP", name="Nordlicht drive", owned_by=owner
        )
        agreement = AgreementMaker(buyer=own_drivers, commission_rate=Decimal("0.1"))
        take(numbered_record(1, csp_id="DE*NLP", contract_id=None))
        settlement = closed_window(agreement.group)

        document = issued_to(nordlicht(), settlement)

        content = from_json(document.content)
        line = content.counterparties[0]
        assert (line.is_own_network, line.sdrs, line.net_minor) == (True, 1, -90)
        assert content.annex.rows == 1
        assert content.position.net_minor == -90
        assert "Nordlicht drive own network DE*NLP 1 1 18.400 – – −0.90 −0.90" in text_of(document)

    def test_lists_every_counterparty_once_by_name(self):
        sold = [AgreementMaker(buyer=voltaire()), AgreementMaker(buyer=fjell())]
        take(
            *records(2), *(numbered_record(n, csp_id="NO*FJL", contract_id=None) for n in (7, 8, 9))
        )

        content = from_json(issued_to(nordlicht(), closed_window(sold[0].group)).content)

        assert [(line.name, line.sdrs) for line in content.counterparties] == [
            ("Fjell", 3),
            ("Voltaire", 2),
        ]

    def test_prints_yen_without_decimals(self):
        group = GroupMaker(name="JPY monthly", currency="JPY")
        AgreementMaker(group=group, commission_rate=Decimal("0"))
        item = {"kind": "ENERGY", "quantity": "18.400", "unit_price": "65.217", "amount": "1200"}
        take(numbered_record(1, currency="JPY", total_amount="1200", items=[item]))

        text = text_of(issued_to(nordlicht(), closed_window(group)))

        assert "You receive 1,200 JPY" in text

    def test_does_not_grow_with_the_number_of_records(self):
        agreement = AgreementMaker()
        take(*records(10))
        few = len(pdf_of(issued_to(nordlicht(), closed_window(agreement.group))).pages)
        other = GroupMaker(name="EUR weekly")
        AgreementMaker(seller=polder(), group=other)
        take(
            *(
                numbered_record(n, cso_id="NL*PLD", evse_id=f"NL*PLD*E{n}*1", location_country="NL")
                for n in range(300)
            ),
            sender=polder(),
        )

        document = issued_to(polder(), closed_window(other))

        assert document.content["annex"]["rows"] == 300
        assert len(pdf_of(document).pages) == few

    def test_grows_with_counterparties_and_repeats_the_head_of_the_table(self):
        group = GroupMaker()
        buyers = [
            PartyMaker(role=Party.Role.CSP, country_code="FR", party_id=f"Q{n:02d}", owned_by=owner)
            for n, owner in enumerate(partner_of(voltaire()) for _buyer in range(60))
        ]
        for buyer in buyers:
            AgreementMaker(buyer=buyer, group=group)
        take(
            *(
                numbered_record(n, csp_id=buyer.code, contract_id=None)
                for n, buyer in enumerate(buyers)
            )
        )

        reader = pdf_of(issued_to(nordlicht(), closed_window(group)))

        pages = [page.extract_text() for page in reader.pages]
        assert 3 <= len(pages) <= 4
        assert all("Counterparty" in page for page in pages[:3])

    def test_is_marked_as_a_test_in_the_test_environment(self):
        group = GroupMaker(name="EUR test", environment="TEST")
        AgreementMaker(seller=nordlicht("TEST"), buyer=voltaire("TEST"), group=group)
        take(numbered_record(1), environment="TEST")

        document = issued_to(nordlicht(), closed_window(group))

        assert document.number == "TST-2026-000001"
        assert document.environment == "TEST"
        assert all("TEST" in page.extract_text() for page in pdf_of(document).pages)

    def test_masks_the_account_that_is_paid_to_its_owner(self):
        agreement = AgreementMaker()
        BankAccount.objects.create(
            partner=partner_of(nordlicht()),
            currency="EUR",
            holder="Nordlicht GmbH",
            iban="DE89370400440532013000",
            starts_at=LONG_AGO,
        )
        take(*records(1))

        document = issued_to(nordlicht(), closed_window(agreement.group))

        assert document.content["bank"]["iban"] == "DE … 3000"
        assert "DE89370400440532013000" not in text_of(document)

    def test_keeps_the_legal_facts_of_its_day(self):
        agreement = AgreementMaker()
        take(*records(1))
        document = issued_to(nordlicht(), closed_window(agreement.group))
        PartnerFacts.objects.filter(partner=document.partner).update(legal_name="Südwind AG")

        text = text_of(document)

        assert "Nordlicht GmbH" in text
        assert "Südwind" not in text

    def test_is_a_tagged_pdf_a_3_with_its_fonts_inside(self):
        agreement = AgreementMaker()
        take(*records(1))

        reader = pdf_of(issued_to(nordlicht(), closed_window(agreement.group)))

        catalog = reader.trailer["/Root"]
        xmp = catalog["/Metadata"].get_object().get_data().decode()
        assert 'pdfaid:part="3"' in xmp
        assert 'pdfaid:conformance="B"' in xmp
        assert xmp.count("<rdf:RDF") == 1
        assert catalog["/Lang"] == "en"
        assert catalog["/MarkInfo"]["/Marked"]
        assert catalog["/OutputIntents"]
        assert reader.metadata.title == "Settlement statement ST-2026-000001"
        fonts = reader.pages[0]["/Resources"]["/Font"]
        for font in fonts.values():
            descendant = font.get_object()["/DescendantFonts"][0].get_object()
            assert "/FontFile2" in descendant["/FontDescriptor"], font
