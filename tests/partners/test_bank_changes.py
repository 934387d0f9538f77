"""A new bank account: whom it passes, what it waits for, and who is told."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail

from partners.models import BankAccount, BankDetailChange, PartnerFacts, User
from partners.queries import accounts_being_changed
from partners.services import bank_changes
from partners.services.approvals import NotDecidable
from partners.services.bank_changes import NewAccount, NotChangeable
from tests.makers import LONG_AGO, PartnerMaker, PartnerUserMaker

pytestmark = pytest.mark.django_db

# Wednesday; three business days over Easter end on Tuesday after.
ASKED = datetime(2027, 3, 24, 9, 0, tzinfo=UTC)
COOLED = date(2027, 3, 31)
OLD, NEW = "NL91ABNA0417164300", "NL20INGB0001234567"
ON_FILE, PERSON = "finance@polder.example", "anna@polder.example"


@pytest.fixture
def partner():
    found = PartnerMaker(name="Polder")
    PartnerFacts.objects.filter(partner=found).update(email=ON_FILE, finance_email="")
    BankAccount.objects.create(
        partner=found, currency="EUR", holder="Polder B.V.", iban=OLD, starts_at=LONG_AGO
    )
    return found


@pytest.fixture
def anna(partner) -> User:
    return PartnerUserMaker(username="anna", email=PERSON, partner=partner, date_joined=LONG_AGO)


@pytest.fixture
def staff() -> list[User]:
    return [User.objects.create(username=name, is_staff=True) for name in ("mia", "kai")]


def wanted(partner, **changes) -> NewAccount:
    fields = {"partner": partner, "currency": "EUR", "holder": "Polder B.V.", "iban": NEW} | changes
    return NewAccount(**fields)


@pytest.fixture
def asked(partner, anna, django_capture_on_commit_callbacks) -> BankDetailChange:
    with django_capture_on_commit_callbacks(execute=True):
        return bank_changes.request(wanted(partner), reason="new bank", by=anna, now=ASKED)


@pytest.fixture
def approved(asked, staff) -> BankDetailChange:
    mia, kai = staff
    bank_changes.call_back(asked.pk, contact=PERSON, number="+31 20 1", by=mia, now=ASKED)
    return bank_changes.approve(asked.pk, checker=kai, now=ASKED)


class TestARequest:
    def test_tells_all_who_were_on_file_before(self, asked, partner):
        PartnerUserMaker(username="eve", email="eve@x.example", partner=partner, date_joined=ASKED)

        assert sorted(to for letter in mail.outbox for to in letter.to) == [PERSON, ON_FILE]
        assert all(NEW not in letter.body for letter in mail.outbox)
        assert bank_changes.contacts_on_file(asked) == [PERSON, ON_FILE]

    def test_freezes_payouts_until_it_ends(self, asked, partner, staff):
        assert accounts_being_changed([partner.pk], currency="EUR") == {partner.pk}
        assert accounts_being_changed([partner.pk], currency="SEK") == set()

        bank_changes.end(asked.pk, reason="not theirs", by=staff[0], now=ASKED)

        assert accounts_being_changed([partner.pk], currency="EUR") == set()
        asked.refresh_from_db()
        assert (asked.state, asked.end_reason) == ("REFUSED", "not theirs")

    def test_is_withdrawn_by_the_partner(self, asked, anna):
        assert (
            bank_changes.end(asked.pk, reason="mistyped", by=anna, now=ASKED).state == "WITHDRAWN"
        )

    def test_is_one_at_a_time(self, asked, partner, anna):
        with pytest.raises(NotChangeable, match="open already"):
            bank_changes.request(wanted(partner), reason="again", by=anna, now=ASKED)

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"iban": "NL21INGB0001234567"}, "wrong"),
            ({"bic": "ING"}, "wrong"),
            ({"holder": " "}, "holder"),
            ({"iban": OLD}, "on file already"),
        ],
    )
    def test_is_refused_with_a_reason(self, partner, staff, change, told):
        with pytest.raises(NotChangeable, match=told):
            bank_changes.request(wanted(partner, **change), reason="x", by=staff[0], now=ASKED)

    def test_of_a_stranger_is_refused(self, partner):
        stranger = PartnerUserMaker(username="eve", partner=PartnerMaker(name="Other"))

        with pytest.raises(NotChangeable, match="own people"):
            bank_changes.request(wanted(partner), reason="x", by=stranger, now=ASKED)


class TestTheCallBack:
    def test_goes_to_nobody_new(self, asked, partner, staff):
        PartnerUserMaker(username="eve", email="eve@x.example", partner=partner, date_joined=ASKED)

        with pytest.raises(NotChangeable, match="before the request"):
            bank_changes.call_back(
                asked.pk, contact="eve@x.example", number="+1", by=staff[0], now=ASKED
            )

    def test_is_not_made_by_who_asked(self, partner, staff):
        PartnerFacts.objects.filter(partner=partner).update(email=ON_FILE)
        change = bank_changes.request(wanted(partner), reason="letter", by=staff[0], now=ASKED)

        with pytest.raises(NotChangeable, match="neither confirm"):
            bank_changes.call_back(change.pk, contact=ON_FILE, number="+1", by=staff[0], now=ASKED)

    def test_comes_before_the_second_person(self, asked, staff):
        with pytest.raises(NotChangeable, match="not its turn"):
            bank_changes.approve(asked.pk, checker=staff[1], now=ASKED)


class TestTheSecondPerson:
    def test_is_not_the_one_who_called(self, asked, staff):
        bank_changes.call_back(asked.pk, contact=ON_FILE, number="+31", by=staff[0], now=ASKED)

        with pytest.raises(NotDecidable):
            bank_changes.approve(asked.pk, checker=staff[0], now=ASKED)

    def test_has_seven_days_and_is_asked_anew(self, asked, staff):
        bank_changes.call_back(asked.pk, contact=ON_FILE, number="+31", by=staff[0], now=ASKED)
        late = ASKED + timedelta(days=8)

        with pytest.raises(NotChangeable, match="anew"):
            bank_changes.approve(asked.pk, checker=staff[1], now=late)
        asked.refresh_from_db()
        bank_changes.ask(asked, by=staff[0], now=late)
        assert bank_changes.approve(asked.pk, checker=staff[1], now=late).state == "APPROVED"

    def test_starts_three_business_days(self, approved):
        assert approved.cooling_until_date == COOLED


class TestTakingEffect:
    def test_takes_a_penny_first(self, approved, staff):
        with pytest.raises(NotChangeable, match="not its turn"):
            bank_changes.make_effective(approved.pk, by=staff[0], now=ASKED + timedelta(days=10))

    def test_waits_for_the_cooling(self, approved, staff):
        bank_changes.note_penny(approved.pk, reference="PENNY-1", by=staff[0], now=ASKED)

        with pytest.raises(NotChangeable, match="2027-03-31"):
            bank_changes.make_effective(
                approved.pk, by=staff[0], now=datetime(2027, 3, 30, 23, 0, tzinfo=UTC)
            )

    def test_ends_the_old_account_and_starts_the_new(self, approved, partner, staff):
        bank_changes.note_penny(approved.pk, reference="PENNY-1", by=staff[0], now=ASKED)
        at = datetime(2027, 3, 31, 8, 0, tzinfo=UTC)

        change = bank_changes.make_effective(approved.pk, by=staff[1], now=at)

        assert change.state == "EFFECTIVE"
        rows = partner.bank_accounts.order_by("starts_at").values_list("iban", "ends_at")
        assert list(rows) == [(OLD, at), (NEW, None)]
        assert accounts_being_changed([partner.pk], currency="EUR") == set()
