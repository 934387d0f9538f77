"""Reading a bank's file: banks' samples to the cent, broken ones refused with their code."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings

from billing.messages.bank_file import BankFile, NotImportable, Party
from billing.messages.camt import read_camt
from tests.billing.camt_files import HOUSE_IBAN, Batch, Payment, Statement, camt053, camt054

SHARED = settings.BASE_DIR.parent / "shared"
SAMPLES = SHARED / "data" / "bank-camt053"
SAMPLE = SHARED / "reference" / "oracles" / "camt053_001_08_sample.xml"
needs_samples = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="../shared is absent: banks' samples are not in the repository"
)

# Per statement: currency, opening, closing, entries, what came in, what went out. Minor units.
REPORT_OF_GENKGO = ("SEK", None, None, 1, 0, 20_000_000)
ANNOUNCED = ("CHF", None, None, 1, 0, 0)
READ = {
    "bankstatementparser/camt.053.001.02.xml": [
        ("SEK", 50_000_000, 43_567_850, 3, 13_567_850, 20_000_000)
    ],
    "camt_parser/052_valid_example.xml": [("EUR", 850, 1350, 2, 500, 0)],
    "camt_parser/052_valid_example_with_dates.xml": [("EUR", None, None, 1, 0, 500)],
    "camt_parser/053_valid_example.xml": [("EUR", 3306, 2306, 4, 100, 1100)],
    "camt_parser/054_valid_example.xml": [("CHF", None, None, 4, 8056, 2153)],
    "genkgo/camt052.v1.xml": [REPORT_OF_GENKGO],
    "genkgo/camt052.v2.other-account.xml": [REPORT_OF_GENKGO],
    "genkgo/camt052.v2.with-account-name.xml": [REPORT_OF_GENKGO],
    "genkgo/camt052.v2.xml": [REPORT_OF_GENKGO],
    "genkgo/camt052.v4.xml": [ANNOUNCED],
    "genkgo/camt052.v6.Amt-zero.xml": [ANNOUNCED],
    "genkgo/camt052.v6.xml": [ANNOUNCED],
    "genkgo/camt052.v8.xml": [REPORT_OF_GENKGO],
    "genkgo/camt054.v2.with-account-name.xml": [REPORT_OF_GENKGO],
    "genkgo/camt054.v2.xml": [REPORT_OF_GENKGO],
    "genkgo/camt054.v4.xml": [REPORT_OF_GENKGO],
    "genkgo/camt054.v8-with-UETR.xml": [REPORT_OF_GENKGO],
    "genkgo/camt054.v8-with-financial-institution.xml": [REPORT_OF_GENKGO],
    "genkgo/camt53.only-Dt-with-DtTm.xml": [("RON", 544_209, None, 0, 0, 0)],
    "newinnovations/example-camt053-a.xml": [
        ("EUR", 20_369, 66_169, 7, 50_000, 4_200),
        ("EUR", 185_913, 166_087, 4, 30_174, 50_000),
    ],
    "newinnovations/test-camt053.xml": [("EUR", 100_000, 95_000, 2, 5_000, 10_000)],
}
# Balances in three currencies, closings that no entry explains, a summary over 14 entries of one.
REFUSED = {
    "camt_parser/053_valid_example_v8.xml": "CURRENCY_MIXED",
    "camt_parser/053_valid_example_with_datetime.xml": "SUMMARY_DOES_NOT_ADD_UP",
    "camt_parser/053_valid_example_with_debit.xml": "BALANCE_DOES_NOT_ADD_UP",
    "camt_parser/053_valid_example_with_instdamt.xml": "BALANCE_DOES_NOT_ADD_UP",
    "camt_parser/053_valid_example_with_other_id.xml": "BALANCE_MISSING",
    "genkgo/camt053.v2.all-balance-types.xml": "BALANCE_DOES_NOT_ADD_UP",
    "genkgo/camt053.v2.minimal.ultimate.xml": "CURRENCY_MIXED",
    "genkgo/camt053.v2.minimal.xml": "CURRENCY_MIXED",
    "genkgo/camt053.v2.with-account-name.xml": "BALANCE_MISSING",
    "genkgo/camt053.v2.with-party-ids.xml": "CURRENCY_MIXED",
    "genkgo/camt053.v2.wrong.xml": "NO_STATEMENT",
    "genkgo/camt053.v4.xml": "CURRENCY_MIXED",
    "genkgo/camt053.v8.xml": "CURRENCY_MIXED",
    "newinnovations/error-camt053.xml": "BALANCE_DOES_NOT_ADD_UP",
}


def by_hand(text: str) -> list[Decimal]:
    """What booked entries move, statement by statement, found in the text without our reader."""
    sums = []
    for statement in re.findall(r"<(?:Stmt|Rpt|Ntfctn)>.*?</(?:Stmt|Rpt|Ntfctn)>", text, re.DOTALL):
        total = Decimal(0)
        for entry in re.findall(r"<Ntry>.*?</Ntry>", statement, re.DOTALL):
            if not re.search(r"<Sts>\s*(<Cd>)?BOOK", entry):
                continue
            amount = re.search(r"<Amt Ccy=\"...\">([0-9.]+)<", entry)
            way = re.search(r"<CdtDbtInd>(\w+)<", entry)
            total += Decimal(amount[1]) * (1 if way[1] == "CRDT" else -1)
        sums.append(total)
    return sums


@needs_samples
class TestSamplesOfBanks:
    @pytest.mark.parametrize("name", READ)
    def test_are_read_to_the_cent(self, name):
        data = (SAMPLES / name).read_bytes()

        file = read_camt(data)

        assert [
            (
                one.currency,
                one.opening_minor,
                one.closing_minor,
                len(one.entries),
                one.credit_minor,
                one.debit_minor,
            )
            for one in file.statements
        ] == READ[name]
        assert [
            Decimal(one.credit_minor - one.debit_minor) / 100 for one in file.statements
        ] == by_hand(data.decode())

    @pytest.mark.parametrize("name", REFUSED)
    def test_are_refused_with_their_code(self, name):
        with pytest.raises(NotImportable) as refused:
            read_camt((SAMPLES / name).read_bytes())

        assert refused.value.code == REFUSED[name]
        assert refused.value.detail

    def test_none_is_left_out(self):
        files = {str(path.relative_to(SAMPLES)) for path in SAMPLES.glob("*/*.xml")}

        assert files == set(READ) | set(REFUSED)

    def test_a_batch_is_read_payment_by_payment(self):
        file = read_camt((SAMPLES / "camt_parser" / "054_valid_example.xml").read_bytes())

        batch, _, returned, _ = file.statements[0].entries
        assert [one.amount_minor for one in batch.movements] == [1500, 900]
        (movement,) = returned.movements
        assert (movement.amount_minor, movement.return_reason) == (-600, "MD06")
        assert movement.counterparty == Party(
            name="Bernasconi Maria", account="CH3709000000250094580"
        )

    def test_the_worked_sample(self):
        file = read_camt(SAMPLE.read_bytes())

        (statement,) = file.statements
        paid, collected, returned = statement.entries
        assert (statement.account, statement.number) == ("DE89370400440532013000", 220)
        assert (statement.opening_minor, statement.closing_minor) == (100_000, 113_800)
        assert paid.movements[0].references == ("RF18539007547034",)
        assert paid.movements[0].end_to_end_id == ""
        assert paid.movements[0].counterparty == Party(
            name="CSP A GmbH", account="DE02120300000000202051"
        )
        assert [one.end_to_end_id for one in collected.movements] == ["STM-1-CSP1", "STM-1-CSP2"]
        assert collected.movements[0].mandate_id == "M-1"
        assert returned.is_reversal
        assert (returned.amount_minor, returned.movements[0].return_reason) == (-1000, "AM04")


def read(*entries: Payment | Batch, **statement: object) -> BankFile:
    return read_camt(camt053(Statement(number=7, opening=1000, entries=entries, **statement)))


class TestMoney:
    def test_announced_entries_are_kept_but_are_no_money(self):
        file = read(Payment(minor=500), Payment(minor=900, status="PDNG"))

        (statement,) = file.statements
        assert [entry.is_money for entry in statement.entries] == [True, False]
        assert (statement.credit_minor, statement.closing_minor) == (500, 1500)

    def test_a_returned_payout_comes_from_the_payee(self):
        payee = ("A B.V.", "NL91ABNA0417164300")
        returned = Payment(minor=600, reversal=True, creditor=payee, debtor=("House", HOUSE_IBAN))

        (entry,) = read(returned).statements[0].entries

        assert (entry.amount_minor, entry.movements[0].is_return) == (600, True)
        assert entry.movements[0].counterparty == Party(name=payee[0], account=payee[1])

    @pytest.mark.parametrize(
        "code",
        [
            "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>RRTN</SubFmlyCd></Fmly>"
            "</Domn></BkTxCd>",
            "<BkTxCd><Prtry><Cd>NRTI+159+00931</Cd></Prtry></BkTxCd>",
        ],
    )
    def test_a_return_is_known_by_the_banks_code_too(self, code):
        plain = camt053(Statement(number=7, opening=0, entries=(Payment(minor=600),))).decode()

        file = read_camt(plain.replace("<NtryDtls>", f"{code}<NtryDtls>").encode())

        assert file.statements[0].entries[0].movements[0].is_return

    def test_a_batch_that_does_not_add_up_stays_one(self):
        parts = (Payment(minor=300), Payment(minor=200))

        (entry,) = read(Batch(payments=parts, reference="B", minor=600)).statements[0].entries

        assert [one.amount_minor for one in entry.movements] == [600]
        assert (entry.payments, entry.is_itemised) == (2, False)

    def test_charges_inside_a_batch_are_taken_off_their_payment(self):
        parts = (Payment(minor=295, charges=5), Payment(minor=200))

        (entry,) = read(Batch(payments=parts, reference="B")).statements[0].entries

        assert [(one.amount_minor, one.charges_minor) for one in entry.movements] == [
            (295, 5),
            (200, 0),
        ]

    def test_charges_of_one_payment_are_inside_its_entry(self):
        (entry,) = read(Payment(minor=9950, charges=50)).statements[0].entries

        assert entry.movements[0].amount_minor == 9950
        assert entry.movements[0].charges_minor == 50

    @pytest.mark.parametrize("written", ["5442.09000", "5442.09", "+5442.090"])
    def test_zeros_behind_the_cent_are_exact(self, written):
        plain = camt053(Statement(number=7, opening=544_209)).decode()

        file = read_camt(plain.replace("5442.09", written).encode())

        assert file.statements[0].closing_minor == 544_209

    def test_yen_have_no_decimals(self):
        plain = camt053(Statement(number=7, opening=None, entries=(Payment(minor=270_000),)))
        text = plain.decode().replace("053", "054").replace("BkToCstmrStmt", "N")
        text = text.replace("Stmt>", "Ntfctn>").replace("EUR", "JPY")

        assert (
            read_camt(text.replace("2700.00", "2700").encode()).statements[0].credit_minor == 2700
        )
        with pytest.raises(NotImportable, match="AMOUNT_TOO_PRECISE"):
            read_camt(text.replace("2700.00", "2700.5").encode())

    def test_several_days_go_from_the_first_opening_to_the_last_closing(self):
        later = (
            '<Bal><Tp><CdOrPrtry><Cd>{}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{}</Amt>'
            "<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2027-02-20</Dt></Dt></Bal>"
        )
        extra = later.format("OPBD", "13.00") + later.format("CLBD", "15.00")

        file = read(Payment(minor=300), Payment(minor=200), closing=1300, extra=extra)

        (statement,) = file.statements
        assert (statement.opening_minor, statement.closing_minor) == (1000, 1500)


class TestReferences:
    def test_of_the_bank_are_kept(self):
        (entry,) = read(Payment(minor=1, reference="BK-1")).statements[0].entries

        assert (entry.reference, entry.has_bank_reference) == ("BK-1", True)

    def test_equal_payments_without_one_stay_two_and_are_the_same_again(self):
        twice = (Payment(minor=7520), Payment(minor=7520), Payment(minor=7521))

        first = [entry.reference for entry in read(*twice).statements[0].entries]
        again = [entry.reference for entry in read(*twice[:2]).statements[0].entries]

        assert len(set(first)) == 3
        assert first[:2] == again
        assert first[1] == f"{first[0]}#2"

    def test_in_the_notification_are_those_of_the_statement(self):
        paid = Payment(minor=7520, remittance="STM26", debtor=("C", "NL91ABNA0417164300"))
        statement = Statement(number=1, opening=0, entries=(paid,))

        ours = [
            file.statements[0].entries[0].reference
            for file in (read_camt(camt053(statement)), read_camt(camt054(statement)))
        ]

        assert ours[0] == ours[1]

    def test_remittance_of_both_kinds(self):
        (entry,) = (
            read(
                Payment(minor=1, remittance="CH26-STM-000007 thanks", structured="RF18539007547034")
            )
            .statements[0]
            .entries
        )

        assert entry.movements[0].references == ("RF18539007547034",)
        assert entry.movements[0].remittance == "CH26-STM-000007 thanks"


class TestTolerance:
    @pytest.mark.parametrize("version", ["01", "02", "04", "08", "10", "13"])
    def test_of_every_version(self, version):
        file = read_camt(camt053(Statement(number=7, opening=0), version=version))

        assert (file.kind, file.version) == ("camt.053", version)

    def test_of_a_banks_envelope_and_of_another_order(self):
        text = camt053(Statement(number=7, opening=500, entries=(Payment(minor=1),))).decode()
        document = text.partition("?>")[2]
        entry = re.search(r"<Ntry>.*</Ntry>", document)[0]
        moved = document.replace(entry, "").replace("<Acct>", f"{entry}<Acct>")

        file = read_camt(f"\ufeff<Envelope><Header/>{moved}</Envelope>".encode())

        assert file.statements[0].closing_minor == 501

    def test_a_file_may_hold_several_accounts(self):
        file = read_camt(
            camt053(
                Statement(number=7, opening=0),
                Statement(number=9, opening=5, iban="NL91ABNA0417164300"),
            )
        )

        assert [(one.account, one.number) for one in file.statements] == [
            (HOUSE_IBAN, 7),
            ("NL91ABNA0417164300", 9),
        ]


PLAIN = camt053(Statement(number=7, opening=1000, entries=(Payment(minor=500),))).decode()
SUMMARY = "<TxsSummry><TtlNtries><NbOfNtries>{}</NbOfNtries><Sum>{}</Sum></TtlNtries></TxsSummry>"
BROKEN = {
    "nothing": ("", "NOT_XML"),
    "cut off": (PLAIN[:-30], "NOT_XML"),
    "an entity": (
        PLAIN.replace("?>", '?><!DOCTYPE d [<!ENTITY e "x">]>', 1),
        "ENTITIES_REFUSED",
    ),
    "another message": (PLAIN.replace("camt.053", "pain.001"), "NOT_A_BANK_STATEMENT"),
    "no statement": (re.sub(r"<Stmt>.*</Stmt>", "", PLAIN), "NO_STATEMENT"),
    "no account": (re.sub(r"<Acct>.*</Acct>", "", PLAIN), "ACCOUNT_MISSING"),
    "no currency": (
        re.sub(r"<Ccy>EUR</Ccy>| Ccy=\"EUR\"", "", PLAIN),
        "CURRENCY_MISSING",
    ),
    "a dead currency": (PLAIN.replace("EUR", "DEM"), "CURRENCY_UNKNOWN"),
    "two currencies": (PLAIN.replace('Ccy="EUR">5.00', 'Ccy="USD">5.00'), "CURRENCY_MIXED"),
    "no amount": (PLAIN.replace(">5.00", ">", 1), "AMOUNT_NOT_VALID"),
    "an amount below zero": (PLAIN.replace(">5.00", ">-5.00", 1), "AMOUNT_NOT_VALID"),
    "an amount in words": (PLAIN.replace(">5.00", ">NaN", 1), "AMOUNT_NOT_VALID"),
    "an endless amount": (PLAIN.replace(">5.00", ">" + "9" * 18, 1), "AMOUNT_NOT_VALID"),
    "a tenth of a cent": (PLAIN.replace(">5.00", ">5.001", 1), "AMOUNT_TOO_PRECISE"),
    "a long amount and a trifle": (
        PLAIN.replace(">5.00", ">1000000000000000." + "1".zfill(18), 1),
        "AMOUNT_TOO_PRECISE",
    ),
    "no direction": (PLAIN.replace("CRDT", "", 3), "DIRECTION_MISSING"),
    "no status": (re.sub(r"<Sts>.*</Sts>", "", PLAIN), "STATUS_MISSING"),
    "no day": (PLAIN.replace("2027-02-19", "2027-02-30"), "DATE_NOT_VALID"),
    "no number": (PLAIN.replace(">7<", ">seven<"), "NUMBER_NOT_VALID"),
    "no opening balance": (PLAIN.replace("OPBD", "OPAV"), "BALANCE_MISSING"),
    "no closing balance": (PLAIN.replace("CLBD", "CLAV"), "BALANCE_MISSING"),
    "two closing balances": (
        PLAIN.replace("</Bal><Ntry>", "</Bal>" + re.findall("<Bal>.*?</Bal>", PLAIN)[0] + "<Ntry>")
        .replace("OPBD", "CLBD")
        .replace("CLBD", "OPBD", 1),
        "BALANCE_AMBIGUOUS",
    ),
    "a cent too much": (PLAIN.replace("15.00", "15.01"), "BALANCE_DOES_NOT_ADD_UP"),
    "a summary of more entries": (
        PLAIN.replace("<Ntry>", SUMMARY.format(2, "5.00") + "<Ntry>", 1),
        "SUMMARY_DOES_NOT_ADD_UP",
    ),
    "a summary of more money": (
        PLAIN.replace("<Ntry>", SUMMARY.format(1, "5.01") + "<Ntry>", 1),
        "SUMMARY_DOES_NOT_ADD_UP",
    ),
}


class TestRefusals:
    @pytest.mark.parametrize("what", BROKEN)
    def test_have_their_code(self, what):
        text, code = BROKEN[what]

        with pytest.raises(NotImportable) as refused:
            read_camt(text.encode())

        assert refused.value.code == code

    def test_what_is_broken_here_is_read_when_it_is_whole(self):
        assert read_camt(PLAIN.encode()).statements[0].closing_minor == 1500

    def test_a_file_may_be_too_large(self):
        with pytest.raises(NotImportable, match="FILE_TOO_LARGE"):
            read_camt(b" " * 50_000_001)

    def test_each_code_is_told_in_the_reader(self):
        told = (Path(settings.BASE_DIR) / "billing/messages/camt.py").read_text()

        codes = {code for _, code in BROKEN.values()} | set(REFUSED.values()) | {"FILE_TOO_LARGE"}
        assert codes == set(re.findall(r"``([A-Z_]{7,})``", told.split('"""')[1]))
