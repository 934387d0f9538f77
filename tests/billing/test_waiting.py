"""What a window still waits for: in the dry run, on the close page, in the command's output."""

import json
import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.urls import reverse

from billing.models import ClearingWindow, Document
from billing.services.closing import close_window
from billing.services.waiting import waiting_of
from billing.services.windows import ensure_windows
from roaming.models import SdrState
from tests.billing.oracle_world import BUSINESS_DAY_6, an_oracle, january
from tests.billing.stories import NOVEMBER_ENDS_AT, Story, World, a_world, tell
from tests.billing.waiting_world import Wait, tell_waits
from tests.makers import (
    NOON,
    AgreementMaker,
    GroupMaker,
    PartnerUserMaker,
    StaffMaker,
    laterne,
    voltaire,
)

pytestmark = pytest.mark.django_db
LINK = re.compile(r'data-figure="(held_code|held_pair|deemed)" href="([^"]+)">([^<]+)<')


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def world() -> World:
    """October's and December's are of other windows or late; the closing day is in December."""
    world = a_world()
    tell(world, Story(Decimal("10.00")))
    held = {"state": "HELD"}
    told = [
        Wait(Story(Decimal("4.005"), **held), codes=("V301",), after_days=-3),
        Wait(Story(Decimal("5.00"), buyer=1, **held), codes=("V301", "V402"), after_days=-2),
        Wait(Story(Decimal("600"), **held), codes=(), after_days=-1),
        Wait(Story(Decimal("7"), **held), codes=("V003",), has_agreement=False),
        Wait(Story(Decimal("9"), ended_at=NOVEMBER_ENDS_AT, **held), codes=("V301",)),
        Wait(Story(Decimal("11"), state="DELIVERED"), after_days=2),
        Wait(Story(Decimal("12"), state="DELIVERED"), after_days=4),
        Wait(Story(Decimal("13"), state="DELIVERED"), after_days=60),
        Wait(Story(Decimal("14"), state="DELIVERED"), match=("MATCHED_TOLERANCE", True)),
        Wait(Story(Decimal("15"), state="DELIVERED"), has_deadline=False),
        Wait(Story(Decimal("16"), state="DELIVERED", ended_at=NOVEMBER_ENDS_AT), after_days=2),
    ]
    tell_waits(world, told)
    return world


def november(world: World) -> ClearingWindow:
    ensure_windows(world.group, now=NOON)
    return world.group.windows.filter(state="OPEN").earliest("supply_ends_at")


def close_page(client, world: World):
    url = reverse("admin:billing_clearingwindow_close", args=[november(world).pk])
    return client.get(url)


class TestDryRun:
    def test_says_what_is_held_and_what_will_be_deemed(self, world):
        waiting = close_window(november(world), now=NOON, dry_run=True).waiting

        assert {(row.codes, row.sdrs, row.claim_minor) for row in waiting.holds} == {
            (("V301",), 1, 401),
            (("V301", "V402"), 1, 500),
            ((), 1, 60000),
            (("V003",), 1, 700),
        }
        assert [(row.is_in_time, row.sdrs, row.claim_minor) for row in waiting.deemed] == [
            (False, 1, 1300),
            (True, 2, 2300),
        ]

    def test_a_closing_that_is_kept_does_not_ask(self, world):
        assert close_window(november(world), now=NOON).waiting is None

    def test_of_two_persons_writes_no_provisional_statement(self):
        oracle = an_oracle(release="TWO_PERSONS")
        january(oracle)
        window = oracle.group.windows.filter(state="OPEN").earliest("supply_ends_at")

        dry = close_window(window, now=BUSINESS_DAY_6, dry_run=True)

        assert (dry.provisional, dry.documents) == ([], [])
        assert len(dry.positions) == 4
        kept = close_window(window, now=BUSINESS_DAY_6)
        assert len(kept.provisional) == Document.objects.count() == 3

    def test_other_groups_and_what_is_not_cleared_here_are_left_out(self, world):
        mine = waiting_of(november(world))
        other = GroupMaker(name="EUR weekly", currency="EUR")
        direct = AgreementMaker(seller=laterne(), buyer=voltaire(), mode="DIRECT", group=other)
        SdrState.objects.filter(state="HELD", agreement__isnull=False).update(agreement=direct)
        ensure_windows(other, now=NOON)
        theirs = waiting_of(other.windows.filter(state="OPEN").earliest("supply_ends_at"))

        after = waiting_of(november(world))

        # What has no agreement yet may settle in either of them.
        assert [row.codes for row in after.holds] == [("V003",)]
        assert [row.codes for row in theirs.holds] == [("V003",)]
        assert (after.deemed, theirs.deemed) == (mine.deemed, [])


