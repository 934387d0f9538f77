"""Filters under a name: kept, shared, marked where they hold, deleted; never a page."""

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, transaction
from django.urls import reverse
from lxml import html

from partners.models import AuditEvent, SavedFilter, User
from tests.makers import PartnerUserMaker, StaffMaker

pytestmark = pytest.mark.django_db

LIST = reverse("admin:roaming_sdr_changelist")
KEEP = reverse("admin:roaming_sdr_keep")


def kept(owner: User | None = None, **facts) -> SavedFilter:
    return SavedFilter.objects.create(
        **{
            "owner": owner or StaffMaker(),
            "list_of": "roaming.sdr",
            "name": "Held",
            "query": "state=HELD",
        }
        | facts
    )


def who_sees_records(name: str) -> User:
    user = User.objects.create(username=name, is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_sdr"))
    return user


def links(page) -> dict[str, str]:
    found = html.fromstring(page.content.decode()).xpath("//nav[@aria-label='Saved filters']//a")
    return {" ".join(one.text_content().split()): one.get("href") for one in found}


class TestKeeping:
    def test_takes_filters_and_search_and_leaves_the_page_out(self, client):
        client.force_login(StaffMaker())
        page = client.get(f"{LIST}?state=HELD&q=NLX-1&before=01900000-0000-7000-8000-000000000000")
        to_keep = links(page)["Keep these filters…"]

        answer = client.post(to_keep, {"name": "Held of NLX"}, follow=True)

        row = SavedFilter.objects.get()
        assert (row.query, row.is_shared) == ("state=HELD&q=NLX-1", False)
        assert links(answer)["Held of NLX"] == "?state=HELD&q=NLX-1"
        current = html.fromstring(answer.content.decode()).xpath("//*[@aria-current='true']")
        assert [one.text_content().strip() for one in current] == ["Held of NLX"]

    def test_is_offered_only_where_something_is_narrowed(self, client):
        client.force_login(StaffMaker())

        assert "Keep these filters…" not in links(client.get(LIST))
        client.post(KEEP, {"name": "Nothing"})
        assert not SavedFilter.objects.exists()

    def test_replaces_what_the_owner_has_under_the_name(self, client):
        row = kept()
        client.force_login(row.owner)

        client.post(f"{KEEP}?state=REJECTED", {"name": "Held"})

        assert SavedFilter.objects.get().query == "state=REJECTED"

    def test_says_that_somebody_shares_the_name(self, client):
        kept(is_shared=True)
        client.force_login(StaffMaker(username="other"))

        page = client.post(f"{KEEP}?state=REJECTED", {"name": "Held", "is_shared": "on"})

        assert "Choose another name" in page.content.decode()
        assert SavedFilter.objects.count() == 1


class TestLinks:
    def test_are_the_owners_and_the_shared_ones_of_this_list(self, client):
        me = who_sees_records("me")
        kept(me, name="Mine")
        kept(who_sees_records("other"), name="Of another")
        kept(who_sees_records("third"), name="For all", is_shared=True)
        kept(me, name="Elsewhere", list_of="roaming.finding")
        client.force_login(me)

        shown = links(client.get(LIST))

        assert set(shown) == {"For all · shared", "Mine", "×"}

    def test_are_deleted_by_their_owner(self, client):
        row = kept(who_sees_records("me"), is_shared=True)
        client.force_login(row.owner)
        url = links(client.get(LIST))["×"]

        assert "Everybody loses the link" in client.get(url).content.decode()
        client.post(url)

        assert not SavedFilter.objects.exists()
        event = AuditEvent.objects.get(action="saved_filter.deleted")
        assert (event.actor, event.before["name"]) == ("me", "Held")

    def test_are_deleted_by_nobody_else_but_who_manages_users(self, client):
        mine = kept(who_sees_records("owner"))
        shared = kept(mine.owner, name="Shared", is_shared=True)
        urls = [reverse("admin:roaming_sdr_forget", args=[row.pk]) for row in (mine, shared)]

        client.force_login(who_sees_records("colleague"))
        assert [client.post(url).status_code for url in urls] == [404, 403]
        client.force_login(User.objects.create(username="blind", is_staff=True))
        assert [client.post(url).status_code for url in urls] == [403, 403]
        client.force_login(PartnerUserMaker())
        assert [client.post(url).status_code for url in urls] == [302, 302]
        assert SavedFilter.objects.count() == 2
        client.force_login(StaffMaker())
        assert [client.post(url).status_code for url in urls] == [404, 302]
        assert list(SavedFilter.objects.all()) == [mine]


class TestRefused:
    @pytest.mark.violates("saved_filter_is_named_once_by_its_owner")
    def test_two_of_a_name(self):
        row = kept()

        with pytest.raises(IntegrityError, match="saved_filter_is_named_once_by_its_owner"):
            kept(row.owner)

    @pytest.mark.violates("shared_filter_is_named_once_of_a_list")
    def test_two_shared_ones_of_a_name(self):
        kept(is_shared=True)

        with pytest.raises(IntegrityError, match="shared_filter_is_named_once_of_a_list"):
            kept(StaffMaker(username="other"), is_shared=True)

    @pytest.mark.violates("saved_filter_has_a_name_and_filters")
    @pytest.mark.parametrize("empty", ["name", "query"])
    def test_nothing(self, empty):
        with pytest.raises(IntegrityError, match="saved_filter_has_a_name_and_filters"):
            kept(**{empty: ""})

    @pytest.mark.violates("saved_filter_names_no_page")
    @pytest.mark.parametrize("query", ["p=3", "state=HELD&before=1", "after=1", "a=1&e=1"])
    def test_a_page(self, query):
        owner = StaffMaker()
        with (
            pytest.raises(IntegrityError, match="saved_filter_names_no_page"),
            transaction.atomic(),
        ):
            kept(owner, query=query)

        assert kept(owner, query="step=3&stage=1").pk
