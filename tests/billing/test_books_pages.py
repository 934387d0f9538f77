"""Accruals, ageing and fiscal periods for staff; accruals and ageing for partners' systems."""

import csv
import io
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse

from billing.models import FiscalPeriod, Transfer
from billing.services import cover, fiscal, sealing
from billing.services.fiscal import NotLockable
from partners.models import AuditEvent, User
from partners.services.approvals import NotDecidable
from tests.makers import (
    NOON,
    AgreementMaker,
    PartnerUserMaker,
    StaffMaker,
    approver,
    laterne,
    nordlicht,
    numbered_record,
    partner_of,
    take,
    voltaire,
)
from tests.roaming.partner_systems import PartnerSystem

pytestmark = pytest.mark.django_db

ACCRUALS, AGEING = "/api/v1/ledger/accruals/", "/api/v1/ledger/ageing/"
NOVEMBER_ENDS_AT = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(DECEMBER, tick=False) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def quick_secrets(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def delivered():
    """Three records of Nordlicht for Voltaire of 9.02 each; nothing is cleared."""
    agreement = AgreementMaker()
    take(*(numbered_record(number) for number in range(1, 4)))
    return agreement


def text(response) -> str:
    return response.content.decode()


class TestAccrualsOfASystem:
    @pytest.mark.parametrize(("party", "direction"), [(nordlicht, "SOLD"), (voltaire, "BOUGHT")])
    def test_are_its_own_from_its_side(self, delivered, party, direction):
        told = PartnerSystem(party()).get(ACCRUALS, as_of="2026-11-30T23:00:00Z")

        assert told.status_code == 200
        [row] = told.json()["results"]
        assert (row["supply_month"], row["direction"]) == ("2026-11", direction)
        assert (row["sdrs"], row["claim_minor"], row["standing"]) == (3, 2706, "ACCEPTED")
        assert row["counterparty"] == ("Voltaire" if direction == "SOLD" else "Nordlicht")

    def test_a_stranger_sees_nothing(self, delivered):
        assert PartnerSystem(laterne()).get(ACCRUALS).json()["results"] == []
        assert PartnerSystem(nordlicht(), scopes=["sdr:read"]).get(ACCRUALS).status_code == 403

    def test_are_refused_until_they_are_complete(self, delivered):
        system = PartnerSystem(nordlicht())

        early = system.get(ACCRUALS, as_of="2026-12-01T01:30:00Z")

        assert (early.status_code, early.json()["code"]) == (409, "BOOKS_NOT_COMPLETE")
        assert system.get(ACCRUALS).json()["as_of"] == "2026-12-01T01:00:00Z"
        assert system.get(ACCRUALS, month="1").json()["code"] == "PARAMETERS_INVALID"

    def test_ageing_is_empty_where_nothing_is_issued(self, delivered):
        told = PartnerSystem(nordlicht()).get(AGEING).json()

        assert told == {"today": "2026-12-01", "results": []}


class TestAccrualsOfStaff:
    def page(self, client, name="accruals", **query):
        return client.get(reverse(f"admin:billing_{name}"), query)

    def test_are_shown_for_the_end_of_last_month(self, client, delivered):
        client.force_login(StaffMaker())

        shown = text(self.page(client))

        assert "27.06 EUR" in shown
        assert 'value="2026-12-01T00:00"' in shown
        assert "2026-11" in shown

    def test_lead_to_their_records(self, client, delivered):
        client.force_login(StaffMaker())
        seller = partner_of(nordlicht())

        found = self.page(
            client, "accrued_records", supply_month="2026-11", seller=str(seller.pk),
            standing="ACCEPTED", as_of="2026-12-01T00:00", environment="LIVE",
        )  # fmt: skip

        assert text(found).count("9.02 EUR") == 3
        assert "NLX-00001" in text(found)

    def test_are_files_too(self, client, delivered):
        client.force_login(StaffMaker())

        as_csv = b"".join(self.page(client, file="csv").streaming_content).decode("utf-8-sig")
        as_xlsx = self.page(client, file="xlsx").content

        [row] = csv.DictReader(io.StringIO(as_csv), delimiter=";")
        assert (row["supply_month"], row["records"], row["claim"]) == ("2026-11", "3", "27.06")
        sheet = openpyxl.load_workbook(io.BytesIO(as_xlsx)).active
        assert [cell.value for cell in sheet[2]][-2:] == [3, 27.06]

    def test_say_from_when_on_they_can_be_read(self, client, delivered):
        client.force_login(StaffMaker())

        told = text(self.page(client, as_of="2026-12-01T02:45"))

        assert "The last instant that can be read is 2026-12-01 02:00" in told
        assert "This field is required" not in told
        assert "Enter a valid date/time" in text(self.page(client, as_of="yesterday"))

    @pytest.mark.parametrize("name", ["accruals", "accrued_records", "ageing", "trial_balance"])
    def test_partners_and_other_staff_are_refused(self, client, delivered, name):
        client.force_login(PartnerUserMaker(partner=partner_of(nordlicht())))
        assert self.page(client, name).status_code == 302
        client.force_login(User.objects.create(username="clerk", is_staff=True))
        assert self.page(client, name).status_code == 403

    def test_ageing_says_that_nothing_is_open(self, client):
        client.force_login(StaffMaker())

        assert "Nothing is open" in text(self.page(client, "ageing"))
        found = b"".join(self.page(client, "ageing", file="csv").streaming_content)
        assert found.decode("utf-8-sig").startswith("partner;side;currency")


def a_pay_in(*, now: datetime) -> None:
    cover.pay_in(
        partner_of(voltaire()),
        cover.PREFUND,
        amount_minor=500,
        currency="EUR",
        environment="LIVE",
        reference=f"pay-in {now}",
        now=now,
    )


def november() -> FiscalPeriod:
    """November and December are there, and nothing before."""
    ends = (NOVEMBER_ENDS_AT - timedelta(days=30), NOVEMBER_ENDS_AT, DECEMBER + timedelta(days=30))
    rows = [
        FiscalPeriod.objects.create(name=name, starts_at=starts_at, ends_at=ends_at)
        for name, starts_at, ends_at in zip(("2026-11", "2026-12"), ends, ends[1:], strict=False)
    ]
    return rows[0]


class TestPeriods:
    @pytest.fixture
    def people(self):
        return [User.objects.create(username=n, is_staff=True) for n in ("mia", "kai")]

    def locked(self, people) -> FiscalPeriod:
        period = november()
        sealing.seal(now=DECEMBER)
        fiscal.request_lock(period, reason="month-end", maker=people[0], now=DECEMBER)
        return fiscal.lock(period.pk, checker=people[1], now=DECEMBER)

    def test_are_the_months_of_brussels_and_made_once(self):
        made = fiscal.open_months(year=2026, environment="LIVE", now=NOON)
        again = fiscal.open_months(year=2026, environment="LIVE", now=NOON)

        assert len(made) == len(again) == FiscalPeriod.objects.count() == 12
        november = next(one for one in made if one.name == "2026-11")
        assert (november.starts_at, november.ends_at) == (
            datetime(2026, 10, 31, 23, 0, tzinfo=UTC),
            NOVEMBER_ENDS_AT,
        )

    def test_one_that_is_locked_takes_no_posting(self, people):
        period = self.locked(people)

        assert (period.state, period.approval.checker.username) == ("LOCKED", "kai")
        with pytest.raises(IntegrityError, match="locked"), transaction.atomic():
            a_pay_in(now=NOVEMBER_ENDS_AT - timedelta(microseconds=1))
        a_pay_in(now=NOVEMBER_ENDS_AT)
        assert Transfer.objects.count() == 1

    def test_a_second_person_locks_it(self, people):
        period = november()
        sealing.seal(now=DECEMBER)
        with pytest.raises(NotLockable, match="Nobody asked"):
            fiscal.lock(period.pk, checker=people[1], now=DECEMBER)
        fiscal.request_lock(period, reason="month-end", maker=people[0], now=DECEMBER)
        with pytest.raises(NotDecidable):
            fiscal.lock(period.pk, checker=people[0], now=DECEMBER)

        fiscal.refuse_lock(period.pk, checker=people[1], now=DECEMBER)

        period.refresh_from_db()
        assert period.state == "OPEN"
        assert fiscal.open_request(period, now=DECEMBER) is None

    def test_is_not_locked_before_it_is_over_and_sealed(self, people):
        period = november()
        sealing.seal(now=NOVEMBER_ENDS_AT - timedelta(seconds=1))
        with pytest.raises(NotLockable, match="not sealed up to its end"):
            fiscal.request_lock(period, reason="month-end", maker=people[0], now=DECEMBER)
        sealing.seal(now=DECEMBER)
        a_pay_in(now=NOON)
        with pytest.raises(NotLockable, match="Postings of the period are not sealed"):
            fiscal.request_lock(period, reason="month-end", maker=people[0], now=DECEMBER)

    def test_months_are_locked_in_their_order(self, people):
        november()
        sealing.seal(now=DECEMBER + timedelta(days=60))

        december = FiscalPeriod.objects.get(name="2026-12")

        assert "Lock 2026-11 first" in fiscal.why_not_lockable(december)

    @pytest.mark.violates("locked_period_stays_locked")
    def test_one_that_is_locked_stays_locked(self, people):
        period = self.locked(people)
        period.state, period.approval, period.locked_at = "OPEN", None, None

        with pytest.raises(IntegrityError, match="locked"), transaction.atomic():
            period.save()


class TestPagesOfPeriods:
    def url(self, verb: str, period: FiscalPeriod) -> str:
        return reverse(f"admin:billing_fiscalperiod_{verb}", args=[period.pk])

    def test_two_persons_lock_one_and_see_what_is_accrued(self, client, delivered):
        mia, kai = approver("mia"), approver("kai")
        client.force_login(mia)
        client.post(
            reverse("admin:billing_fiscalperiod_months"), {"year": "2027", "environment": "LIVE"}
        )
        period = november()
        sealing.seal(now=DECEMBER)

        asked = client.get(self.url("ask", period))
        client.post(self.url("ask", period), {"reason": "month-end of November"})
        own = client.post(self.url("lock", period), {"reason": "month-end of November"})
        client.force_login(kai)
        page = client.get(self.url("change", period))
        client.post(self.url("lock", period), {"reason": "checked against the bank"}, follow=True)

        assert "3 records, 27.06 EUR" in text(asked)
        assert "who asked cannot decide" in text(own)
        assert "mia asked to lock it" in text(page)
        period.refresh_from_db()
        assert period.state == "LOCKED"
        acts = AuditEvent.objects.filter(object_type__icontains="fiscalperiod")
        assert sorted(acts.values_list("action", flat=True)) == [
            "fiscal_period.lock_requested",
            "fiscal_period.locked",
            "fiscal_period.made",
        ]
        assert "stays locked" in text(client.get(self.url("change", period)))

    def test_others_may_not(self, client):
        period = november()
        client.force_login(User.objects.create(username="clerk", is_staff=True))
        answers = {verb: client.get(self.url(verb, period)).status_code
                   for verb in ("ask", "lock", "refuse")}  # fmt: skip
        answers["months"] = client.get(reverse("admin:billing_fiscalperiod_months")).status_code

        assert set(answers.values()) == {403}
