"""Journey J8: a year ends, and an auditor proves it without us."""

import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.urls import reverse

from billing.models import (
    BalanceConfirmation,
    ClearedSdr,
    Document,
    Instruction,
    NumberSeries,
    SupplyBlock,
    TaxedSupply,
    Transfer,
)
from billing.queries_accruals import accruals
from billing.rules.accruals import AccrualLine
from billing.rules.books import POSITION_ACCOUNTS
from billing.services import balances, sealing, statements
from billing.services.closing import close_window
from clearinghouse.sealing import Sealer
from partners.models import GroupMembership, ParticipationContract, Partner
from roaming.models import RawRecord, Sdr
from tests.billing import oracle_world
from tests.billing.oracle_world import BUSINESS_DAY_6, Oracle, a_record, an_oracle, january
from tests.makers import (
    LONG_AGO,
    AgreementMaker,
    PartnerMaker,
    PartnerUserMaker,
    StaffMaker,
    laterne,
    partner_of,
    staff_of,
    take,
)

pytestmark = pytest.mark.django_db

YEAR_END = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
RECEIVED = datetime(2026, 12, 31, 22, 45, tzinfo=UTC)
FIFTH_OF_JANUARY = datetime(2027, 1, 5, 9, 0, tzinfo=UTC)
FIRST_OF_MARCH = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
SCRIPT = settings.BASE_DIR / "docs" / "audit" / "verify_books.py"


@dataclass
class Year:
    oracle: Oracle
    resellers: list[Partner]
    before: list[AccrualLine]


def at(hour: int, *, day: date = date(2026, 12, 31)) -> dict[str, str]:
    """A session of 50 minutes that ends at that hour of Brussels."""
    ended_at = datetime(day.year, day.month, day.day, hour - 1, 0, tzinfo=UTC)
    return {
        "started_at": (ended_at - timedelta(minutes=50)).isoformat(),
        "ended_at": ended_at.isoformat(),
    }


def a_german_reseller(oracle: Oracle, letter: str) -> Partner:
    """It buys from B; both are in Germany and dealers with proof."""
    partner = PartnerMaker(name=letter)
    oracle_world.tax_facts(partner, "DE", is_dealer=True)
    contract = ParticipationContract.objects.create(
        partner=partner, number=f"PC-{letter}", has_netting_clause=True, starts_at=LONG_AGO
    )
    GroupMembership.objects.create(contract=contract, group=oracle.group)
    oracle.partners[letter] = partner
    oracle_world.COUNTRIES[letter] = "DE"
    oracle.buyers[letter] = oracle_world._party(partner, letter, "CSP")
    AgreementMaker(
        seller=oracle.sellers["B"],
        buyer=oracle.buyers[letter],
        group=oracle.group,
        commission_rate=Decimal(0),
    )
    return partner


