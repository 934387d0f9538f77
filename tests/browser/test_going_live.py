"""A checklist, a registration, sites and certifications in a real Chromium, in each look."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone

from partners.models import CertificationRun, ChecklistStep, RoamingEndpoint
from roaming.models import AuthorizationRequest, Location, LocationEvse, ServiceSession
from tests.browser.chromium import EVERY_LOOK, LOOKS
from tests.browser.conftest import PASSWORD, person
from tests.browser.test_days import assert_clean
from tests.makers import AgreementMaker, nordlicht, partner_of
from tests.roaming.part_five_rows import make

pytestmark = [pytest.mark.browser, pytest.mark.long]


def a_party_on_its_way() -> str:
    party = nordlicht("TEST")
    endpoint = make(RoamingEndpoint, owner=partner_of(party), environment="TEST", protocol="OCPI")
    endpoint.parties.set([party])
    for item, evidence in (
        ("REGISTER_EXTRACT", "Handelsregister Hamburg HRB 4711, 2026-11-02, file 7"),
        ("OWNERS_SCREENED", "Screening report 2026-11-03"),
    ):
        own = {"party": party, "item": item, "evidence": evidence, "confirmed_by": "olga"}
        ChecklistStep.objects.create(**own, confirmed_at=timezone.now())
    return f"/admin/partners/party/{party.pk}/checklist/"


def a_site() -> Location:
    now = timezone.now()
    AgreementMaker()
    site = make(
        Location,
        location_id="LOC1",
        name="Hafen Parkhaus",
        address="Hafenstrasse 1",
        postal_code="20457",
        city="Hamburg",
        country_code="DE",
        latitude="53.5441",
        longitude="9.9665",
        time_zone="Europe/Berlin",
        document_format="OCPI 2.2.1",
    )
    for number, status in enumerate(("AVAILABLE", "CHARGING", "OUT_OF_ORDER", "UNKNOWN"), 1):
        make(
            LocationEvse,
            location=site,
            evse_uid=f"P{number}",
            evse_id=f"DE*NLX*E100{number}*1",
            status=status,
            status_at=now - timedelta(minutes=7 * number),
            connector_types=["IEC_62196_T2", "IEC_62196_T2_COMBO"],
            current_type="DC" if number > 2 else "AC",
            max_power_kw=150 if number > 2 else 22,
            capabilities=["RFID_READER", "REMOTE_START_STOP_CAPABLE"],
            tariff_ids=["NLX-AC"],
        )
    make(
        ServiceSession,
        cso=nordlicht(),
        location_id="LOC1",
        evse_uid="P2",
        evse_id="DE*NLX*E1002*1",
        state="ACTIVE",
        energy_kwh="7.5",
    )
    make(Location, location_id="LOC2", is_published=False)
    make(Location, location_id="LOC3", name="Alter Markt", removed_at=now)
    return site


def a_report() -> CertificationRun:
    asked = {"asked": "a page with limit=1", "expected": "one object, a Link, X-Total-Count"}
    cases = [
        {"case": "PAG-01", "came": "as expected", "verdict": "passed"} | asked,
        {"case": "PAG-03", "came": "no Link header", "verdict": "failed"} | asked,
        {"case": "CRD-01", "came": "needs a registration token", "verdict": "not applicable"}
        | asked,
    ]
    report = {
        "versions_url": "https://cpo.nordlicht.example/ocpi/versions",
        "role": "cso",
        "version": "2.2.1",
        "cases": cases,
    }
    return make(CertificationRun, report=report, passed=1, failed=1, not_applicable=1)


@pytest.mark.parametrize("look", EVERY_LOOK)
def test_staff_looks_at_who_goes_live(transactional_db, open_page, look):
    checklist, site, report = a_party_on_its_way(), a_site(), a_report()
    decision = make(AuthorizationRequest)
    connection = make(RoamingEndpoint, protocol="OCPI", versions_url="https://a.example/ocpi")
    connection.parties.set([nordlicht()])
    person("kai", is_staff=True, is_superuser=True)
    staff = open_page(**LOOKS[look])
    staff.log_in("/admin/login/", "kai", PASSWORD)
    evse = site.evses.get(evse_uid="P2")
    pages = {
        "checklist": checklist,
        "confirm": f"{checklist}VAT_CHECKED/confirm/",
        "ask": f"{checklist}ask/",
        "party": checklist.replace("checklist/", "change/"),
        "register": f"/admin/partners/roamingendpoint/{connection.pk}/connect/",
        "locations": "/admin/roaming/location/",
        "location": f"/admin/roaming/location/{site.pk}/change/",
        "evses": "/admin/roaming/locationevse/",
        "evse": f"/admin/roaming/locationevse/{evse.pk}/change/",
        "certifications": "/admin/partners/certificationrun/",
        "certification": f"/admin/partners/certificationrun/{report.pk}/change/",
        "certify": "/admin/partners/certificationrun/ask/",
        "decisions": "/admin/roaming/authorizationrequest/",
        "decision": f"/admin/roaming/authorizationrequest/{decision.pk}/change/",
        "whitelist": "/admin/roaming/whitelistentry/",
    }
    for name, path in pages.items():
        staff.go(path)
        if folder := os.environ.get("PICTURES"):
            staff.page.screenshot(path=f"{folder}/{look}-{name}.png", full_page=True)
        assert not staff.is_wider_than_its_window(), path
    assert_clean(staff)
