"""Cover by two persons, and blocks by hand: what is asked, posted, refused, lifted."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError
from django.urls import reverse

from billing.models import ClearedSdr, CoverBooking, ExposureBlock, ExposureReading, Transfer
from billing.queries_whereabouts import where_is
from billing.services import cover, cover_bookings, exposure
from billing.services.clearing import clear_group
from billing.services.cover_bookings import Cover, NotBookable
from billing.services.exposure import AlreadyBlocked
from partners.models import AuditEvent, User
from partners.queries import clearing_house
from partners.services.approvals import VALID_FOR, NotDecidable
from tests.billing.oracle_world import BUSINESS_DAY_3, a_record, an_oracle
from tests.billing.test_clearing_beside_closing import InThread
from tests.makers import PartnerUserMaker, approver, take

pytestmark = pytest.mark.django_db
EUR = {"currency": "EUR", "environment": "LIVE"}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(BUSINESS_DAY_3, tick=False) as traveller:
        yield traveller


@pytest.fixture
def oracle():
    return an_oracle(with_fees=False, taxes="NOT_APPLIED")


@pytest.fixture
def people():
    return [approver(name) for name in ("mia", "kai")]


def wanted(oracle, **changes) -> Cover:
    own = {
        "partner": oracle.partners["B"],
        "account": "2410",
        "direction": "IN",
        "amount_minor": 500_000,
        "reference": "BANK-1",
    }
    return Cover(**(own | EUR | changes))


def asked(oracle, maker, **changes) -> CoverBooking:
    return cover_bookings.request(
        wanted(oracle, **changes), reason="first prefund", maker=maker, now=BUSINESS_DAY_3
    )


def posted(oracle, people, **changes) -> CoverBooking:
    row = asked(oracle, people[0], **changes)
    return cover_bookings.decide(row.pk, approve=True, checker=people[1], now=BUSINESS_DAY_3)


def held(oracle) -> int:
    return cover.balance_minor(oracle.partners["B"], "2410", **EUR)


class TestTwoPersons:
    def test_move_the_balance_only_when_both_said_so(self, oracle, people):
        row = asked(oracle, people[0])
        assert held(oracle) == 0
        with pytest.raises(NotDecidable):
            cover_bookings.decide(row.pk, approve=True, checker=people[0], now=BUSINESS_DAY_3)
        cover_bookings.decide(row.pk, approve=True, checker=people[1], now=BUSINESS_DAY_3)

        assert held(oracle) == 500_000
        with pytest.raises(NotBookable, match="POSTED"):
            cover_bookings.decide(row.pk, approve=True, checker=people[1], now=BUSINESS_DAY_3)
        assert held(oracle) == 500_000

    def test_pay_back_what_is_held_and_no_cent_more(self, oracle, people):
        posted(oracle, people)
        with pytest.raises(NotBookable, match="500000 minor units are held"):
            asked(oracle, people[0], direction="OUT", amount_minor=500_001, reference="BANK-2")

        posted(oracle, people, direction="OUT", amount_minor=500_000, reference="BANK-2")

        assert held(oracle) == 0

    def test_pay_back_once_where_two_were_asked_for(self, oracle, people):
        posted(oracle, people)
        rows = [
            asked(oracle, people[0], direction="OUT", amount_minor=300_000, reference=f"OUT-{n}")
            for n in (1, 2)
        ]
        cover_bookings.decide(rows[0].pk, approve=True, checker=people[1], now=BUSINESS_DAY_3)

        with pytest.raises(NotBookable, match="200000 minor units are held"):
            cover_bookings.decide(rows[1].pk, approve=True, checker=people[1], now=BUSINESS_DAY_3)
        rows[1].refresh_from_db()
        assert (rows[1].state, rows[1].approval.state) == ("REQUESTED", "REQUESTED")
        assert held(oracle) == 200_000

    def test_refuse_and_the_reference_is_free_again(self, oracle, people):
        row = asked(oracle, people[0])
        with pytest.raises(NotBookable, match="already"):
            asked(oracle, people[1])
        cover_bookings.decide(row.pk, approve=False, checker=people[1], now=BUSINESS_DAY_3)

        posted(oracle, people)

        assert held(oracle) == 500_000
        with pytest.raises(NotBookable, match="booked already"):
            asked(oracle, people[0])

    def test_who_did_not_decide_in_time_give_the_reference_free(self, oracle, people):
        old = asked(oracle, people[0])
        later = BUSINESS_DAY_3 + VALID_FOR + timedelta(seconds=1)

        cover_bookings.request(wanted(oracle), reason="again", maker=people[0], now=later)

        old.refresh_from_db()
        assert old.state == "REFUSED"

    def test_book_the_default_fund_for_the_house_alone(self, oracle, people):
        with pytest.raises(NotBookable, match="default fund"):
            asked(oracle, people[0], account="2450")
        with pytest.raises(NotBookable, match="default fund"):
            asked(oracle, people[0], partner=clearing_house())

        posted(oracle, people, account="2450", partner=clearing_house())


@pytest.mark.django_db(transaction=True)
def test_two_pay_backs_at_once_take_no_cent_twice(oracle, people):
    posted(oracle, people)
    rows = [
        asked(oracle, people[0], direction="OUT", amount_minor=300_000, reference=f"OUT-{n}")
        for n in range(4)
    ]

    def decide(row):
        try:
            cover_bookings.decide(row.pk, approve=True, checker=people[1], now=BUSINESS_DAY_3)
        except NotBookable:
            return 0
        return row.amount_minor

    paid = [one.result() for one in [InThread(lambda row=row: decide(row)) for row in rows]]

    assert sorted(paid) == [0, 0, 0, 300_000]
    assert held(oracle) == 200_000


class TestPages:
    ASK = reverse("admin:billing_coverbooking_ask")

    def form(self, oracle, **changes):
        own = {
            "partner": oracle.partners["B"].pk,
            "direction": "IN",
            "account": "2410",
            "currency": "EUR LIVE",
            "amount": "5000.00",
            "reference": "BANK-1",
            "reason": "first prefund",
        }
        return own | changes

    def test_are_asked_by_one_and_posted_by_another(self, client, oracle, people):
        client.force_login(people[0])
        page = client.post(self.ASK, self.form(oracle)).url
        row = CoverBooking.objects.get()
        post = reverse("admin:billing_coverbooking_post", args=[row.pk])
        assert "a second person must" in client.get(post).content.decode()
        client.post(post, {"reason": "by myself"})
        assert not Transfer.objects.exists()
        client.force_login(people[1])
        told = client.get(page).content.decode()
        client.post(post, {"reason": "seen on the statement"})

        assert "You can decide" in told
        assert "Held once posted" in told
        row.refresh_from_db()
        assert (row.state, held(oracle)) == ("POSTED", 500_000)
        transfer = Transfer.objects.get()
        assert str(transfer.pk) in client.get(page).content.decode()
        acts = AuditEvent.objects.order_by("at", "id").values_list("action", "actor", "reason")
        assert list(acts) == [
            ("cover.requested", "mia", "first prefund"),
            ("cover.posted", "kai", "seen on the statement"),
        ]

    def test_refused_is_not_posted(self, client, oracle, people):
        row = asked(oracle, people[0])
        client.force_login(people[1])

        client.post(
            reverse("admin:billing_coverbooking_refuse", args=[row.pk]), {"reason": "not there"}
        )

        row.refresh_from_db()
        assert (row.state, held(oracle)) == ("REFUSED", 0)

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"amount": "0"}, "above zero"),
            ({"amount": "-5"}, "greater than or equal"),
            ({"amount": "1.505"}, "above zero in EUR"),
            ({"account": "1800"}, "Select a valid choice"),
            ({"account": "2450"}, "default fund is the clearing house"),
            ({"currency": "USD LIVE"}, "Select a valid choice"),
            ({"direction": "OUT"}, "0 minor units are held"),
            ({"reference": ""}, "required"),
            ({"reason": "no"}, "at least 5"),
        ],
    )
    def test_say_what_is_wrong(self, client, oracle, people, changes, told):
        client.force_login(people[0])

        page = client.post(self.ASK, self.form(oracle, **changes))

        assert page.status_code == 200
        assert told in page.content.decode()
        assert not CoverBooking.objects.exists()

    def test_refuse_partners_and_staff_without_the_right(self, client, oracle, people):
        row = asked(oracle, people[0])
        exposure.read_exposures(oracle.group, now=BUSINESS_DAY_3)
        reading = ExposureReading.objects.first()
        addresses = [
            self.ASK,
            reverse("admin:billing_coverbooking_changelist"),
            *(
                reverse(f"admin:billing_coverbooking_{name}", args=[row.pk])
                for name in ("change", "post", "refuse")
            ),
            reverse("admin:billing_exposurereading_block", args=[reading.pk]),
        ]
        client.force_login(PartnerUserMaker(partner=oracle.partners["B"]))
        assert {client.get(address).status_code for address in addresses} == {302}
        client.force_login(User.objects.create(username="new", is_staff=True))
        for address in addresses:
            assert client.get(address).status_code == 403, address
            assert client.post(address, {"reason": "let me in"}).status_code == 403, address
        row.refresh_from_db()
        assert row.state == "REQUESTED"
        assert not ExposureBlock.objects.exists()


class TestBlocksByHand:
    @pytest.fixture
    def reading(self, oracle):
        exposure.read_exposures(oracle.group, now=BUSINESS_DAY_3)
        return ExposureReading.objects.get(partner=oracle.partners["B"])

    def test_stay_until_a_person_lifts_them(self, client, oracle, people, reading, clock):
        client.force_login(people[0])
        page = reverse("admin:billing_exposurereading_change", args=[reading.pk])
        block = reverse("admin:billing_exposurereading_block", args=[reading.pk])
        assert block in client.get(page).content.decode()
        client.post(block, {"reason": "court order 12/27"})
        clock.shift(timedelta(hours=1))
        exposure.read_exposures(oracle.group, now=BUSINESS_DAY_3 + timedelta(hours=1))

        row = ExposureBlock.objects.get()
        assert (row.blocked_by, row.block_reason, row.lifted_at) == (
            "mia",
            "court order 12/27",
            None,
        )
        told = client.get(page).content.decode()
        assert "court order 12/27" in told
        assert block not in told
        again = client.post(block, {"reason": "once more"}).content.decode()
        assert "blocked already" in again
        lift = reverse("admin:billing_exposureblock_lift", args=[row.pk])
        client.post(lift, {"reason": "order withdrawn"})
        row.refresh_from_db()
        assert (row.lifted_by, row.lift_reason) == ("mia", "order withdrawn")
        assert AuditEvent.objects.get(action="exposure.blocked").reason == "court order 12/27"

    def test_stop_clearing_and_both_sides_are_told_without_the_reason(self, oracle, reading):
        exposure.block_by_hand(reading, by="mia", reason="order", now=BUSINESS_DAY_3)
        take(
            a_record(oracle, "A", "B", number=1, cents=2700),
            sender=oracle.sellers["A"],
            received_at=BUSINESS_DAY_3,
        )

        clear_group(oracle.group, run_key="k", now=BUSINESS_DAY_3)

        assert not ClearedSdr.objects.exists()
        for letter in ("A", "B"):
            found = where_is(
                "A-0001",
                for_partner=oracle.partners[letter],
                environment="LIVE",
                now=BUSINESS_DAY_3,
            )
            summary = found.attempts[0].summary
            assert "by an act of the clearing house since 3 February" in summary
            assert "order" not in summary
            assert "limit" not in summary

    def test_are_one_at_a_time(self, reading):
        exposure.block_by_hand(reading, by="mia", reason="order", now=BUSINESS_DAY_3)

        with pytest.raises(AlreadyBlocked):
            exposure.block_by_hand(reading, by="kai", reason="too", now=BUSINESS_DAY_3)

    @pytest.mark.violates("block_by_hand_has_author_and_reason")
    @pytest.mark.parametrize("half", [{"blocked_by": "mia"}, {"block_reason": "order"}])
    def test_have_author_and_reason(self, reading, half):
        with pytest.raises(IntegrityError, match="block_by_hand_has_author_and_reason"):
            ExposureBlock.objects.create(
                group=reading.group,
                partner=reading.partner,
                environment="LIVE",
                reading=reading,
                blocked_at=BUSINESS_DAY_3,
                **half,
            )


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        pytest.param(name, wrong, marks=pytest.mark.violates(name), id=name)
        for name, wrong in {
            "cover_amount_is_positive": {"amount_minor": 0},
            "cover_is_booked_on_an_account_of_cover": {"account": "1800"},
            "cover_has_reason_and_reference": {"reference": ""},
            "posted_cover_says_when": {"state": "POSTED"},
            "cover_reference_is_asked_for_once": {},
        }.items()
    ],
)
def test_the_database_refuses(oracle, people, name, wrong):
    row = asked(oracle, people[0])
    row.pk = cover_bookings.uuid7_at(BUSINESS_DAY_3)
    row._state.adding = True
    row.reference = "BANK-2" if wrong else row.reference
    for field, value in wrong.items():
        setattr(row, field, value)

    with pytest.raises(IntegrityError, match=name):
        row.save()