@pytest.fixture(scope="module")
def ended(kept_for_file) -> Iterator[Year]:
    """Told once for all: whoever asks reads, or writes what is rolled back."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(oracle_world, "COUNTRIES", dict(oracle_world.COUNTRIES))
        yield a_year()


@pytest.fixture
def year(ended, db) -> Year:
    return ended


def a_year() -> Year:
    """A's 12 records of 31 December for B, of 9.00 each; B's for D that day, for E the next."""
    oracle = an_oracle()
    resellers = [a_german_reseller(oracle, letter) for letter in "DE"]
    late = [a_record(oracle, "A", "B", number=300 + n, cents=900, **at(8 + n)) for n in range(12)]
    outcomes = take(*late, sender=oracle.sellers["A"], received_at=RECEIVED)
    assert {one.state for one in outcomes} == {"ACCEPTED"}, outcomes[0]
    german = [
        a_record(oracle, "B", "D", number=330, cents=500, **at(12)),
        a_record(oracle, "B", "E", number=331, cents=700, **at(12, day=date(2027, 1, 1))),
    ]
    take(german[0], sender=oracle.sellers["B"], received_at=RECEIVED)
    before = read(as_of=YEAR_END, now=FIFTH_OF_JANUARY)
    take(german[1], sender=oracle.sellers["B"], received_at=FIFTH_OF_JANUARY)
    january(oracle)
    for _ in range(2):
        close_window(oracle.group, now=BUSINESS_DAY_6)
    sealing.seal(now=BUSINESS_DAY_6)
    sealing.seal(now=FIRST_OF_MARCH)
    return Year(oracle, resellers, before)


def read(*, as_of: datetime, now: datetime) -> list[AccrualLine]:
    return accruals(as_of=as_of, now=now, environment="LIVE")


def test_the_accrual_of_the_year_end_is_the_same_on_any_day(year):
    a, b = year.oracle.partners["A"].pk, year.oracle.partners["B"].pk

    assert AccrualLine("2026-12", a, b, "EUR", "EXCL_TAX", "ACCEPTED", 12, 10800) in year.before
    assert read(as_of=YEAR_END, now=FIRST_OF_MARCH) == year.before
    assert [line for line in read(as_of=FIRST_OF_MARCH - timedelta(hours=2), now=FIRST_OF_MARCH)
            if line.seller == a] == []  # fmt: skip


def test_the_report_of_staff_is_the_same_on_any_day(year, client):
    staff = StaffMaker()
    query = {"as_of": "2027-01-01T00:00", "environment": "LIVE", "file": "csv"}

    def report(now: datetime) -> bytes:
        with time_machine.travel(now, tick=False):
            client.force_login(staff)
            answer = client.get(reverse("admin:billing_accruals"), query)
            return b"".join(answer.streaming_content)

    assert report(FIFTH_OF_JANUARY) == report(FIRST_OF_MARCH)
    assert b"2026-12;A;B;EUR;EXCL_TAX;ACCEPTED;12;108.00" in report(FIRST_OF_MARCH)


def test_late_records_settle_under_their_supply_month(year):
    rows = ClearedSdr.objects.filter(
        seller_partner=year.oracle.partners["A"], supply_month=date(2026, 12, 1)
    )

    assert (rows.count(), sum(row.claim_minor for row in rows)) == (12, 10800)
    statement = Document.objects.get(
        kind="STATEMENT", partner=year.oracle.partners["A"],
        settlement__window=rows.first().window,
    )  # fmt: skip
    months = {line["month"]: line["sold_claim_minor"] for line in statement.content["months"]}
    assert months["2026-12"] == 10800


def test_german_resellers_are_shifted_until_the_law_ends(year):
    taxed = TaxedSupply.objects.filter(customer__in=year.resellers, is_service=False)
    blocks = SupplyBlock.objects.filter(customer__in=year.resellers, is_service=False)

    assert [(row.category, row.net_minor, row.vat_minor) for row in taxed] == [("AE", 500, 0)]
    assert [row.amount_minor for row in blocks] == [700]
    assert [row.reasons[0]["code"] for row in blocks] == ["DOMESTIC_RULE_UNKNOWN"]


def test_an_auditor_goes_from_a_payment_to_the_bytes_as_received(year, client):
    """By the links of the pages, one after the other; the role sees all and changes nothing."""
    payment = Instruction.objects.order_by("place").first()
    client.force_login(staff_of("auditor"))

    page = reverse("admin:billing_instruction_change", args=[payment.pk])
    for leads_to in (
        f"/billing/settlement/{payment.settlement_id}/change/",
        r"/billing/clearedsdr/\?",
        r"/billing/clearedsdr/[0-9a-f-]{36}/change/",
        r"/roaming/sdr/[0-9a-f-]{36}/change/",
    ):
        page = link_on(client, page, leads_to)
    told = client.post(f"{page.removesuffix('change/')}raw/", {"reason": "year-end audit"})

    record_id = page.rstrip("/").split("/")[-2]
    raw = RawRecord.objects.get(pk=record_id)
    opened = Sealer(settings.PERSONAL_DATA_KEY, purpose="raw-record").open(
        bytes(raw.encrypted_payload)
    )
    assert hashlib.sha256(opened).hexdigest() == raw.sha256
    assert f"SHA-256 {raw.sha256}" in told.content.decode()
    assert json.loads(opened)["sdr_id"] == Sdr.objects.get(pk=record_id).sdr_id


def link_on(client, page: str, leads_to: str) -> str:
    """The first link of the page whose address has the pattern ``leads_to`` in it."""
    told = client.get(page)
    assert told.status_code == 200, page
    links = re.findall(r'href="(/admin/[^"]*)"', told.content.decode())
    found = [unescape(link) for link in links if re.search(leads_to, link)]
    assert found, f"no link to {leads_to} on {page}"
    return found[0]


def test_an_auditor_proves_the_books_without_us(year, tmp_path):
    ledger = tmp_path / "ledger.txt"
    call_command("export_ledger", str(ledger), verbosity=0)
    good = verify("ledger", ledger)
    changed = tmp_path / "changed.txt"
    lines = ledger.read_bytes().split(b"\n")
    lines[2] = lines[2][:-1] + bytes([lines[2][-1] ^ 1])
    changed.write_bytes(b"\n".join(lines))
    broken = verify("ledger", changed)
    short = tmp_path / "short.txt"
    short.write_bytes(b"\n".join([*lines[:1], *lines[3:]]))

    assert good.returncode == 0
    assert f"{Transfer.objects.count()} postings fit" in good.stdout
    assert broken.returncode == 1
    assert "posting 3 (" in broken.stderr
    assert lines[2].split(b"\t")[3].split(b"|")[0].decode() in broken.stderr
    assert "posting 2 is missing" in verify("ledger", short).stderr


def test_an_auditor_proves_a_document_without_us(year, tmp_path):
    document = Document.objects.filter(kind="STATEMENT").first()
    file = statements.render_document(document, now=FIRST_OF_MARCH)
    pdf = tmp_path / "statement.pdf"
    pdf.write_bytes(bytes(file.content))
    good = verify("file", pdf, file.sha256)
    content = bytearray(file.content)
    content[1000] ^= 1
    pdf.write_bytes(content)
    broken = verify("file", pdf, file.sha256)

    assert (good.returncode, broken.returncode) == (0, 1)
    assert "statement.pdf" in broken.stderr


def verify(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The script in a Python that sees nothing of ours."""
    command = [sys.executable, "-I", str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_balances_equal_the_ledger_and_numbers_have_no_gap(year):
    as_of = FIRST_OF_MARCH
    rows = balances.ask_all(as_of=as_of, environment="LIVE", now=FIRST_OF_MARCH)
    ledger: Counter = Counter()
    for transfer in Transfer.objects.select_related("debit_account", "credit_account"):
        for account, sign in ((transfer.debit_account, -1), (transfer.credit_account, 1)):
            if account.code in POSITION_ACCOUNTS:
                ledger[account.partner_id] += sign * transfer.amount_minor

    assert {row.partner.name for row in rows} >= {"A", "B", "C"}
    assert {row.partner_id: row.balance_minor for row in rows} == {
        row.partner_id: ledger[row.partner_id] for row in rows
    }
    assert BalanceConfirmation.objects.count() == len(rows)
    for series in NumberSeries.objects.filter(series__in=["ST", "BC"]):
        wanted = [
            f"{series.series}-{series.year}-{number:06}"
            for number in range(1, series.last_number + 1)
        ]
        found = Document.objects.filter(number__startswith=f"{series.series}-{series.year}-")
        assert sorted(found.values_list("number", flat=True)) == wanted


def test_others_see_no_partners_money(year, client):
    """A regulator, a lab, and people of another partner."""
    staff_pages = [
        reverse(f"admin:billing_{name}")
        for name in (
            "accruals", "ageing", "transfer_changelist", "position_changelist",
            "document_changelist", "balanceconfirmation_changelist", "postingexport_changelist",
            "clearedsdr_changelist", "instruction_changelist",
        )
    ]  # fmt: skip
    with time_machine.travel(FIRST_OF_MARCH, tick=False):
        for role in ("regulator", "lab"):
            client.force_login(staff_of(role))
            assert {client.get(page).status_code for page in staff_pages} == {403}
        client.force_login(PartnerUserMaker(partner=partner_of(laterne())))
        assert {client.get(page).status_code for page in staff_pages} == {302}
        query = {"as_of": "2027-01-01T00:00"}
        books = client.get(reverse("portal:books"), query).content.decode()
    assert "Everything that was delivered by then was settled" in books
    assert "108.00" not in books
