"""Alerts: staff see and acknowledge them with a reason, partners read those they were told of."""

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.urls import reverse

from partners.models import AuditEvent
from roaming.models import Alert
from roaming.services import alerts
from tests import makers
from tests.makers import NOON, PartnerUserMaker, StaffMaker, later
from tests.roaming.partner_systems import PartnerSystem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "quick_secrets")]
URL = "/api/v1/alerts/"
LIST = "admin:roaming_alert_changelist"


@pytest.fixture
def noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def quick_secrets(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def an_alert(subject="one", *, party=None, **changes):
    party = party or makers.nordlicht()
    own = {"kind": "SILENCE", "text": "0 records in 24 hours", "opened_at": NOON}
    alert = Alert(subject=subject, party=party, environment=party.environment, **(own | changes))
    assert alerts.raise_alert(alert, tell=[party.pk])
    return alert


@pytest.fixture
def alert():
    return an_alert()


def act_url(alert, verb):
    return reverse("admin:roaming_alert_act", args=[alert.pk, verb])


class TestStaff:
    @pytest.fixture
    def staff(self, client):
        olga = StaffMaker()
        client.force_login(olga)
        return olga

    def test_see_how_many_wait_on_the_first_page(self, client, staff, alert):
        an_alert("two", kind="MANIFEST")
        an_alert("three")

        page = "".join(client.get(reverse("admin:index")).content.decode().split())
        assert "Alertsthatnobodyhasacknowledged" in page
        assert "?state=OPEN&amp;kind__exact=SILENCE" in page
        assert "<div>2</div>" in page

    def test_filter_by_state_and_kind(self, client, staff, alert):
        gap = an_alert("gap", kind="SEQUENCE_GAP", text="batch 2 has not come")
        alerts.acknowledge(gap.pk, reason="asked Nordlicht", user=staff, now=NOON)

        def texts(**query):
            page = client.get(reverse(LIST), query).content.decode()
            return ("0 records in 24" in page, "batch 2 has not come" in page)

        assert texts(state="OPEN") == (True, False)
        assert texts(state="ACKNOWLEDGED") == (False, True)
        assert texts(state="CLOSED") == (False, False)
        assert texts(kind__exact="SEQUENCE_GAP") == (False, True)

    def test_acknowledge_with_a_reason_which_is_audited(self, client, staff, alert):
        page = client.get(act_url(alert, "acknowledge")).content.decode()
        assert "Acknowledge this alert?" in page

        client.post(act_url(alert, "acknowledge"), {"reason": "export restarted"})

        alert.refresh_from_db()
        assert (alert.acknowledged_by, alert.acknowledged_at) == (staff, NOON)
        assert (alert.acknowledged_reason, alert.closed_at) == ("export restarted", None)
        event = AuditEvent.objects.get(action="alert.acknowledged")
        assert (event.object_id, event.reason) == (str(alert.pk), "export restarted")
        told = client.get(reverse("admin:roaming_alert_change", args=[alert.pk])).content.decode()
        assert "export restarted" in told
        assert act_url(alert, "acknowledge") not in told

    def test_close_by_hand_what_no_job_will_close(self, client, staff, alert):
        client.post(act_url(alert, "close"), {"reason": "numbers were never used"})

        alert.refresh_from_db()
        assert alert.closed_at == NOON
        assert AuditEvent.objects.get(action="alert.closed").reason == "numbers were never used"

    @pytest.mark.parametrize("verb", ["acknowledge", "close"])
    def test_need_a_reason(self, client, staff, alert, verb):
        answer = client.post(act_url(alert, verb), {"reason": ""})

        alert.refresh_from_db()
        assert (answer.status_code, alert.acknowledged_at, alert.closed_at) == (200, None, None)

    def test_acknowledge_once(self, client, staff, alert):
        alerts.acknowledge(alert.pk, reason="first", user=staff, now=NOON)
        answer = client.post(act_url(alert, "acknowledge"), {"reason": "second words"}, follow=True)

        assert "has acknowledged it already" in answer.content.decode()
        alert.refresh_from_db()
        assert alert.acknowledged_reason == "first"

    def test_who_may_only_look_cannot_act(self, client, alert):
        looker = StaffMaker(username="lena", is_superuser=False)
        looker.user_permissions.add(Permission.objects.get(codename="view_alert"))
        client.force_login(looker)

        page = client.get(reverse("admin:roaming_alert_change", args=[alert.pk]))
        assert (page.status_code, act_url(alert, "close") in page.content.decode()) == (200, False)
        assert client.post(act_url(alert, "close"), {"reason": "please"}).status_code == 403
        alert.refresh_from_db()
        assert alert.closed_at is None

    def test_is_not_who_belongs_to_a_partner(self, client, alert):
        client.force_login(PartnerUserMaker(partner=makers.partner_of(makers.nordlicht())))

        assert client.get(reverse(LIST)).status_code == 302
        assert client.post(act_url(alert, "close"), {"reason": "please"}).status_code == 302
        alert.refresh_from_db()
        assert alert.closed_at is None


class TestPartners:
    def test_read_what_they_were_told(self, alert):
        nordlicht = PartnerSystem(makers.nordlicht())

        [entry] = nordlicht.get(URL).json()["results"]
        assert entry == {
            "alert_id": str(alert.pk),
            "kind": "SILENCE",
            "party": "DE*NLX",
            "text": "0 records in 24 hours",
            "opened_at": "2026-11-14T12:00:00Z",
            "closed_at": None,
        }
        assert nordlicht.get(f"{URL}{alert.pk}/").json() == entry

    def test_see_nothing_of_others(self, alert):
        for stranger in (makers.laterne(), makers.voltaire()):
            system = PartnerSystem(stranger)
            assert system.get(URL).json() == {"results": [], "next": None}
            assert system.get(f"{URL}{alert.pk}/").status_code == 404

    def test_see_nothing_of_the_other_environment(self, alert):
        trial = PartnerSystem(makers.nordlicht("TEST"), environment="TEST")

        assert trial.get(URL).json()["results"] == []

    def test_do_not_see_what_is_for_staff_alone(self):
        inner = Alert(
            kind="ESCALATION", subject="x", party=makers.nordlicht(), text="t", opened_at=NOON
        )
        assert alerts.raise_alert(inner)

        assert PartnerSystem(makers.nordlicht()).get(URL).json()["results"] == []

    def test_page_through_them(self, alert):
        an_alert("two", opened_at=later(hours=-1))
        nordlicht = PartnerSystem(makers.nordlicht())

        page = nordlicht.get(URL, limit=1).json()
        rest = nordlicht.http.get(page["next"], headers=nordlicht.headers).json()
        assert (len(page["results"]), len(rest["results"]), rest["next"]) == (1, 1, None)
        assert nordlicht.get(URL, cursor="x").status_code == 400


def test_the_same_alert_is_raised_once(alert):
    again = Alert(kind="SILENCE", subject="one", text="again", opened_at=later(hours=1))

    assert alerts.raise_alert(again) is False
    assert Alert.objects.get().text == "0 records in 24 hours"
    assert alerts.close("SILENCE", ["one"], now=later(hours=2)) == 1
    assert alerts.raise_alert(again) is True
