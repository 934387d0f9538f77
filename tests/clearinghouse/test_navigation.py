"""The way to every list: by work, only where one may go, with its siblings beside it."""

from collections import Counter
from html import unescape

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.urls import reverse
from lxml import html

from clearinghouse.navigation import REGISTERS, WORK
from partners.models import User
from tests.makers import StaffMaker

pytestmark = pytest.mark.django_db

ENTRIES = [
    "Today",
    "Records",
    "Holds",
    "Matching",
    "Disputes",
    "Deliveries",
    "Partners",
    "Agreements & tariffs",
    "Windows & settlements",
    "Netting matrix",
    "Documents",
    "Payments & bank",
    "Ledger & trial balance",
    "Jobs",
    "Connections",
    "Audit",
    "Users",
]


def who_may(*rights: str) -> User:
    user = User.objects.create(username="staff-of-few-rights", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return user


def links(page, xpath: str) -> dict[str, str]:
    """Text and address of the links under an XPath."""
    tree = html.fromstring(page.content.decode())
    return {
        " ".join("".join(one.xpath(".//span[last()]/text()") or one.itertext()).split()): one.get(
            "href"
        )
        for one in tree.xpath(xpath)
    }


def sidebar(page) -> dict[str, str]:
    return links(page, "//div[@id='nav-sidebar-apps']//a")


def tabs(page) -> dict[str, str]:
    return links(page, "//nav[@id='tabs-items']//a")


def current(page, place: str) -> list[str]:
    tree = html.fromstring(page.content.decode())
    found = tree.xpath(f"//*[@id='{place}']//a[contains(concat(' ', @class, ' '), ' active ')]")
    return [unescape(" ".join(one.text_content().split())) for one in found]


class TestSidebar:
    def test_has_the_work_in_its_order_and_the_registers_below(self, client):
        client.force_login(StaffMaker())

        shown = list(sidebar(client.get(reverse("admin:index"))))

        assert shown == [*ENTRIES, "Stations", "Credentials", "VAT & rates"]

    def test_hides_what_leads_nowhere_for_this_person(self, client):
        client.force_login(who_may("view_delivery"))

        assert list(sidebar(client.get(reverse("admin:index")))) == ["Today", "Deliveries"]

    def test_leads_to_the_first_list_that_this_person_may_see(self, client):
        client.force_login(who_may("view_exchange", "view_apiclient"))

        shown = sidebar(client.get(reverse("admin:index")))

        assert shown["Connections"] == reverse("admin:roaming_exchange_changelist")

    def test_marks_the_area_of_a_list_and_of_its_siblings(self, client):
        client.force_login(StaffMaker())

        page = client.get(reverse("admin:billing_payment_changelist"))

        assert [name.split()[-3:] for name in current(page, "nav-sidebar-apps")] == [
            ["Payments", "&", "bank"]
        ]
        assert current(page, "tabs-items") == ["Payments"]


class TestTabs:
    def test_show_the_siblings_of_each_list(self, client):
        client.force_login(StaffMaker())

        shown = tabs(client.get(reverse("admin:roaming_counterrecord_changelist")))

        assert shown == {
            "Matches": reverse("admin:roaming_match_changelist"),
            "Counter-records": reverse("admin:roaming_counterrecord_changelist"),
        }

    def test_show_only_what_this_person_may_see(self, client):
        client.force_login(who_may("view_bankentry", "view_payment"))

        page = client.get(reverse("admin:billing_payment_changelist"))

        assert list(tabs(page)) == ["Payments", "Payments on the account"]

    def test_are_on_pages_of_no_list_too(self, client):
        client.force_login(StaffMaker())

        page = client.get(reverse("admin:billing_ageing"))

        assert current(page, "tabs-items") == ["Ageing"]
        assert "Ledger" in tabs(page)


class TestLists:
    def test_are_each_in_one_area(self):
        listed = Counter(
            page.model for area in (*WORK, *REGISTERS) for page in area.pages if not page.url_name
        )

        assert set(listed) == {model._meta.label_lower for model in admin.site._registry}
        assert {model: n for model, n in listed.items() if n > 1} == {}

    def test_say_in_their_own_words_what_to_do_while_they_are_empty(self):
        silent = [
            str(model_admin)
            for model_admin in admin.site._registry.values()
            if len(getattr(model_admin, "empty_text", "")) < 20
        ]

        assert silent == []
