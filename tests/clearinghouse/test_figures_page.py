"""Figures, netting matrix and the checklist of a window: what they tell, and to whom."""

import copy
import csv
import io
import re
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.models import ExposureReading, PositionState
from billing.services import sealing
from clearinghouse import figure_charts
from partners.admin.charts import Chart, HeatMap, Series
from partners.models import User
from roaming import queries_figures as figures
from roaming.models import DayFigure
from roaming.queries_figures import Asked
from roaming.services.figures import prepare
from tests.clearinghouse.admin_world import a_house
from tests.makers import NOON, PartnerUserMaker, StaffMaker, later

MOST_QUERIES = 20


class TestChart:
    def test_tells_each_value_in_its_table_and_a_gap_as_one(self):
        chart = Chart("T", "s", "Day", ("1", "2"), [Series("A", (3, None)), Series("B", (0, 4))])

        assert [list(row) for row in chart.table.rows] == [["1", "3", "0"], ["2", "–", "4"]]
        assert not chart.is_empty

    def test_without_any_value_is_empty(self):
        assert Chart("T", "s", "Day", ("1",), [Series("A", (0,))]).is_empty

    def test_shades_the_largest_most_and_what_is_there_at_least_a_little(self):
        told = HeatMap(
            "T", "c", ("r",), ("a", "b", "c", "d"), [[Decimal(1000), Decimal(1), Decimal(0), None]]
        ).told

        [(_, cells)] = told
        assert [(cell.text, cell.shade) for _, cell in cells] == [
            ("1,000.00", 5),
            ("1.00", 1),
            ("0.00", 0),
            ("–", 0),
        ]


