"""Payment files as the bank takes them: by the schema, by the rule book, and the same each time."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from billing.messages import pain001, pain008
from billing.messages.pain001 import CreditTransfer, CreditTransferFile
from billing.messages.pain008 import Collection, CollectionFile
from billing.messages.sepa import Account, Address, Totals, read_totals, schema_problems
from billing.messages.sepa_text import (
    NotSendable,
    account_number,
    bank_code,
    creditor_identifier,
    creditor_reference,
    identifier,
    spelled,
)

SHARED = settings.BASE_DIR.parent / "shared"
SCHEMAS = SHARED / "data/iso20022-schemas"
FILE = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
HOUSE = Account(name="Clearing House SE", iban="DE89370400440532013000", bic="COBADEFFXXX")
GROSSE = Account(
    name="CSO Grosse B.V.",
    iban="NL91ABNA0417164300",
    bic="ABNANL2A",
    address=Address(
        street="Damrak", building="1", post_code="1011AB", town="Amsterdam", country_code="NL"
    ),
)
# The clearing house's answer to finance.md, of a Tuesday.
PAYOUT = CreditTransferFile(
    file_id=FILE,
    created_at=datetime(2026, 11, 22, 11, 39, 7, tzinfo=UTC),
    execution_date=date(2026, 11, 24),
    debtor=HOUSE,
    transfers=(
        CreditTransfer(
            end_to_end_id="STM-2026-10-000123-CSO1",
            amount_minor=123_456,
            creditor=GROSSE,
            remittance="SETTLE 2026-10 STM-000123",
        ),
    ),
)
COLLECTION = CollectionFile(
    file_id=FILE,
    created_at=datetime(2026, 11, 22, 11, 39, 7, tzinfo=UTC),
    collection_date=date(2026, 11, 26),
    creditor=HOUSE,
    creditor_id="DE98ZZZ09999999999",
    collections=(
        Collection(
            end_to_end_id="STM-2026-10-000124-CSP1",
            amount_minor=5000,
            debtor=Account(name="CSP GmbH", iban="DE02120300000000202051", bic="BYLADEM1001"),
            remittance="SETTLE 2026-10",
            mandate_id="M-CSP1-2026",
            signed_date=date(2026, 1, 15),
        ),
    ),
)
BOTH = pytest.mark.parametrize(
    ("build", "content"), [(pain001.build, PAYOUT), (pain008.build, COLLECTION)]
)


def told(content: bytes) -> list[tuple[str, str]]:
    """Each element's name and text in order, without the ids and the instant that differ."""
    changing = {"MsgId", "PmtInfId", "CreDtTm"}
    names = [(etree.QName(row).localname, (row.text or "").strip()) for row in tree(content).iter()]
    return [(name, "" if name in changing else text) for name, text in names]


def tree(content: bytes):
    return etree.fromstring(content)


class TestTheOracles:
    """The files that finance.md shows, element by element."""

    @pytest.mark.skipif(not SHARED.exists(), reason="the shared data is not here")
    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("pain.001.001.09.xml", pain001.build(PAYOUT)),
            ("pain.008.001.08.xml", pain008.build(COLLECTION)),
        ],
    )
    def test_say_the_same(self, name, content):
        oracle = (SHARED / "reference/oracles" / name).read_bytes()

        assert told(content) == told(oracle)

    @pytest.mark.skipif(not SCHEMAS.exists(), reason="the shared data is not here")
    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("pain.001.001.09.xsd", pain001.build(PAYOUT)),
            ("pain.008.001.08.xsd", pain008.build(COLLECTION)),
        ],
    )
    def test_are_valid_by_the_published_schemas(self, name, content):
        schema = etree.XMLSchema(etree.parse(SCHEMAS / name))

        assert schema.validate(tree(content)), schema.error_log

    @pytest.mark.skipif(not SHARED.exists(), reason="the shared data is not here")
    def test_what_other_programs_send_is_valid_too(self):
        """So the bundled schemas are those that the world uses."""
        folder = SHARED / "data/bank-pain-samples/php-sepa-xml"

        for schema in ("pain.001.001.09", "pain.008.001.08"):
            assert not list(schema_problems((folder / f"{schema}.xml").read_bytes(), schema))


class TestFiles:
    @BOTH
    def test_are_the_same_bytes_for_the_same_content(self, build, content):
        assert build(content) == build(content)
        assert f"<MsgId>M{FILE.hex}<".encode() in build(content)
        assert f"<PmtInfId>P{FILE.hex}<".encode() in build(content)

    @BOTH
    def test_are_counted_and_added_up_from_their_bytes(self, build, content):
        found = read_totals(build(content))

        assert found == Totals(1, 123_456 if content is PAYOUT else 5000)

    @BOTH
    def test_say_when_a_header_lies(self, build, content):
        lying = build(content).replace(b"<CtrlSum>", b"<CtrlSum>9", 1)

        with pytest.raises(NotSendable, match="A header says"):
            read_totals(lying)

    def test_add_up_many(self):
        rows = tuple(
            replace(PAYOUT.transfers[0], end_to_end_id=f"E{number}", amount_minor=number)
            for number in range(1, 101)
        )

        assert read_totals(pain001.build(replace(PAYOUT, transfers=rows))) == Totals(100, 5050)

    def test_name_no_bank_that_is_not_known(self):
        payout = replace(
            PAYOUT,
            debtor=replace(HOUSE, bic=""),
            transfers=(replace(PAYOUT.transfers[0], creditor=replace(GROSSE, bic="")),),
        )
        debited = replace(HOUSE, bic="")
        collection = replace(
            COLLECTION, collections=(replace(COLLECTION.collections[0], debtor=debited),)
        )

        assert pain001.build(payout).count(b"NOTPROVIDED") == 1
        assert pain008.build(collection).count(b"NOTPROVIDED") == 1

    def test_carry_a_structured_reference_as_such(self):
        reference = creditor_reference("STM2026100123")
        content = pain001.build(
            replace(PAYOUT, transfers=(replace(PAYOUT.transfers[0], remittance=reference),))
        )

        assert reference == "RF66STM2026100123"
        assert b"<Ref>RF66STM2026100123</Ref>" in content
        assert b"<Cd>SCOR</Cd>" in content
        assert b"Ustrd" not in content

    def test_cut_what_a_creditor_reads_to_140_characters(self):
        long = replace(PAYOUT.transfers[0], remittance="Ü" * 100)
        content = pain001.build(replace(PAYOUT, transfers=(long,)))

        assert b"<Ustrd>" + b"Ue" * 70 + b"</Ustrd>" in content


