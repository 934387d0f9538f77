"""Sessions that are over and have no record in the time agreed are told to staff and the CSO."""

from datetime import timedelta

import pytest
from django.urls import reverse

from clearinghouse.celery import app
from roaming.models import Alert, DayFigure, Delivery, ServiceSession
from roaming.queries_figures import Asked, scores
from roaming.rules.unbilled import is_missing
from roaming.services import alerts, figures, record_verbs, unbilled_sessions
from roaming.tasks import watch_sessions
from tests import makers
from tests.makers import NOON, AgreementMaker, later, record
from tests.roaming import session_world

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def over(session_id: str = "S-0001", **changes) -> ServiceSession:
    """Voltaire's driver charged at Nordlicht's from eleven to twelve."""
    own = {"state": "COMPLETED", "ended_at": NOON, "session_id": session_id}
    return session_world.take(**(own | changes)).session


def watch(**delta) -> dict[str, int]:
    return unbilled_sessions.watch(now=later(**delta))


def bill(session_id: str = "S-0001", **changes):
    fields = record(service_session_id=session_id, ended_at="2026-11-14T12:00:00Z") | changes
    [outcome] = makers.take(fields, received_at=later(hours=2))
    return outcome


class TestASessionWithoutARecord:
    @pytest.fixture(autouse=True)
    def agreed(self):
        return AgreementMaker(warn_after_days=5, refuse_after_days=30, acceptance="EXPLICIT")

    def test_is_told_once_after_the_days_agreed(self):
        over()

        assert watch(days=5, seconds=-1)["opened"] == 0
        assert watch(days=5) == {"pairs": 1, "opened": 1, "closed": 0}
        assert watch(days=5, hours=1) == {"pairs": 1, "opened": 0, "closed": 0}

        alert = Alert.objects.get()
        assert (alert.kind, alert.party, alert.environment) == (
            "UNBILLED",
            makers.nordlicht(),
            "LIVE",
        )
        assert alert.text.startswith("1 session is over at DE*NLX by drivers of FR*VOL, since 2026")
        owed = Delivery.objects.get(kind="ALERT")
        assert (owed.receiver, owed.sequence) == (makers.nordlicht(), 1)

    def test_is_one_of_its_pairs_and_the_figures_follow(self):
        over()
        watch(days=5)
        over("S-2", ended_at=NOON + HOUR, updated_at=NOON + HOUR)

        assert watch(days=6) == {"pairs": 1, "opened": 0, "closed": 0}
        assert Alert.objects.get().text.startswith("2 sessions are over")

    def test_is_forgotten_when_its_record_comes_or_can_come_no_more(self):
        over()
        watch(days=5)
        bill()
        assert watch(days=6) == {"pairs": 0, "opened": 0, "closed": 1}

        over("S-2")
        assert watch(days=6)["opened"] == 1
        assert watch(days=30) == {"pairs": 0, "opened": 0, "closed": 1}

    def test_is_not_one_whose_record_was_refused_and_not_sent_again(self):
        """The record is still awaited: a refused one bills nothing."""
        over()
        assert bill(energy_kwh="-1").outcome == "rejected"

        assert watch(days=5)["pairs"] == 1

    def test_is_not_one_whose_record_was_taken_back(self):
        over()
        taken_back = bill()
        record_verbs.act(taken_back.record_id, "withdraw", actor="tests", now=later(hours=3))

        assert watch(days=5)["pairs"] == 0

    @pytest.mark.parametrize("state", ["ACTIVE", "INVALID", "PENDING"])
    def test_is_over(self, state):
        over(state=state, ended_at=None)

        assert watch(days=5)["pairs"] == 0


