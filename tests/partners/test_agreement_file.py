"""Many agreements by a file: each row new, a new version, the same, or refused by its column."""

import csv
import re
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from partners.models import AuditEvent, Job, RoamingAgreement
from partners.services.agreement_file import COLUMNS, apply, line_of
from partners.tasks import import_agreements
from tests.makers import (
    LONG_AGO,
    NOON,
    AgreementMaker,
    GroupMaker,
    PartnerUserMaker,
    StaffMaker,
    fjell,
    nordlicht,
    partner_of,
    polder,
    voltaire,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def house(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    GroupMaker()
    for party in (nordlicht, voltaire, polder, fjell):
        party()


def row(**changes: str) -> dict[str, str]:
    said = {
        "number": "N-1",
        "seller": "DE*NLX",
        "buyer": "FR*VOL",
        "group": "EUR monthly",
        "starts_on": "2027-01-01",
    }
    return said | changes


def applied(*rows, now=NOON):
    return apply(rows, actor="olga", reason="a letter", now=now)


class TestRow:
    def test_that_is_new_is_in_force_from_midnight(self):
        [result] = applied(row(commission_percent="1.5", acceptance="deemed", acceptance_days="7"))

        made = RoamingAgreement.objects.get(number="N-1")
        assert (result.outcome, result.problems) == ("new", {})
        assert made.in_force_at == NOON
        assert made.starts_at == datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
        assert (made.commission_rate, made.acceptance) == (Decimal("0.015"), "DEEMED")
        assert (made.acceptance_days, made.currency, made.refuse_after_days) == (7, "EUR", 90)
        assert set(AuditEvent.objects.values_list("action", "actor")) == {
            ("agreement.drafted", "olga"),
            ("agreement.in_force", "olga"),
        }

    def test_that_changes_something_is_a_new_version_of_the_rest(self):
        AgreementMaker(number="N-1", acceptance_days=3, split_allowed=True)

        [result] = applied(row(commission_percent="2", refuse_after_days="never"))

        first, second = RoamingAgreement.objects.filter(number="N-1").order_by("version")
        assert result.outcome == "new version"
        assert "commission_rate: 0.010000 → 0.020000" in result.changes
        assert first.ends_at == second.starts_at
        assert (second.version, second.acceptance_days, second.split_allowed) == (2, 3, True)
        assert second.refuse_after_days is None

    def test_that_changes_nothing_is_the_same_whatever_its_day(self):
        AgreementMaker(number="N-1")
        assert [one.outcome for one in applied(row(), row(starts_on="2030-01-01"))] == ["same"] * 2
        assert RoamingAgreement.objects.count() == 1

    @pytest.mark.parametrize(
        ("changes", "column", "says"),
        [
            ({"buyer": ""}, "buyer", "must not be empty"),
            ({"seller": "DE*ZZZ"}, "seller", "No CSO or CSP DE\\*ZZZ is set up in LIVE"),
            ({"seller": "Nordlicht"}, "seller", "write e.g. DE\\*NLX"),
            ({"group": "GBP"}, "group", "No settlement group"),
            ({"starts_on": "1.1.2027"}, "starts_on", "2027-01-31"),
            ({"commission_percent": "many"}, "commission_percent", "per cent"),
            ({"commission_percent": "101"}, "commission_percent", "between 0 and 100"),
            ({"acceptance": "MAYBE"}, "acceptance", "not a valid choice"),
            ({"mode": "CLEARED_PP"}, "mode", "needs a CSP"),
            ({"warn_after_days": "-1"}, "warn_after_days", "whole days"),
            ({"environment": "PROD"}, "environment", "LIVE or TEST"),
            ({"seller": "NL*PLD", "buyer": "NO*FJL", "number": "N-9"}, "seller", "another number"),
        ],
    )
    def test_that_is_wrong_is_told_by_its_column(self, changes, column, says):
        AgreementMaker(number="N-9", seller=nordlicht(), buyer=fjell())

        [result] = applied(row(**changes))

        assert result.outcome == "refused"
        assert set(result.problems) == {column}
        assert re.search(says, result.problems[column])
        assert RoamingAgreement.objects.count() == 1

    def test_over_a_draft_or_before_what_is_in_force_is_refused(self):
        AgreementMaker(number="N-1", in_force_at=None)
        [result] = applied(row(commission_percent="2"))
        assert "is a draft" in result.problems["number"]
        RoamingAgreement.objects.all().delete()
        AgreementMaker(number="N-1", starts_at=NOON)
        [result] = applied(row(commission_percent="2", starts_on="2026-11-01"))
        assert "start after" in result.problems["starts_on"]

    def test_that_overlaps_another_number_is_refused_and_holds_up_no_other(self):
        AgreementMaker(number="OLD")
        results = applied(row(), row(number="N-2", buyer="NO*FJL"))
        assert [one.outcome for one in results] == ["refused", "new"]
        assert "OLD v1" in results[0].problems["starts_on"]

    def test_read_from_what_holds_says_the_same(self):
        AgreementMaker(number="N-1", warn_after_days=None, acceptance="EXPLICIT")
        one = RoamingAgreement.objects.select_related("seller", "buyer", "group").get()
        [result] = applied(dict(zip(COLUMNS, line_of(one), strict=True)))
        assert result.outcome == "same"


def file_of(*rows: dict[str, str]) -> SimpleUploadedFile:
    text = StringIO()
    writer = csv.DictWriter(text, COLUMNS, delimiter=";", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return SimpleUploadedFile("many.csv", text.getvalue().encode())


class TestPages:
    @pytest.fixture
    def staff(self, client):
        client.force_login(StaffMaker())
        return client

    def test_lead_from_the_file_over_a_preview_to_agreements(self, staff):
        AgreementMaker(number="N-1")
        rows = [row(), row(number="N-2", buyer="NO*FJL"), row(number="N-3", buyer="?")]
        answer = staff.post(
            reverse("admin:partners_roamingagreement_import"), {"file": file_of(*rows)}
        )
        trial = Job.objects.get()
        assert answer.url == reverse("admin:partners_job_change", args=[trial.pk])
        import_agreements(job_id=str(trial.pk))
        trial.refresh_from_db()
        assert {name: trial.result[name] for name in ("same", "new", "refused")} == {
            "same": 1,
            "new": 1,
            "refused": 1,
        }
        assert not RoamingAgreement.objects.filter(number="N-2").exists()
        ask = reverse("admin:partners_roamingagreement_apply", args=[trial.pk])
        page = staff.get(ask).content.decode()
        assert "Put 1 agreement in force?" in page
        assert "buyer: " in page

        staff.post(ask, {"reason": "letters of November"})
        job = Job.objects.exclude(pk=trial.pk).get()
        import_agreements(job_id=str(job.pk))

        made = RoamingAgreement.objects.get(number="N-2")
        assert made.in_force_at is not None
        event = AuditEvent.objects.get(action="agreement.in_force", object_id=str(made.pk))
        assert (event.actor, event.reason) == ("olga", "letters of November")
        assert AuditEvent.objects.filter(action="agreement.file_applied").exists()

    def test_a_killed_job_does_it_once(self, staff):
        staff.post(reverse("admin:partners_roamingagreement_import"), {"file": file_of(row())})
        trial = Job.objects.get()
        import_agreements(job_id=str(trial.pk))
        staff.post(
            reverse("admin:partners_roamingagreement_apply", args=[trial.pk]),
            {"reason": "letters"},
        )
        job = Job.objects.exclude(pk=trial.pk).get()
        import_agreements(job_id=str(job.pk))
        Job.objects.filter(pk=job.pk).update(
            state="RUNNING", finished_at=None, heartbeat_at=LONG_AGO
        )

        import_agreements(job_id=str(job.pk))

        job.refresh_from_db()
        assert (job.state, job.result.get("same")) == ("DONE", 1)
        assert RoamingAgreement.objects.filter(number="N-1").count() == 1

    def test_hand_out_a_template_and_what_holds(self, staff):
        AgreementMaker(number="N-1")
        template = staff.get(reverse("admin:partners_roamingagreement_template"))
        today = staff.get(reverse("admin:partners_roamingagreement_today"))

        for answer in (template, today):
            text = answer.content.decode("utf-8-sig")
            [line] = csv.DictReader(StringIO(text), delimiter=";")
            assert line.keys() == set(COLUMNS)
        assert "N-1;DE*NLX;FR*VOL;EUR monthly;2020-01-01" in today.content.decode()

    @pytest.mark.parametrize("page", ["import", "template", "today"])
    def test_refuse_people_of_partners(self, client, page):
        client.force_login(PartnerUserMaker(partner=partner_of(nordlicht())))
        assert client.get(reverse(f"admin:partners_roamingagreement_{page}")).status_code == 302
