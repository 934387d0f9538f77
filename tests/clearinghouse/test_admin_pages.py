"""Every page of the admin: it opens, is cheap, shows strangers nothing, and keeps evidence."""

from uuid import UUID

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from partners.admin.base import EvidenceAdmin
from partners.models import User
from roaming.models import Sdr
from tests.clearinghouse.admin_world import a_house
from tests.makers import StaffMaker

pytestmark = pytest.mark.django_db

SOME_ID = UUID("01900000-0000-7000-8000-000000000000")
MOST_QUERIES_OF_A_LIST = 8


def registered() -> list[tuple[str, type, admin.ModelAdmin]]:
    """Name of the pages, model and admin of everything that staff may look at."""
    return [
        (f"admin:{model._meta.app_label}_{model._meta.model_name}", model, model_admin)
        for model, model_admin in admin.site._registry.items()
    ]


def newest(model) -> object:
    return model.objects.order_by("-pk").first()


class TestPages:
    def test_open_in_an_empty_house(self, client):
        client.force_login(StaffMaker())

        answers = {
            name: client.get(reverse(f"{name}_changelist")).status_code
            for name, _, _ in registered()
        }
        answers["dashboard"] = client.get(reverse("admin:index")).status_code

        assert {name: status for name, status in answers.items() if status != 200} == {}

    def test_open_with_a_row_of_everything(self, client):
        client.force_login(a_house().staff)

        answers = {"dashboard": client.get(reverse("admin:index")).status_code}
        for name, model, model_admin in registered():
            answers[f"{name} list"] = client.get(reverse(f"{name}_changelist")).status_code
            row = newest(model)
            if row is not None:
                url = reverse(f"{name}_change", args=[row.pk])
                answers[f"{name} page"] = client.get(url).status_code
            if not isinstance(model_admin, EvidenceAdmin):
                answers[f"{name} new"] = client.get(reverse(f"{name}_add")).status_code

        assert {page: status for page, status in answers.items() if status != 200} == {}
        assert len([page for page in answers if page.endswith(" page")]) >= 25

    def test_tell_of_every_state_of_a_record(self, client):
        house = a_house()
        client.force_login(house.staff)

        pages = {
            state.state: client.get(reverse("admin:roaming_sdr_change", args=[state.pk]))
            for state in (house.accepted, house.held, house.rejected)
        }

        assert "Name a home-CSP" in pages["HELD"].content.decode()
        rejected = pages["REJECTED"].content.decode()
        assert "Negative energy" in rejected
        assert "its id is free again" in rejected
        assert "checked on arrival, sent by" in rejected
        assert "waits for its acceptance" not in rejected
        accepted = pages["ACCEPTED"].content.decode()
        assert "9.02 EUR" in accepted
        assert reverse("admin:billing_clearedsdr_change", args=[house.accepted.pk]) in accepted
        assert house.document.number in accepted
        cleared = client.get(reverse("admin:billing_clearedsdr_changelist")).content.decode()
        # As partners call it.
        assert Sdr.objects.get(pk=house.accepted.pk).sdr_id in cleared

    def test_say_where_an_unknown_id_leads(self, client):
        client.force_login(StaffMaker())

        answers = {
            name: client.get(reverse(f"{name}_change", args=[SOME_ID])).status_code
            for name, _, model_admin in registered()
            if isinstance(model_admin, EvidenceAdmin)
        }

        assert set(answers.values()) == {302}


