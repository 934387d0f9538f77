"""The page of a partner's life: where it stands, what comes next, and who may take a step."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from partners.models import Partner, User
from partners.services import life
from tests.makers import (
    NOON,
    PartnerMaker,
    PartnerUserMaker,
    StaffMaker,
    later,
)

pytestmark = pytest.mark.django_db
LIST = "admin:partners_partner_changelist"


@pytest.fixture(autouse=True)
def noon(time_machine):
    time_machine.move_to(NOON, tick=False)


@pytest.fixture
def staff(client):
    client.force_login(StaffMaker())
    return client


@pytest.fixture
def partner():
    return PartnerMaker(name="Nordlicht")


def page_of(partner) -> str:
    return reverse("admin:partners_partner_life", args=[partner.pk])


def step_of(partner, to: str) -> str:
    return reverse("admin:partners_partner_life_step", args=[partner.pk, to])


def test_a_new_partner_is_a_prospect_and_is_led_on(staff, time_machine):
    form = {"name": "Nova"}
    for prefix in (
        "states", "facts", "tax_registrations", "tax_statuses", "ownerships", "contracts",
        "bank_accounts", "api_clients", "users",
    ):  # fmt: skip
        form |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    assert staff.post(reverse("admin:partners_partner_add"), form).status_code == 302
    nova = Partner.objects.get(name="Nova")
    time_machine.move_to(later(seconds=1), tick=False)

    page = staff.get(page_of(nova)).content.decode()

    assert nova.states.get().state == "PROSPECT"
    assert "Next: begin its onboarding" in page
    assert "enter its legal name and address" in page
    assert step_of(nova, "onboarding") in page


def test_the_page_tells_what_each_state_does_and_marks_where_it_stands(staff, partner):
    page = staff.get(page_of(partner)).content.decode()

    assert "ACTIVE (now)" in page
    own = staff.get(reverse("admin:partners_partner_change", args=[partner.pk])).content.decode()
    assert "ACTIVE. It is served. Nothing has to be done." in own
    assert page_of(partner) in own
    assert "later ones get V004" in page
    assert "Nothing has to be done" in page
    for to in ("suspended", "leaving"):
        assert step_of(partner, to) in page
    assert step_of(partner, "closed") not in page


def test_a_step_shows_what_it_changes_and_needs_a_reason(staff, partner):
    url = step_of(partner, "suspended")
    assert "Held until the suspension ends" in staff.get(url).content.decode()

    staff.post(url, {"reason": ""})
    assert partner.states.count() == 1
    staff.post(url, {"reason": "does not pay"})

    assert partner.states.latest("starts_at").state == "SUSPENDED"


def test_who_leaves_is_served_to_the_end_of_the_last_day(staff, partner, time_machine):
    url = step_of(partner, "leaving")
    answer = staff.post(url, {"reason": "its letter", "last_day": "2026-11-13"})
    assert "cannot end in the past" in answer.content.decode()
    staff.post(url, {"reason": "its letter", "last_day": "2026-11-30"})
    assert partner.states.latest("starts_at").service_ends_at.isoformat() == (
        "2026-11-30T23:00:00+00:00"
    )
    time_machine.move_to(later(seconds=1), tick=False)
    page = staff.get(page_of(partner)).content.decode()
    assert "Before it is closed" in page
    assert "Wait: it is served until 1 December 2026, 00:00" in page
    assert "Change the last day…" in page


def test_a_step_that_does_not_follow_cannot_be_taken(staff, partner):
    url = step_of(partner, "closed")
    assert "does not become CLOSED now" in staff.get(url).content.decode()
    staff.post(url, {"reason": "at once, please"})
    assert partner.states.count() == 1
    assert staff.get(step_of(partner, "left")).status_code == 404


def test_only_who_may_change_partners_takes_steps(client, partner):
    reader = User.objects.create(username="rita", is_staff=True)
    reader.user_permissions.set(Permission.objects.filter(codename="view_partner"))
    client.force_login(reader)

    page = client.get(page_of(partner))

    assert page.status_code == 200
    assert step_of(partner, "suspended") not in page.content.decode()
    assert client.post(step_of(partner, "suspended"), {"reason": "no right"}).status_code == 403
    client.force_login(PartnerUserMaker(partner=partner))
    for url in (page_of(partner), step_of(partner, "suspended")):
        assert client.get(url).status_code == 302
    assert partner.states.count() == 1


def test_the_list_is_filtered_by_where_they_stand(staff, partner):
    for name, ends_at in (("Gone", NOON), ("Going", later(days=1))):
        one = PartnerMaker(name=name)
        life.step(
            one, "LEAVING", reason="r", actor="a", now=later(hours=-1), service_ends_at=ends_at
        )

    def found(state: str) -> set[str]:
        rows = staff.get(reverse(LIST), {"state": state}).context["cl"].result_list
        return {one.name for one in rows}

    assert found("ACTIVE") == {"Nordlicht"}
    assert found("LEAVING") == {"Gone", "Going"}
    assert found("LEFT") == {"Gone"}