class TestTheTimeAgreed:
    CASES = (
        ({}, 7, 90),
        ({"warn_after_days": 2}, 2, 90),
        ({"warn_after_days": None}, 3, 90),
        ({"warn_after_days": 1, "refuse_after_days": None}, 1, 90),
        ({"refuse_after_days": 10}, 7, 10),
        ({"mode": "DIRECT"}, None, None),
        ({"starts_at": NOON}, 3, 90),
    )

    @pytest.mark.parametrize(("terms", "first", "last"), CASES)
    def test_is_the_same_in_sql_and_in_words(self, terms, first, last):
        agreement = AgreementMaker(**terms)
        over()
        agreement = agreement if agreement.starts_at < NOON else None

        for days in range(93):
            said = is_missing(
                over_at=NOON,
                now=later(days=days),
                mode=agreement and agreement.mode,
                warn_after_days=agreement and agreement.warn_after_days,
                refuse_after_days=agreement and agreement.refuse_after_days,
            )
            assert said == (first is not None and first <= days < last), days
            if days in (0, 1, 2, 3, 7, 9, 10, 89, 90):
                assert watch(days=days)["pairs"] == said, days

    def test_is_that_at_the_sessions_start(self):
        """It went direct an hour after the session began: the session was to be cleared here."""
        cleared = AgreementMaker(warn_after_days=1, ends_at=NOON)
        AgreementMaker(mode="DIRECT", starts_at=NOON, group=cleared.group)
        over()
        over("S-2", started_at=NOON, ended_at=NOON + HOUR, updated_at=NOON + HOUR)

        assert watch(days=4)["pairs"] == 1
        assert Alert.objects.get().text.startswith("1 session")


class TestTheFigure:
    """How many of each day are missing, for the scorecard of who owned the CSO."""

    @pytest.fixture(autouse=True)
    def agreed(self):
        return AgreementMaker(warn_after_days=5, refuse_after_days=30, acceptance="EXPLICIT")

    def told(self) -> list[tuple]:
        rows = DayFigure.objects.filter(kind="MISSING").order_by("day")
        return list(rows.values_list("environment", "sender__name", "day", "records"))

    def test_counts_each_day_anew_and_survives_the_end_of_waiting(self):
        over()
        over("S-2", ended_at=NOON + HOUR, updated_at=NOON + HOUR)
        tomorrow = NOON + timedelta(days=1)
        over("S-3", started_at=NOON + 20 * HOUR, ended_at=tomorrow, updated_at=tomorrow)
        first = ("LIVE", "Nordlicht", NOON.date(), 2)
        second = ("LIVE", "Nordlicht", tomorrow.date(), 1)

        watch(days=5, hours=2)
        assert self.told() == [first]
        watch(days=7)
        watch(days=7)
        assert self.told() == [first, second]

        bill()
        watch(days=8)
        assert self.told() == [(*first[:3], 1), second]

        # Nobody waits for them any more, and missing they are.
        assert watch(days=40)["pairs"] == 0
        assert self.told() == [(*first[:3], 1), second]

    def test_is_left_alone_by_what_counts_records(self):
        over()
        watch(days=6)
        bill()
        counted = later(days=6, hours=1)

        figures.prepare(now=counted)
        assert self.told() == [("LIVE", "Nordlicht", NOON.date(), 1)]
        figures.prepare(now=later(days=6, hours=2))
        assert DayFigure.objects.filter(kind="STATE").exists()

        watch(days=6, hours=3)
        assert self.told() == []
        asked = Asked("LIVE", NOON.date(), NOON.date() + timedelta(days=1))
        assert [one.missing for one in scores(asked)] == [0]


def test_the_clock_does_it_each_night(noon):
    AgreementMaker(warn_after_days=1)
    over()
    planned = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert "roaming.watch_sessions" in planned
    noon.move_to(later(days=2))

    assert watch_sessions() == {"pairs": 1, "opened": 1, "closed": 0}


def test_staff_see_it_and_the_csp_is_not_told(noon, client, olga):
    AgreementMaker(warn_after_days=1)
    over()
    watch(days=2)
    client.force_login(olga)

    page = client.get(reverse("admin:roaming_alert_changelist")).content.decode()
    assert "Sessions are over and have no record" in page
    own = {makers.nordlicht().pk}
    assert alerts.readable(party_ids=own, environment="LIVE").count() == 1
    others = {makers.voltaire().pk, makers.laterne().pk}
    assert not alerts.readable(party_ids=others, environment="LIVE").exists()