class TestClosePage:
    def test_each_figure_leads_to_exactly_its_records(self, client, world):
        client.force_login(StaffMaker())

        html = close_page(client, world).content.decode()

        seen: dict[str, list[int]] = {}
        for name, url, told in LINK.findall(html):
            listed = client.get(unescape(url))
            assert listed.status_code == 200
            assert str(len(listed.context["cl"].result_list)) == told, url
            seen.setdefault(name, []).append(int(told))
        assert seen == {"held_code": [1, 2, 1, 1], "held_pair": [2, 1, 1], "deemed": [2, 1]}

    def test_what_no_code_holds_waits_for_a_person(self, client, world):
        client.force_login(StaffMaker())

        listed = client.get(f"{reverse('admin:roaming_hold_changelist')}?code=none")

        [row] = listed.context["cl"].result_list
        assert row.codes == []
        assert listed.context["cl"].model_admin.next_step(row) == "a person"

    def test_says_so_where_nothing_waits(self, client):
        world = a_world()
        tell(world, Story(Decimal("10.00")))
        client.force_login(StaffMaker())

        html = close_page(client, world).content.decode()

        assert "Nothing of this period is held." in html
        assert "No record of this period waits for its time to pass." in html

    def test_costs_the_same_whatever_waits(self, client, world, django_assert_max_num_queries):
        client.force_login(StaffMaker())
        close_page(client, world)
        with django_assert_max_num_queries(90) as few:
            close_page(client, world)
        more = [
            Wait(Story(Decimal(n), buyer=n % 2, state=state), codes=(code,), after_days=n)
            for n in range(1, 11)
            for state in ("HELD", "DELIVERED")
            for code in ("V301", "V402")
        ]
        tell_waits(world, more)

        with django_assert_max_num_queries(len(few)):
            page = close_page(client, world)

        assert len(LINK.findall(page.content.decode())) > 5

    def test_is_no_page_of_a_partner(self, client, world):
        client.force_login(PartnerUserMaker())

        assert close_page(client, world).status_code in (302, 403)

    @pytest.mark.parametrize("wrong", ["ended=x", "ended=2026-11-01..", "group=x", "deemed=..x"])
    def test_a_list_narrowed_to_nonsense_shows_nothing(self, client, world, wrong):
        client.force_login(StaffMaker())

        listed = client.get(f"{reverse('admin:roaming_sdr_changelist')}?{wrong}")

        assert listed.status_code == 200
        assert listed.context["cl"].result_list == []


class TestCommand:
    def dry(self, *more: str) -> str:
        out = StringIO()
        call_command("close_window", "--currency", "EUR", "--dry-run", *more, stdout=out)
        return out.getvalue()

    def test_json_has_the_same_figures(self, world):
        report = json.loads(self.dry("--json"))

        assert [(one["code"], one["sdrs"]) for one in report["holds"]["by_code"]] == [
            (None, 1),
            ("V301", 2),
            ("V003", 1),
            ("V402", 1),
        ]
        assert report["holds"]["by_pair"][0] == {
            "cso_id": "DE*NLX",
            "csp_id": "FR*VOL",
            "sdrs": 2,
            "gross_minor": 60401,
            "oldest_held_at": (NOON - timedelta(days=3)).isoformat(),
        }
        assert report["holds"]["by_pair"][1]["csp_id"] is None
        assert report["deemed"][0] == {
            "cso_id": "DE*NLX",
            "csp_id": "FR*VOL",
            "is_in_time": True,
            "sdrs": 2,
            "gross_minor": 2300,
            "first_at": (NOON + timedelta(days=2)).isoformat(),
            "last_at": (NOON + timedelta(days=4)).isoformat(),
        }

    def test_is_for_people_too(self, world, capsys):
        self.dry()

        printed = capsys.readouterr().out
        assert "Held, EUR" in printed
        assert "About to be deemed accepted" in printed
        assert "600.00" in printed

    def test_json_of_a_closing_that_is_kept_has_neither(self, world, settings, tmp_path):
        settings.VAR_DIR = tmp_path
        out = StringIO()

        call_command("close_window", "--currency", "EUR", "--json", stdout=out)

        assert not {"holds", "deemed"} & set(json.loads(out.getvalue()))
