"""Paging by keyset: forward and back over every row once, without a count."""

import pytest
from django.urls import reverse

from partners.models import AuditEvent
from partners.services import audit
from roaming.admin.sdr import SdrAdmin
from tests.makers import AgreementMaker, PartnerMaker, StaffMaker, later, numbered_record, take

pytestmark = pytest.mark.django_db
AUDIT = reverse("admin:partners_auditevent_changelist")


def events(number: int) -> list:
    partner = PartnerMaker()
    return [
        audit.record("partner.seen", partner, actor="olga", at=later(minutes=n)).pk
        for n in range(number)
    ]


def page(client, url: str):
    changelist = client.get(url).context["cl"]
    return changelist, [row.pk for row in changelist.result_list]


class TestKeysetPages:
    def test_show_every_row_once_on_the_way_to_the_oldest(self, client):
        client.force_login(StaffMaker())
        newest_first = events(120)[::-1]

        seen, url = [], AUDIT
        while url:
            changelist, ids = page(client, url)
            seen.append(ids)
            url = AUDIT + changelist.older_url if changelist.has_older else None

        assert [len(ids) for ids in seen] == [50, 50, 20]
        assert [pk for ids in seen for pk in ids] == newest_first

    def test_go_back_to_the_page_they_came_from(self, client):
        client.force_login(StaffMaker())
        events(120)
        first, first_ids = page(client, AUDIT)
        second, second_ids = page(client, AUDIT + first.older_url)
        third, _ = page(client, AUDIT + second.older_url)

        back, back_ids = page(client, AUDIT + third.newer_url)
        again, again_ids = page(client, AUDIT + back.newer_url)

        assert back_ids == second_ids
        assert again_ids == first_ids
        assert (again.has_newer, again.has_older) == (False, True)
        assert AuditEvent.objects.count() == 120

    def test_keep_search_and_filters(self, client):
        client.force_login(StaffMaker())
        events(60)

        changelist, _ = page(client, f"{AUDIT}?q=olga")

        assert "q=olga" in changelist.older_url
        assert "before=" in changelist.older_url
        assert "before=" not in page(client, AUDIT + changelist.older_url)[0].newest_url

    def test_take_a_garbled_position_as_the_first_page(self, client):
        client.force_login(StaffMaker())
        ids = events(3)

        _, shown = page(client, f"{AUDIT}?before=nonsense")

        assert shown == ids[::-1]

    def test_of_records_reach_the_oldest_too(self, client, monkeypatch):
        monkeypatch.setattr(SdrAdmin, "list_per_page", 4)
        client.force_login(StaffMaker())
        AgreementMaker()
        outcomes = take(*(numbered_record(number) for number in range(1, 11)))
        records = reverse("admin:roaming_sdr_changelist")

        first, first_ids = page(client, records)
        second, second_ids = page(client, records + first.older_url)
        third, third_ids = page(client, records + second.older_url)

        shown = [str(pk) for pk in [*first_ids, *second_ids, *third_ids]]
        assert shown == sorted((outcome.record_id for outcome in outcomes), reverse=True)
        assert third.has_older is False
