"""Staff look at the portal as a partner: read only, for an hour, by right, audited."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from partners.models import AuditEvent, User
from tests.makers import (
    NOON,
    PartnerUserMaker,
    StaffMaker,
    later,
    nordlicht,
    partner_of,
    voltaire,
)

pytestmark = pytest.mark.django_db
HOME = "/portal/"


@pytest.fixture(autouse=True)
def noon(time_machine):
    time_machine.move_to(NOON, tick=False)


@pytest.fixture
def partner():
    return partner_of(nordlicht())


def look(client, partner):
    url = reverse("admin:partners_partner_view_as", args=[partner.pk])
    return client.post(url, {"reason": "it called us"})


@pytest.fixture
def looking(client, partner):
    client.force_login(StaffMaker())
    assert look(client, partner).url == HOME
    return client


def test_staff_sees_the_portal_with_a_banner(looking, partner):
    page = looking.get(HOME).content.decode()

    assert "You look at the portal as Nordlicht sees it" in page
    assert AuditEvent.objects.get(action="partner.viewing_started").reason == "it called us"


def test_nothing_can_be_changed(looking):
    for name in ("account", "package"):
        assert looking.post(reverse(f"portal:{name}"), {}).status_code == 403, name


def test_it_ends_by_hand_and_the_trail_says_so(looking, partner):
    answer = looking.post(reverse("house:viewing-end"))

    assert answer.url == reverse("admin:partners_partner_change", args=[partner.pk])
    assert looking.get(HOME).url == reverse("admin:index")
    assert AuditEvent.objects.get(action="partner.viewing_ended").object_id == str(partner.pk)


def test_it_ends_after_an_hour(looking, time_machine):
    time_machine.move_to(later(hours=1, seconds=-1), tick=False)
    assert looking.get(HOME).status_code == 200
    time_machine.move_to(NOON + timedelta(hours=1), tick=False)
    assert looking.get(HOME).status_code == 302


def test_another_partner_takes_the_place_of_the_first(looking):
    look(looking, partner_of(voltaire()))

    assert "as Voltaire sees it" in looking.get(HOME).content.decode()
    actions = list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))
    assert actions[-2:] == ["partner.viewing_ended", "partner.viewing_started"]


def test_it_takes_the_right(client, partner):
    reader = User.objects.create(username="rita", is_staff=True)
    reader.user_permissions.set(Permission.objects.filter(codename="view_partner"))
    client.force_login(reader)
    assert look(client, partner).status_code == 403

    reader.user_permissions.add(Permission.objects.get(codename="look_as_partner"))
    client.force_login(User.objects.get(pk=reader.pk))
    assert look(client, partner).status_code == 302
    assert client.get(HOME).status_code == 200

    reader.user_permissions.remove(Permission.objects.get(codename="look_as_partner"))
    assert client.get(HOME).status_code == 302


def test_a_key_in_the_session_of_a_partners_person_is_worth_nothing(client, partner):
    stranger = PartnerUserMaker(partner=partner_of(voltaire()))
    client.force_login(stranger)
    session = client.session
    session["viewing"] = {"partner": str(partner.pk), "until": later(hours=1).isoformat()}
    session.save()

    page = client.get(HOME).content.decode()

    assert "Voltaire" in page
    assert "Nordlicht sees it" not in page
