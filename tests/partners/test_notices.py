"""Notices: whom they reach, for how long, and what the table refuses."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.urls import reverse

from partners.models import AuditEvent, Notice, Party
from partners.queries_notices import notices_for, shown_to
from tests.makers import (
    NOON,
    PartnerUserMaker,
    StaffMaker,
    later,
    laterne,
    nordlicht,
    partner_of,
    voltaire,
)

pytestmark = pytest.mark.django_db


def notice(**changes) -> Notice:
    fields = {
        "kind": "MAINTENANCE",
        "title": "New disks",
        "text": "No records are taken in from 22:00 to 23:00.",
        "shown_from_at": NOON,
        "shown_until_at": later(hours=2),
        "created_by": "olga",
    }
    return Notice.objects.create(**(fields | changes))


def refused(name: str):
    return pytest.raises(DatabaseError, match=name)


class TestAudience:
    @pytest.mark.parametrize(
        ("audience", "readers"),
        [
            ("EVERYBODY", {"Nordlicht", "Voltaire"}),
            ("CSOS", {"Nordlicht"}),
            ("CSPS", {"Voltaire"}),
        ],
    )
    def test_is_by_role(self, audience, readers):
        notice(audience=audience)

        partners = [partner_of(party) for party in (nordlicht(), voltaire())]
        reached = {one.name for one in partners if shown_to(one, now=NOON).exists()}

        assert reached == readers

    def test_of_one_partner_reaches_no_other(self):
        one = notice(audience="PARTNER", partner=partner_of(nordlicht()))

        assert list(shown_to(partner_of(nordlicht()), now=NOON)) == [one]
        for stranger in (voltaire(), laterne(Party.Role.CSO)):
            assert not notices_for(partner_of(stranger), now=NOON).exists()

    def test_holds_for_its_time_and_is_kept_in_the_list(self):
        notice()
        partner = partner_of(nordlicht())
        assert not notices_for(partner, now=later(seconds=-1)).exists()
        assert shown_to(partner, now=later(hours=2, seconds=-1)).exists()
        assert not shown_to(partner, now=later(hours=2)).exists()
        assert notices_for(partner, now=later(days=9)).exists()


class TestTable:
    @pytest.mark.violates("maintenance_has_an_end")
    def test_maintenance_has_an_end(self):
        with refused("maintenance_has_an_end"):
            notice(shown_until_at=None)

    @pytest.mark.violates("notice_ends_after_it_starts")
    def test_ends_after_it_starts(self):
        with refused("notice_ends_after_it_starts"):
            notice(shown_until_at=NOON)

    @pytest.mark.violates("notice_names_a_partner_where_it_is_for_one")
    @pytest.mark.parametrize("audience", ["PARTNER", "CSOS"])
    def test_names_a_partner_where_it_is_for_one(self, audience):
        partner = None if audience == "PARTNER" else partner_of(nordlicht())
        with refused("notice_names_a_partner_where_it_is_for_one"):
            notice(audience=audience, partner=partner)

    @pytest.mark.violates("notice_says_something_and_by_whom")
    def test_says_something(self):
        with refused("notice_says_something_and_by_whom"):
            notice(text="")


class TestPages:
    def test_of_the_portal_tell_it_above_every_page_and_in_a_list(self, client, time_machine):
        time_machine.move_to(later(minutes=1), tick=False)
        notice()
        notice(kind="INCIDENT", title="Bank away", shown_until_at=None, audience="CSPS")
        notice(title="Long ago", shown_until_at=NOON + timedelta(seconds=1))
        client.force_login(PartnerUserMaker(partner=partner_of(nordlicht())))

        home = client.get(reverse("portal:home")).content.decode()
        page = client.get(reverse("house:notices")).content.decode()

        assert "New disks" in home
        assert "Long ago" not in home
        assert "Bank away" not in home + page
        assert "Long ago" in page
        assert "22:00 to 23:00" in page

    def test_of_staff_write_it_with_a_name(self, client, time_machine):
        time_machine.move_to(NOON, tick=False)
        client.force_login(StaffMaker())

        answer = client.post(
            reverse("admin:partners_notice_add"),
            {
                "kind": "INCIDENT",
                "title": "Bank away",
                "text": "Payouts wait.",
                "audience": "EVERYBODY",
                "partner": "",
                "shown_from_at_0": "2026-11-14",
                "shown_from_at_1": "13:00",
            },
        )

        assert answer.status_code == 302, answer.context["errors"]
        assert Notice.objects.get().created_by == "olga"
        assert AuditEvent.objects.filter(action="notice.added").exists()

    def test_that_contradict_the_table_end_in_a_sentence(self, client):
        client.force_login(StaffMaker())

        answer = client.post(
            reverse("admin:partners_notice_add"),
            {
                "kind": "MAINTENANCE",
                "title": "Disks",
                "text": "…",
                "audience": "EVERYBODY",
                "shown_from_at_0": "2026-11-14",
                "shown_from_at_1": "13:00",
            },
        )

        assert "maintenance has an end" in answer.content.decode().lower().replace("_", " ")
        assert not Notice.objects.exists()
