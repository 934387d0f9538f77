"""A partner follows the certification of its TEST system without a reload."""

import pytest
from django.urls import reverse
from django.utils import timezone

from partners.models import Job
from roaming.services import certification
from tests import makers
from tests.browser.conftest import PASSWORD, person
from tests.roaming.test_lab import registered

pytestmark = pytest.mark.browser


def test_is_followed_to_its_report_without_a_reload(transactional_db, open_page):
    party = makers.nordlicht("TEST")
    vera = person("vera", partner=makers.partner_of(party))
    endpoint = registered(party)
    content = {
        "versions_url": endpoint.versions_url,
        "totals": {"passed": 1, "failed": 0, "not applicable": 0},
        "cases": [],
    }
    run = certification.keep(endpoint.owner, content, "signed", now=timezone.now())
    certification.ask_for(endpoint, by=vera, now=timezone.now())
    Job.objects.update(state="RUNNING", done=7, total=54, heartbeat_at=timezone.now())
    watched = open_page()
    watched.log_in("/portal/login/", "vera", PASSWORD)

    watched.go(reverse("sandbox:certify", args=[endpoint.pk]))
    watched.page.get_by_text("7 of 54 cases are through").wait_for()
    Job.objects.update(done=31)
    watched.page.get_by_text("31 of 54 cases are through").wait_for(timeout=10_000)
    Job.objects.update(state="DONE", finished_at=timezone.now(), result={"report": str(run.pk)})
    watched.page.wait_for_url(f"**{reverse('sandbox:report', args=[run.pk])}", timeout=10_000)

    assert (watched.errors, watched.strangers) == ([], [])