REFUSED_PAYOUTS = [
    ({"amount_minor": 0}, "0 cents"),
    ({"amount_minor": -1}, "-1 cents"),
    ({"amount_minor": 100_000_000_000}, "cannot be sent"),
    ({"end_to_end_id": "E" * 36}, "no identifier"),
    ({"end_to_end_id": "Größe"}, "no identifier"),
    ({"end_to_end_id": "/A"}, "no identifier"),
    ({"creditor": replace(GROSSE, iban="NL92ABNA0417164300")}, "no IBAN"),
    ({"creditor": replace(GROSSE, bic="ABNA")}, "no BIC"),
    ({"creditor": replace(GROSSE, name="株式会社")}, "cannot be spelled"),
    (
        {"creditor": replace(GROSSE, address=Address(town="", country_code="NL"))},
        "a town and a country",
    ),
]


class TestWhatIsRefused:
    @pytest.mark.parametrize(("change", "why"), REFUSED_PAYOUTS)
    def test_in_a_payout(self, change, why):
        wrong = replace(PAYOUT, transfers=(replace(PAYOUT.transfers[0], **change),))

        with pytest.raises(NotSendable, match=why):
            pain001.build(wrong)

    @BOTH
    def test_no_payment_at_all(self, build, content):
        rows = "transfers" if content is PAYOUT else "collections"

        with pytest.raises(NotSendable, match="without a payment"):
            build(replace(content, **{rows: ()}))

    def test_one_end_to_end_id_twice(self):
        with pytest.raises(NotSendable, match="one EndToEndId"):
            pain001.build(replace(PAYOUT, transfers=PAYOUT.transfers * 2))

    @pytest.mark.parametrize("day", [date(2026, 11, 28), date(2026, 12, 25), date(2027, 3, 29)])
    def test_a_day_without_settlement(self, day):
        with pytest.raises(NotSendable, match="TARGET does not settle"):
            pain001.build(replace(PAYOUT, execution_date=day))
        with pytest.raises(NotSendable, match="TARGET does not settle"):
            pain008.build(replace(COLLECTION, collection_date=day))

    def test_a_creditor_identifier_with_a_slip(self):
        with pytest.raises(NotSendable, match="creditor identifier"):
            pain008.build(replace(COLLECTION, creditor_id="DE97ZZZ09999999999"))

    def test_a_mandate_that_is_signed_afterwards(self):
        late = replace(COLLECTION.collections[0], signed_date=date(2026, 11, 27))

        with pytest.raises(NotSendable, match="signed after"):
            pain008.build(replace(COLLECTION, collections=(late,)))


class TestSpelling:
    @pytest.mark.parametrize(
        ("text", "plain"),
        [
            ("Grüße & Söhne", "Gruesse + Soehne"),
            ("ÄRGER", "AeRGER"),
            ("Łódź Ørsted Ærø", "Lodz Orsted Aero"),
            ("ЕЛЕКТРО", "ELEKTRO"),
            ("Ενέργεια", "Energeia"),
            ("a//b/", "a/b"),
            ("  a \n b  ", "a b"),
            ("<script>", "script"),
            ("株式会社", ""),
        ],
    )
    def test_of_names(self, text, plain):
        assert spelled(text, 70) == plain

    @given(st.text(st.characters(max_codepoint=0x2600)), st.integers(1, 140))
    def test_of_anything_is_allowed_and_no_longer(self, text, length):
        found = spelled(text, length)

        assert len(found) <= length
        assert re.fullmatch(r"[A-Za-z0-9/\-?:().,'+ ]*", found)
        assert not found or identifier(found[:35].strip(" /"))
        assert spelled(found, length) == found

    @given(st.text(st.sampled_from("ABCXYZ0123456789"), min_size=1, max_size=21))
    def test_a_reference_keeps_what_it_is_of(self, text):
        reference = creditor_reference(text)

        assert reference[:2] == "RF"
        assert reference[4:] == text

    @pytest.mark.parametrize("text", ["", "-", "A" * 22])
    def test_no_reference_of_nothing_or_too_much(self, text):
        with pytest.raises(NotSendable):
            creditor_reference(text)

    def test_of_numbers(self):
        assert account_number("nl91 abna 0417 1643 00") == "NL91ABNA0417164300"
        assert bank_code("abnanl2a") == "ABNANL2A"
        assert creditor_identifier("DE98 ZZZ0 9999 9999 99") == "DE98ZZZ09999999999"
