"""Clearing one group: which records, into which window, for whom."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection

from billing.models import ClearedSdr, ClearingRun, ClearingWindow
from billing.services import clearing
from billing.services.clearing import clear_group
from clearinghouse.statements import load_statement
from clearinghouse.uuid7 import new_uuid7
from partners.models import Environment, PartyOwnership, RoamingAgreement
from tests.billing.stories import (
    DECEMBER_ENDS_AT,
    NOVEMBER_ENDS_AT,
    Story,
    World,
    a_world,
    close_october,
    tell,
)
from tests.makers import (
    NOON,
    AgreementMaker,
    GroupMaker,
    later,
    laterne,
    nordlicht,
    numbered_record,
    partner_of,
    polder,
    record,
    take,
    voltaire,
)

pytestmark = pytest.mark.django_db


def clear(world: World, run_key: str = "run", now=NOON):
    return clear_group(world.group, run_key=run_key, now=now)


def window_ends(world: World) -> dict[Decimal, object]:
    """The end of the supply period that each record went into, by claim in minor units."""
    return dict(ClearedSdr.objects.values_list("claim_minor", "window__supply_ends_at"))


class TestClearGroup:
    def test_clears_what_the_intake_accepted(self):
        agreement = AgreementMaker()
        take(numbered_record(1), numbered_record(2, total_amount=None, items=[]))

        cleared = clear_group(agreement.group, run_key="run", now=NOON)

        billed, unbilled = ClearedSdr.objects.order_by("-claim_minor")
        assert cleared.run.cleared == 2
        # 1 % of 9.02 is 0.09; half-up of 8.9298 is 8.93.
        assert (billed.claim_minor, billed.payout_minor, billed.commission_minor) == (902, 893, 9)
        assert (unbilled.is_billed, unbilled.claim_minor) == (False, 0)
        assert billed.agreement == agreement
        assert (billed.commission_rate, billed.rounding) == (Decimal("0.01"), "HALF_UP")
        assert billed.seller_partner == partner_of(nordlicht())
        assert billed.buyer_partner == partner_of(voltaire())
        assert billed.energy_kwh == Decimal("18.4")

    def test_leaves_what_is_held(self):
        agreement = AgreementMaker()
        take(record(csp_id="IT*NEW"))

        assert clear_group(agreement.group, run_key="run", now=NOON).run.cleared == 0

    def test_opens_windows_on_first_use(self):
        world = a_world()

        clear(world)

        assert world.group.windows.count() == 2

    def test_does_nothing_for_a_run_key_it_knows(self):
        world = a_world()
        first = clear(world)
        tell(world, Story(Decimal("1")))

        again = clear(world, now=later(minutes=5))

        assert (again.run, again.is_repeat) == (first.run, True)
        assert not ClearedSdr.objects.exists()
        assert ClearingRun.objects.get().finished_at == NOON

    def test_puts_a_record_into_the_window_of_its_service_end(self):
        world = a_world()
        instant = timedelta(microseconds=1)
        tell(
            world,
            Story(Decimal("1"), ended_at=NOVEMBER_ENDS_AT - instant),
            Story(Decimal("2"), ended_at=NOVEMBER_ENDS_AT),
        )

        clear(world)

        assert window_ends(world) == {100: NOVEMBER_ENDS_AT, 200: DECEMBER_ENDS_AT}

    def test_puts_a_late_record_into_the_next_open_window(self):
        world = a_world()
        close_october(world)
        tell(world, Story(Decimal("1"), ended_at=NOON - timedelta(days=30)))

        clear(world)

        assert window_ends(world) == {100: NOVEMBER_ENDS_AT}

    def test_never_lacks_a_window_where_all_were_closed_early(self):
        world = a_world()
        clear(world)
        ClearingWindow.objects.update(state="CLOSED", closed_at=NOON)
        tell(world, Story(Decimal("1")))

        cleared = clear(world, "later")

        assert (cleared.run.cleared, cleared.left) == (1, {})
        assert ClearedSdr.objects.get().window.supply_starts_at == DECEMBER_ENDS_AT

    def test_pays_who_owned_the_party_at_service_end(self):
        world = a_world()
        sold_at = NOON - timedelta(days=3)
        PartyOwnership.objects.filter(party=polder()).update(ends_at=sold_at)
        PartyOwnership.objects.create(
            party=polder(), partner=partner_of(laterne()), starts_at=sold_at
        )
        tell(
            world,
            Story(Decimal("1"), seller=1, ended_at=sold_at - timedelta(microseconds=1)),
            Story(Decimal("2"), seller=1, ended_at=sold_at),
        )

        clear(world)

        assert dict(ClearedSdr.objects.values_list("claim_minor", "seller_partner__name")) == {
            100: "Polder",
            200: "Laterne",
        }

    def test_reports_records_of_a_party_without_owner_and_leaves_them(self):
        world = a_world()
        tell(world, Story(Decimal("1")), Story(Decimal("2"), buyer=1))
        PartyOwnership.objects.filter(party=world.buyers[1]).update(ends_at=NOON)

        first = clear(world)
        PartyOwnership.objects.filter(party=world.buyers[1]).update(ends_at=None)
        healed = clear(world, "healed")

        assert (first.run.cleared, first.left) == (1, {"BUYER_WITHOUT_OWNER": 1})
        assert (healed.run.cleared, healed.left) == (1, {})

    def test_leaves_other_groups_alone(self):
        world = a_world()
        other = a_world(currency="CHF")
        tell(other, Story(Decimal("1")))

        assert clear(world).run.cleared == 0
        assert clear(other, "other").run.cleared == 1

    def test_does_not_clear_what_partners_settle_directly(self):
        group = GroupMaker()
        AgreementMaker(mode=RoamingAgreement.Mode.DIRECT)
        take(record())

        cleared = clear_group(group, run_key="run", now=NOON)

        assert (cleared.run.cleared, cleared.left) == (0, {})

    def test_keeps_test_records_in_their_own_group(self):
        test = Environment.TEST
        group = GroupMaker(environment=test)
        AgreementMaker(seller=nordlicht(test), buyer=voltaire(test), group=group)
        take(record(), environment=test)

        clear_group(group, run_key="run", now=NOON)

        row = ClearedSdr.objects.get()
        assert (row.environment, row.window.environment) == (test, test)


class TestTheStatement:
    def test_finds_accepted_records_by_an_index_of_their_agreement(self):
        world = a_world()
        tell(world, Story(Decimal("1")))
        path = Path(clearing.__file__).parent.parent / "sql" / "clear_sdrs.sql"
        names = ("group_id", "run_id", "currency", "digits", "cleared_at", "time_zone")
        values = (world.group.pk, new_uuid7(), "EUR", 2, NOON, "UTC")

        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {load_statement(path)}", dict(zip(names, values, strict=True)))
            plan = "\n".join(line for (line,) in cursor.fetchall())

        # "state_accepted", as its partitions call it.
        assert "_agreement_id_id_idx" in plan
        assert "Seq Scan on roaming_sdrstate" not in plan