class TestLists:
    def test_cost_few_queries_however_many_rows_they_show(self, client):
        client.force_login(a_house().staff)

        costs = {}
        for name, _, _ in registered():
            with CaptureQueriesContext(connection) as queries:
                client.get(reverse(f"{name}_changelist"))
            costs[name] = len(queries)

        assert {n: cost for n, cost in costs.items() if cost > MOST_QUERIES_OF_A_LIST} == {}

    def test_of_records_never_count_the_table(self, client):
        client.force_login(a_house().staff)

        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("admin:roaming_sdr_changelist"))

        assert [query["sql"] for query in queries if "COUNT(" in query["sql"].upper()] == []

    def test_of_records_can_be_filtered_and_searched(self, client):
        house = a_house()
        client.force_login(house.staff)
        url = reverse("admin:roaming_sdr_changelist")

        found = {
            query: [state.pk for state in client.get(f"{url}?{query}").context["cl"].result_list]
            for query in (
                "state=HELD",
                "code=V201",
                f"seller__id__exact={house.agreement.seller_id}&state=REJECTED",
                "q=NLX-00009",
                "q=S-00010",
                f"q={house.held.pk}",
                "q=nothing-like-it",
                "environment__exact=TEST",
            )
        }

        assert found == {
            "state=HELD": [house.held.pk],
            "code=V201": [house.rejected.pk],
            f"seller__id__exact={house.agreement.seller_id}&state=REJECTED": [house.rejected.pk],
            "q=NLX-00009": [house.held.pk],
            "q=S-00010": [house.rejected.pk],
            f"q={house.held.pk}": [house.held.pk],
            "q=nothing-like-it": [],
            "environment__exact=TEST": [],
        }

    def test_of_records_find_a_station_and_a_driver(self, client):
        house = a_house()
        client.force_login(house.staff)
        url = reverse("admin:roaming_sdr_changelist")
        sdr = Sdr.objects.get(pk=house.accepted.pk)

        by_station = client.get(f"{url}?q={sdr.evse_id}").context["cl"].result_list
        by_driver = client.get(f"{url}?q={sdr.pseudonym}").context["cl"].result_list

        assert [state.pk for state in by_station] == [sdr.pk]
        assert [state.pk for state in by_driver] == [sdr.pk]


class TestStrangers:
    def test_among_staff_see_only_what_their_rights_name(self, client):
        client.force_login(User.objects.create(username="new", is_staff=True))

        lists = {
            name: client.get(reverse(f"{name}_changelist")).status_code
            for name, _, _ in registered()
        }
        dashboard = client.get(reverse("admin:index"))

        assert set(lists.values()) == {403}
        assert dashboard.status_code == 200
        assert "Claims received" not in dashboard.content.decode()


class TestErrorPages:
    def test_tell_staff_without_the_right_what_to_do(self, client):
        client.force_login(User.objects.create(username="new", is_staff=True))

        page = client.get(reverse("admin:partners_partner_changelist"))

        assert page.status_code == 403
        assert "ask who manages users" in page.content.decode()
        assert reverse("admin:index") in page.content.decode()

    def test_lead_staff_back_from_a_wrong_address(self, client):
        client.force_login(StaffMaker())

        page = client.get("/admin/nowhere/at/all/")

        assert page.status_code == 404
        assert "Back to Today" in page.content.decode()

    def test_say_that_a_form_is_too_old(self):
        client = Client(enforce_csrf_checks=True)
        client.force_login(StaffMaker())

        page = client.post(reverse("admin:roaming_intakebatch_upload"), {})

        assert page.status_code == 403
        assert "This form is too old" in page.content.decode()


class TestEvidence:
    def test_is_not_changed_added_or_deleted_by_anybody(self, client):
        client.force_login(a_house().staff)

        answers, counts = {}, {}
        for name, model, model_admin in registered():
            if not isinstance(model_admin, EvidenceAdmin):
                continue
            before, row = model.objects.count(), newest(model)
            answers[f"{name} add"] = client.post(reverse(f"{name}_add"), {}).status_code
            if row is not None:
                for verb in ("change", "delete"):
                    url = reverse(f"{name}_{verb}", args=[row.pk])
                    answers[f"{name} {verb}"] = client.post(url, {"post": "yes"}).status_code
            counts[name] = model.objects.count() - before

        assert {act: status for act, status in answers.items() if status != 403} == {}
        assert {name: change for name, change in counts.items() if change} == {}

    def test_in_force_of_an_agreement_is_only_read(self, client):
        house = a_house()
        client.force_login(house.staff)
        url = reverse("admin:partners_roamingagreement_change", args=[house.agreement.pk])

        answer = client.post(url, {"currency": "CHF"})

        assert answer.status_code == 403
        house.agreement.refresh_from_db()
        assert house.agreement.currency == "EUR"
