"""The portal's first page: what is due and where to, what waits, what is open, and all its own."""

import re
from datetime import UTC, datetime

import pytest
import time_machine
from django.urls import reverse

from billing.models import BalanceConfirmation, Instruction
from billing.services.clearing import clear_group
from clearinghouse.uuid7 import new_uuid7
from partners.models import RoamingEndpoint
from partners.queries import clearing_house
from tests.billing.objection_world import an_issued_settlement
from tests.billing.part_four_rows import make
from tests.billing.payment_world import IBANS, an_account, pay_in, position_of, settled
from tests.billing.portal_world import DECEMBER, open_december, person_of, settled_month
from tests.makers import (
    PartnerMaker,
    PartnerUserMaker,
    later,
    laterne,
    nordlicht,
    numbered_record,
    partner_of,
    take,
    take_one,
    voltaire,
)
from tests.roaming.dispute_world import opened, records

pytestmark = pytest.mark.django_db

HOME = reverse("portal:home")
BEFORE = datetime(2027, 2, 12, 9, tzinfo=UTC)
# SET ROLE and RESET ROLE, and what the role of who asks allows.
OF_EVERY_PAGE = 4


def words(client) -> str:
    body = re.sub(r"<[^>]+>", " ", client.get(HOME).content.decode())
    return " ".join(body.split())


def log_in(client, partner, **fields):
    client.force_login(PartnerUserMaker(partner=partner, **fields))
    return client


class TestDue:
    @pytest.fixture(autouse=True)
    def clock(self):
        with time_machine.travel(BEFORE, tick=False) as clock:
            yield clock

    @pytest.fixture
    def world(self):
        return settled()

    @pytest.fixture
    def instructed(self, world):
        partners, settlement = world
        Instruction.objects.create(
            id=new_uuid7(),
            settlement=settlement,
            place=1,
            payer=partners["B"],
            payee=partners["A"],
            currency="EUR",
            amount_minor=60_080,
        )
        return partners

    def test_is_told_to_both_sides_of_a_direct_payment(self, client, instructed):
        paying = words(log_in(client, instructed["B"], username="b"))
        paid = words(log_in(client, instructed["A"], username="a"))

        assert "You pay in all 600.80 EUR" in paying
        assert "by 18 February 2027" in paying
        assert "You get in all 600.80 EUR" in paid
        for page in (paying, paid):
            assert "Reference ST-2027-000002" in page

    def test_is_late_after_its_day_and_gone_two_weeks_later(self, client, instructed, clock):
        log_in(client, instructed["B"])

        clock.move_to(datetime(2027, 2, 19, 9, tzinfo=UTC))
        late = words(client)
        clock.move_to(datetime(2027, 3, 5, 9, tzinfo=UTC))
        gone = words(log_in(client, instructed["B"]))

        assert "was due on 18 February 2027" in late
        assert "Nothing is due" in gone

    def test_is_what_is_left_where_the_house_pays(self, client, world, settings):
        settings.MONEY_FLOW = "PI_PARTNER"
        partners, settlement = world
        pay_in(position_of(settlement, partners["B"]), 60_000)
        pay_in(position_of(settlement, partners["C"]), 7520)

        page = words(log_in(client, partners["B"], username="b"))
        paid_in_full = words(log_in(client, partners["C"], username="c"))

        assert "You pay in all 42.13 EUR" in page
        assert "Reference ST-2027-000002" in page
        assert "has entered no account for this currency" in page
        assert "Nothing is due" in paid_in_full

    def test_names_the_account_of_the_statement(self, client, settings):
        settings.MONEY_FLOW = "PI_PARTNER"
        an_account(clearing_house(), IBANS["CH"], holder="Roaming Clearing B.V.")
        oracle, _ = an_issued_settlement()

        page = words(log_in(client, oracle.partners["B"]))

        assert "Pay 642.13" in page
        assert "Roaming Clearing B.V. · DE89 3704 0044 0532 0130 00" in page
        assert "has entered no account" not in page

    def test_is_nothing_to_a_stranger(self, client, instructed):
        page = words(log_in(client, PartnerMaker(name="Stranger")))

        assert "Nothing is due" in page
        assert "600.80" not in page

    def test_is_not_shown_to_operations(self, client, instructed):
        page = words(log_in(client, instructed["B"], role="partner-operations"))

        assert "600.80" not in page
        assert "Open windows" not in page
        assert "What waits for you" in page


class TestTheRest:
    @pytest.fixture(autouse=True)
    def _a_day_in_december(self):
        with time_machine.travel(DECEMBER, tick=False):
            yield

    @pytest.fixture
    def world(self):
        return settled_month()

    def test_is_the_last_statement_the_open_window_and_the_records(self, client, world):
        open_december(world.group)
        take_one(energy_kwh="24.1", items=None, received_at=DECEMBER)
        take_one(sdr_id="NLX-9", ended_at=None, received_at=DECEMBER)
        take(numbered_record(10), received_at=DECEMBER)
        clear_group(world.group, run_key="one late record", now=DECEMBER)

        client.force_login(person_of(world.nordlicht))
        page = words(client)

        assert "You receive 8.93 EUR" in page
        assert "1 record held" in page
        assert "1 record refused in the last 30 days" in page
        assert "December 2026 open Cleared so far You sold 9.02 EUR You bought 0.00 EUR" in page
        assert "closes 8 January 2027, 18:00" in page

    def test_tells_whose_turn_it_is_in_a_dispute(self, client):
        dispute = opened(records(1)[0])
        told = f"Dispute {dispute.number} with Voltaire waits for you"

        with time_machine.travel(later(hours=1)):
            assert told in words(log_in(client, partner_of(nordlicht()), username="seller"))
            for other in (voltaire(), laterne()):
                page = words(log_in(client, partner_of(other), username=other.name))
                assert dispute.number not in page

    def test_tells_that_a_connection_is_down_and_a_balance_waits(self, client, world):
        for partner in (world.nordlicht, world.laterne):
            RoamingEndpoint.objects.create(
                owner=partner, environment="LIVE", protocol="OCPI", protocol_version="2.2.1",
                state="OFFLINE" if partner == world.nordlicht else "CONNECTED",
            )  # fmt: skip
        make(BalanceConfirmation, partner=world.nordlicht)

        mine = words(log_in(client, world.nordlicht, username="mine"))
        theirs = words(log_in(client, world.laterne, username="theirs"))

        assert "Your connection OCPI 2.2.1 does not answer" in mine
        assert "Confirm your EUR balance" in mine
        assert "Your connection" not in theirs
        assert "Confirm your" not in theirs

    def test_says_that_nothing_waits(self, client, world):
        assert "Nothing. What waits" in words(log_in(client, world.laterne))

    def test_costs_few_queries(self, client, world, django_assert_max_num_queries):
        client.force_login(person_of(world.nordlicht))

        with django_assert_max_num_queries(18 + OF_EVERY_PAGE):
            client.get(HOME)
