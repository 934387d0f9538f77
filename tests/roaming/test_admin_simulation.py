"""The page of a draft: simulate it, see what it would change; strangers see nothing."""

from datetime import timedelta

import pytest
from django.urls import reverse

from partners.models import AuditEvent, Job
from partners.services import jobs
from roaming.models import RuleOverride
from roaming.services import simulation_job
from tests.makers import (
    NOON,
    AgreementMaker,
    PartnerUserMaker,
    StaffMaker,
    later,
    nordlicht,
    numbered_record,
    partner_of,
    take,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft():
    AgreementMaker()
    take(numbered_record(1), numbered_record(2), numbered_record(3, energy_kwh="-1"))
    return RuleOverride.objects.create(
        partner=partner_of(nordlicht()),
        code="V203",
        limits={"large_kwh": "10"},
        reason="try it",
        starts_at=later(days=30),
    )


@pytest.fixture
def staff(client):
    client.force_login(StaffMaker())
    return client


def page_of(draft: RuleOverride) -> str:
    return reverse("admin:roaming_ruleoverride_change", args=[draft.pk])


def ask_page(draft: RuleOverride) -> str:
    return reverse("admin:roaming_simulation_ask", args=[draft.pk])


def ask_for_it(staff, draft: RuleOverride) -> Job:
    period = {
        "from_date": (NOON - timedelta(days=1)).date(),
        "until_date": later(days=1).date(),
    }
    staff.post(ask_page(draft), period)
    return Job.objects.get(kind=simulation_job.KIND)


def run(job: Job) -> None:
    simulation_job.run(jobs.claim(job.pk, now=NOON), clock=lambda: NOON)


def test_a_draft_that_nobody_tried_says_so(staff, draft):
    text = staff.get(page_of(draft)).content.decode()

    assert "Not simulated yet" in text
    assert ask_page(draft) in text


def test_a_simulation_is_queued_and_audited(staff, draft):
    job = ask_for_it(staff, draft)

    assert (job.state, job.parameters["drafts"]) == ("QUEUED", [str(draft.pk)])
    assert AuditEvent.objects.filter(action="rules.simulated", object_id=str(job.pk)).exists()


def test_a_period_that_ends_before_it_starts_is_refused(staff, draft):
    answer = staff.post(ask_page(draft), {"from_date": "2026-11-02", "until_date": "2026-11-01"})

    assert "Choose a day after the first one." in answer.content.decode()
    assert not Job.objects.exists()


def test_the_result_stands_on_its_page_the_jobs_and_the_drafts(staff, draft):
    job = ask_for_it(staff, draft)
    run(job)
    result = reverse("admin:roaming_simulation", args=[job.pk])

    for page in (result, page_of(draft)):
        text = staff.get(page).content.decode()
        assert "newly held" in text
        assert "18.04 EUR" in text
    assert result in staff.get(reverse("admin:partners_job_change", args=[job.pk])).content.decode()


def test_a_draft_that_was_changed_since_says_so(staff, draft):
    run(ask_for_it(staff, draft))
    draft.limits = {"large_kwh": "20"}
    draft.save()

    assert "changed after this simulation" in staff.get(page_of(draft)).content.decode()


def test_what_is_in_force_cannot_be_simulated(staff, draft):
    RuleOverride.objects.filter(pk=draft.pk).update(activated_at=NOON)

    staff.post(ask_page(draft), {"from_date": "2026-11-01", "until_date": "2026-12-01"})

    assert ask_page(draft) not in staff.get(page_of(draft)).content.decode()
    assert not Job.objects.exists()


def test_strangers_see_and_ask_nothing(client, draft):
    client.force_login(PartnerUserMaker(partner=partner_of(nordlicht())))
    job = simulation_job.ask_for(
        simulation_job.Wish(
            drafts=(draft,),
            selection=simulation_job.Selection(from_at=NOON, until_at=later(days=1)),
        )
    )
    run(job)

    for page in (
        page_of(draft),
        ask_page(draft),
        reverse("admin:roaming_simulation", args=[job.pk]),
    ):
        assert client.get(page).status_code in (302, 403, 404)
        assert b"V203" not in client.get(page).content
    client.post(ask_page(draft), {"from_date": "2026-11-01", "until_date": "2026-12-01"})
    assert Job.objects.count() == 1
