"""Connections and exchanges in a real Chromium, in each look."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone

from clearinghouse.uuid7 import new_uuid7
from partners.models import EndpointInterface, RoamingEndpoint
from roaming.models import Exchange, ObjectPush
from roaming.services.outgoing.breaker import FAILURES_IN_A_ROW, breaker
from tests.browser.chromium import EVERY_LOOK, LOOKS
from tests.browser.conftest import PASSWORD, person
from tests.browser.test_days import assert_clean
from tests.makers import nordlicht, partner_of, voltaire
from tests.roaming.part_five_rows import make

pytestmark = pytest.mark.browser


def a_hub() -> tuple[RoamingEndpoint, Exchange]:
    """One system that does well, and one whose breaker is open with much waiting for it."""
    now = timezone.now()
    failing = make(
        RoamingEndpoint,
        owner=partner_of(voltaire()),
        state="OFFLINE",
        registered_at=now,
        state_changed_at=now,
        last_heard_at=now - timedelta(minutes=12),
        versions_url="https://emsp.voltaire.example/ocpi/versions",
    )
    failing.parties.add(voltaire())
    well = make(RoamingEndpoint, state="CONNECTED", registered_at=now, last_heard_at=now)
    well.parties.add(nordlicht())
    make(RoamingEndpoint, environment="TEST")
    base = "https://emsp.voltaire.example/ocpi/2.2.1/"
    for module in ("cdrs", "locations", "tariffs"):
        make(EndpointInterface, endpoint=failing, module=module, url=base + module)
    for number in range(12):
        make(Exchange, endpoint=well, asked_at=now, duration_ms=20 + number)
        make(
            Exchange,
            endpoint=failing,
            asked_at=now,
            duration_ms=5000,
            http_status=None if number % 2 else 500,
            status_code=None,
            is_success=False,
            error="TIMED_OUT: ReadTimeout: the time for this call is over" if number % 2 else "",
        )
    for number in range(3):
        make(ObjectPush, endpoint=failing, attempts=number)
    make(ObjectPush, endpoint=failing, kind="TARIFF", given_up_at=now)
    for _ in range(FAILURES_IN_A_ROW):
        breaker.failed(failing.pk, breaker.admit(failing.pk))
    told = make(
        Exchange,
        endpoint=failing,
        asked_at=now,
        verb="PUT",
        module="locations",
        url=base + "locations/DE/NLX/LOC-17",
        http_status=200,
        status_code=2001,
        is_success=False,
        correlation_id="b5e7c9a0-3f7e-4b0e-9a51-0d1c7d8f1b11",
        request_id=str(new_uuid7()),
        request_body='{"id":"LOC-17","coordinates":{"latitude":"52.5","longitude":"13.4"},'
        '"last_updated":"2026-01-01T00:00:00Z","evses":[{"uid":"1","status":"AVAILABLE"}]}',
        response_body='{"status_code":2001,"status_message":"country is missing","data":null}',
        subject_kind="LOCATION",
        subject_id=new_uuid7(),
    )
    return failing, told


@pytest.mark.parametrize("look", EVERY_LOOK)
def test_staff_sees_who_fails_and_why(transactional_db, open_page, look):
    failing, told = a_hub()
    person("kai", is_staff=True, is_superuser=True)
    staff = open_page(**LOOKS[look])
    staff.log_in("/admin/login/", "kai", PASSWORD)
    connection = f"/admin/partners/roamingendpoint/{failing.pk}"
    pages = {
        "connections": "/admin/partners/roamingendpoint/",
        "connection": f"{connection}/change/",
        "edit": f"{connection}/change/?edit=1",
        "suspend": f"{connection}/suspend/",
        "exchanges": "/admin/roaming/exchange/",
        "exchange": f"/admin/roaming/exchange/{told.pk}/change/",
        "again": f"/admin/roaming/exchange/{told.pk}/again/",
    }
    for name, path in pages.items():
        staff.go(path)
        if folder := os.environ.get("PICTURES"):
            staff.page.screenshot(path=f"{folder}/{look}-{name}.png", full_page=True)
        assert not staff.is_wider_than_its_window(), path

    staff.go(f"{connection}/token/")
    staff.page.fill("textarea[name=reason]", "the partner asked for it")
    staff.page.click("button:has-text('Make the token')")
    staff.page.wait_for_selector("text=The token, shown this once")
    if folder := os.environ.get("PICTURES"):
        staff.page.screenshot(path=f"{folder}/{look}-token.png", full_page=True)
    assert_clean(staff)