@pytest.mark.django_db
class TestPages:
    @pytest.fixture(scope="class")
    @classmethod
    def made(cls, kept_for_class):
        house = a_house()
        prepare(now=later(minutes=1))
        return house

    @pytest.fixture
    def house(self, made, db):
        return copy.deepcopy(made)

    def read(self, client, url: str) -> str:
        with (
            time_machine.travel(NOON + timedelta(hours=2), tick=False),
            CaptureQueriesContext(connection) as queries,
        ):
            answer = client.get(url)
        assert answer.status_code == 200
        assert len(queries) <= MOST_QUERIES, [q["sql"][:90] for q in queries]
        return re.sub(r"\s+", " ", answer.content.decode())

    def test_figures_are_drawn_and_told(self, client, house):
        client.force_login(StaffMaker())

        page = self.read(client, reverse("admin-figures"))
        for title in (
            "Records received per day",
            "Energy per day, kWh",
            "Claims received per day, EUR",
            "How far records came",
            "How long records take to come",
            "Refused, by cause",
            "Held now, by cause",
            "Senders compared",
            "Connections in the last 24 hours",
        ):
            assert title in page
        assert page.count("<canvas") == page.count("The same as a table")
        assert "Nordlicht" in page

    def test_exposures_are_drawn_against_their_limits(self, client, house):
        known = {"group": house.group, "environment": "LIVE", "parts": {}}
        for partner, minutes, exposure, limit, level in (
            (house.voltaire, 0, 10_000, 100_000, "FREE"),
            (house.voltaire, 5, 90_000, 100_000, "WARNED"),
            (house.nordlicht, 5, 1_250, None, "FREE"),
        ):
            ExposureReading.objects.create(
                partner=partner, read_at=later(minutes=minutes), exposure_minor=exposure,
                limit_minor=limit, level=level, **known,
            )  # fmt: skip

        chart, near = figure_charts.exposure_sections("LIVE")

        # The newest reading of each, the largest first; a limit that was not agreed is a gap.
        rows = [["Voltaire", "900.00", "1,000.00"], ["Nordlicht", "12.50", "–"]]
        assert [list(row) for row in chart.table.rows] == rows
        assert len(near.rows) == 1
        client.force_login(StaffMaker())
        page = self.read(client, reverse("admin-figures"))
        assert "Exposure against limit, EUR" in page
        assert "Partners near their limit, EUR" in page
        assert page.count("<canvas") == page.count("The same as a table")

    def test_what_partners_owe_is_drawn_by_its_age(self, client, house):
        """Voltaire owes the month's eight records but for ten euros, since the day of NOON."""
        owed = house.closing.settlement.positions.get(net_minor__lt=0)
        PositionState.objects.update_or_create(
            position=owed,
            defaults={
                "state": "PART_FUNDED",
                "due_minor": owed.net_minor,
                "settled_minor": 1_000,
                "due_date": NOON.date(),
                "changed_at": NOON,
            },
        )
        amount = f"{(-owed.net_minor - 1_000) / 100:,.2f}"

        for days, place in ((0, 0), (1, 1), (60, 2), (90, 3), (91, 4)):
            [chart] = figure_charts.ageing_charts(
                today=NOON.date() + timedelta(days=days), environment="LIVE"
            )
            told = [row[1] for row in chart.table.rows]
            assert told == [amount if n == place else "0.00" for n in range(5)], days

        client.force_login(StaffMaker())
        page = self.read(client, reverse("admin-figures"))
        assert "What partners owe, by age, EUR" in page
        assert amount in page

    def test_sessions_without_a_record_are_drawn_and_on_the_card(self, client, house):
        day = NOON.date() - timedelta(days=2)
        DayFigure.objects.create(
            environment="LIVE", sender=house.nordlicht, day=day, kind="MISSING", key="SESSIONS",
            records=4_321, prepared_at=NOON,
        )  # fmt: skip
        client.force_login(StaffMaker())

        page = self.read(client, reverse("admin-figures"))

        assert "Sessions without a record, by the day they were over" in page
        assert page.count("4,321") >= 2  # in the chart's table, and on the card of senders
        asked = Asked("LIVE", day, NOON.date() + timedelta(days=1))
        assert dict(enumerate(figure_charts.missing_chart(asked).table.rows))[0][1] == "4,321"
        [score] = figures.scores(asked)
        assert (score.missing, score.received) == (4_321, 10)

    def test_figures_of_one_sender_are_its_own(self, client, house):
        client.force_login(StaffMaker())

        page = self.read(client, f"{reverse('admin-figures')}?sender={house.voltaire.pk}")
        assert "No records in this period." in page
        assert "Senders compared" not in page

    def test_who_sees_no_records_sees_neither_names_nor_money(self, client, house):
        watcher = User.objects.create(username="regulator", is_staff=True)
        watcher.user_permissions.add(Permission.objects.get(codename="view_dayfigure"))
        client.force_login(watcher)

        page = self.read(client, reverse("admin-figures"))
        assert "Records received per day" in page
        assert "Nordlicht" not in page
        assert "EUR" not in page
        assert "Exposure" not in page

    def test_the_matrix_shows_who_owes_whom_and_what_is_left(self, client, house):
        client.force_login(StaffMaker())
        window = house.closing.settlement.window

        page = self.read(
            client, f"{reverse('admin:billing_clearingwindow_netting')}?window={window.pk}"
        )
        # Eight records of 9.02 EUR.
        assert re.search(r'ch-heat-5" data-label="FR\*VOL">72\.16<', page)
        assert "Money that moves" in page
        assert "72.16" in self.read(client, reverse("admin:billing_clearingwindow_netting"))
        following = self.read(
            client,
            f"{reverse('admin:billing_clearingwindow_netting')}?window={house.open_window.pk}",
        )
        assert "No record is cleared into this window yet" in following

    def test_the_trial_balance_adds_up_account_by_account(self, client, house):
        client.force_login(StaffMaker())
        url = reverse("admin:billing_trial_balance")
        assert "nothing was sealed yet" in self.read(client, url)
        # Sealed within a second: what a field of the page can say lies a little after it.
        sealing.seal(now=NOON + timedelta(hours=1, minutes=30, microseconds=9_601_405))

        page = self.read(client, url)
        assert "adds up" in page
        assert "1300" in page
        with time_machine.travel(NOON + timedelta(hours=2), tick=False):
            file = b"".join(client.get(f"{url}?file=csv").streaming_content).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(file), delimiter=";"))
        assert {row["account"] for row in rows} >= {"1300", "4100"}
        assert sum(Decimal(row["balance"].replace(",", ".")) for row in rows) == 0

    def test_the_checklist_says_where_the_window_stands(self, client, house):
        client.force_login(StaffMaker())
        page = self.read(
            client,
            reverse(
                "admin:billing_clearingwindow_change", args=[house.closing.settlement.window.pk]
            ),
        )

        assert "From open to paid" in page
        assert re.search(r"Closed.{0,120}Done", page)

    def test_strangers_see_nothing(self, client, house):
        client.force_login(PartnerUserMaker(partner=house.voltaire))
        for url in (
            reverse("admin-figures"),
            reverse("admin:billing_clearingwindow_netting"),
        ):
            assert client.get(url).status_code in (302, 403)
        client.force_login(User.objects.create(username="newcomer", is_staff=True))
        for url in (
            reverse("admin-figures"),
            reverse("admin:billing_clearingwindow_netting"),
        ):
            assert client.get(url).status_code == 403
