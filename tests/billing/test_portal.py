"""The portal as a browser without JavaScript sees it."""

import csv
import io
import re
from uuid import UUID

import pytest
import time_machine
from django.urls import reverse

from billing import portal_urls
from billing.models import BalanceConfirmation, IssuingBlock
from billing.queries_invoices import OFFERED
from billing.services.statements import issue_statements
from clearinghouse.uuid7 import new_uuid7
from partners.models import AuditEvent
from tests.billing.closed_windows import CLOSED_AT, closed_window
from tests.billing.part_four_rows import invoice, make
from tests.billing.portal_world import (
    DECEMBER,
    PDF,
    World,
    person_of,
    settled_month,
    store_pdf,
)
from tests.makers import (
    AgreementMaker,
    StaffMaker,
    later,
    nordlicht,
    numbered_record,
    partner_of,
    take,
    take_one,
    voltaire,
)

pytestmark = pytest.mark.django_db
# SET ROLE and RESET ROLE come with every request of a partner.
ROLE_SWITCH = 2
# What the role of who asks allows.
RIGHTS = 2


@pytest.fixture(autouse=True)
def _a_day_in_december():
    with time_machine.travel(DECEMBER, tick=False):
        yield


@pytest.fixture
def world() -> World:
    return settled_month()


@pytest.fixture
def seller(client, world):
    client.force_login(person_of(world.nordlicht))
    return client


def text_of(response) -> str:
    """The page's words without markup, as one line."""
    body = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(body.split())


def every_address(world: World) -> list[str]:
    """Each page of the portal that shows data, with ids of Nordlicht's; read from the URL map.

    What only acts on a POST has a stranger test beside its own.
    """
    issued, asked = invoice(seller=world.nordlicht), make(BalanceConfirmation)
    waiting = make(IssuingBlock, seller=world.nordlicht, code=OFFERED, buyer=world.laterne)
    for document in (issued.document, asked.document):
        store_pdf(document)
    arguments = {
        "document_id": world.statement.id,
        "record_id": UUID(world.settled_id),
        "confirmation_id": asked.pk,
        "kind": "csv",
        "block_id": waiting.pk,
        "syntax": "ubl",
    }
    of_invoices = {"document_id": issued.document_id, "kind": "pdf"}
    public = {"login"}
    addresses = []
    for page in portal_urls.urlpatterns:
        if page.name not in public | {"account-withdraw", "package-file", "notifications-webhooks"}:
            known = arguments | (of_invoices if page.name == "invoice-file" else {})
            wanted = {name: known[name] for name in page.pattern.converters}
            addresses.append(reverse(f"portal:{page.name}", kwargs=wanted))
    return addresses


class TestStranger:
    def test_is_sent_to_log_in_from_every_page(self, client, world):
        for address in every_address(world):
            response = client.get(address)

            assert response.status_code == 302, address
            assert response.url.startswith(reverse("account_login")), address

    def test_of_another_partner_gets_404_or_nothing(self, client, world):
        client.force_login(person_of(world.laterne))
        secrets = (b"NLX-00001", world.statement.number.encode(), b"FR*VOL", b"9.02", b"8.93")

        for address in every_address(world):
            response = client.get(address)

            body = response.getvalue() if response.streaming else response.content
            assert not any(secret in body for secret in secrets), address
            names_an_object = re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", address)
            assert response.status_code == (404 if names_an_object else 200), address

    def test_finds_nothing_by_the_search_box(self, client, world):
        client.force_login(person_of(world.laterne))

        for asked in ("NLX-00001", world.settled_id):
            response = client.get(reverse("portal:where"), {"id": asked})

            assert response.status_code == 404
            assert "Nothing under" in text_of(response)

    def test_who_is_staff_sees_no_partner_data(self, client, world):
        client.force_login(StaffMaker())

        for address in every_address(world):
            response = client.get(address)

            assert (response.status_code, response.url) == (302, reverse("admin:index")), address

    def test_whose_login_belongs_to_no_partner_is_refused(self, client, world):
        client.force_login(StaffMaker(username="nobody", is_staff=False, is_superuser=False))

        for address in every_address(world):
            assert client.get(address).status_code == 403, address

    def test_cannot_tell_a_foreign_record_from_one_that_is_not(self, client, world):
        client.force_login(person_of(world.laterne))

        theirs = client.get(reverse("portal:record", args=[world.settled_id]))
        nobodys = client.get(reverse("portal:record", args=[new_uuid7()]))

        assert theirs.status_code == nobodys.status_code == 404
        strip = re.compile(rb"[0-9a-f-]{36}|value=\"[^\"]*\"")
        assert strip.sub(b"", theirs.content) == strip.sub(b"", nobodys.content)


class TestLogin:
    LOGIN = {"password": "correct horse battery"}

    def somebody(self, user):
        user.set_password("correct horse battery")
        user.save()
        return self.LOGIN | {"login": user.username}

    def test_lets_people_of_a_partner_in_and_staff_on_to_the_admin(self, client, world):
        for user, home in (
            (person_of(world.nordlicht), reverse("portal:home")),
            (StaffMaker(), reverse("admin:index")),
        ):
            client.logout()

            response = client.post(reverse("account_login"), self.somebody(user))

            assert (response.status_code, response.url) == (302, home)

    def test_is_one_page_for_the_portal_and_the_admin(self, client):
        portal = client.get(reverse("portal:login"), {"next": "/portal/records/"})
        admin = client.get(reverse("admin:login"), {"next": "/admin/"})

        assert portal.url == reverse("account_login") + "?next=%2Fportal%2Frecords%2F"
        assert admin.url == reverse("account_login") + "?next=%2Fadmin%2F"

    def test_tells_whoever_belongs_nowhere_whom_to_ask(self, client):
        user = StaffMaker(username="nobody", is_staff=False, is_superuser=False)

        response = client.post(reverse("account_login"), self.somebody(user))

        assert "belongs to no partner" in text_of(response)
        assert "_auth_user_id" not in client.session

    def test_leads_back_to_the_page_asked_for_but_to_no_other_site(self, client, world):
        login = self.somebody(person_of(world.nordlicht))
        entrance = reverse("account_login")

        inside = client.post(entrance, login | {"next": "/portal/records/"})
        client.logout()
        outside = client.post(entrance, login | {"next": "https://evil.example/"})

        assert inside.url == "/portal/records/"
        assert outside.url == reverse("portal:home")

    def test_ends_by_a_post_only(self, seller):
        assert "Log out?" in text_of(seller.get(reverse("account_logout")))
        assert seller.get(reverse("portal:home")).status_code == 200
        assert seller.post(reverse("account_logout")).url == reverse("account_login")
        assert seller.get(reverse("portal:home")).status_code == 302


class TestPassword:
    def test_is_changed_by_the_partner_role_and_keeps_the_login(self, client, world):
        user = person_of(world.nordlicht)
        user.set_password("correct horse battery")
        user.save()
        client.force_login(user)

        client.post(
            reverse("account_change_password"),
            {
                "oldpassword": "correct horse battery",
                "password1": "staple of the north 7",
                "password2": "staple of the north 7",
            },
        )

        user.refresh_from_db()
        assert user.check_password("staple of the north 7")
        assert client.get(reverse("portal:home")).status_code == 200
        assert AuditEvent.objects.get(action="user.password_changed").actor == user.username


class TestStatements:
    def test_show_the_position_in_figures_with_its_window(self, seller, world):
        page = text_of(seller.get(reverse("portal:statements")))

        assert "November 2026" in page
        assert world.statement.number in page
        # Receivable 9.02 less 0.09 of fees.
        assert "9.02 0.00 0.09 +8.93 EUR" in page

    def test_teach_where_the_first_one_comes_from(self, client, world):
        client.force_login(person_of(world.laterne))

        page = text_of(client.get(reverse("portal:statements")))

        assert "Your first statement comes with the first closing" in page

    def test_cost_few_queries(self, seller, world, django_assert_max_num_queries):
        with django_assert_max_num_queries(8 + ROLE_SWITCH + RIGHTS):
            seller.get(reverse("portal:statements"))


class TestStatementPdf:
    def test_is_the_stored_bytes_and_audited(self, seller, world):
        response = seller.get(reverse("portal:statement-pdf", args=[world.statement.id]))

        event = AuditEvent.objects.get(action="statement.downloaded")
        assert response.content == PDF
        assert response["Content-Disposition"] == (
            f'attachment; filename="{world.statement.number}.pdf"'
        )
        assert (event.object_id, event.actor) == (world.statement.number, "finance@nordlicht")
        assert event.on_behalf_of == "Nordlicht"

    def test_of_the_other_side_is_not_there(self, client, world):
        client.force_login(person_of(world.voltaire))

        response = client.get(reverse("portal:statement-pdf", args=[world.statement.id]))

        assert response.status_code == 404
        assert not AuditEvent.objects.exists()


class TestRecords:
    def test_say_why_a_record_is_held_or_refused_and_what_to_do(self, seller):
        take_one(energy_kwh="24.1", items=None)
        take_one(sdr_id="NLX-9", ended_at=None)

        page = text_of(seller.get(reverse("portal:records")))

        assert "Held V202" in page
        assert "Check energy, times and max_power_kw." in page
        assert "Refused V111" in page

    def test_are_filtered_by_state_counterparty_period_and_id(self, seller):
        take_one(
            energy_kwh="24.1",
            items=None,
            sdr_id="HELD-1",
            service_session_id="S-h",
            received_at=later(hours=1),
        )
        records = reverse("portal:records")
        other = str(voltaire().pk)

        assert shown(seller, records, state="held") == ["HELD-1"]
        assert shown(seller, records, state="refused") == []
        assert shown(seller, records, counterparty=other) == ["HELD-1", "NLX-00001"]
        assert shown(seller, records, sdr_id=" NLX-00001 ") == ["NLX-00001"]
        assert shown(seller, records, ended_from="2026-11-14", ended_to="2026-11-14") == [
            "HELD-1",
            "NLX-00001",
        ]
        assert shown(seller, records, ended_to="2026-11-13") == []

    @pytest.mark.parametrize("page", ["portal:records", "portal:records-export"])
    @pytest.mark.parametrize("asked", [{"ended_from": "0001-01-01"}, {"ended_to": "9999-12-31"}])
    def test_tell_that_the_calendar_ends_somewhere(self, seller, page, asked):
        response = seller.get(reverse(page), asked)

        assert response.status_code == 200
        assert "Ensure this value is" in response.content.decode()

    def test_refuse_a_filter_that_cannot_be_read(self, seller):
        response = seller.get(reverse("portal:records"), {"ended_from": "yesterday"})

        assert "Session ended from: Enter a valid date." in text_of(response)
        assert "lines" not in response.context

    def test_turn_pages_both_ways(self, seller, monkeypatch):
        take(*(numbered_record(number) for number in range(2, 8)), received_at=later(hours=1))
        monkeypatch.setattr("billing.views.records.PAGE", 3)
        records = reverse("portal:records")

        first = seller.get(records)
        second = seller.get(f"{records}?{first.context['older']}")
        third = seller.get(f"{records}?{second.context['older']}")
        back = seller.get(f"{records}?{second.context['newer']}")

        assert ids(first) == ["NLX-00007", "NLX-00006", "NLX-00005"]
        assert ids(second) == ["NLX-00004", "NLX-00003", "NLX-00002"]
        assert ids(third) == ["NLX-00001"]
        assert (first.context["newer"], third.context["older"]) == ("", "")
        assert ids(back) == ids(first)
        assert back.context["newer"] == ""

    def test_name_the_statement_they_were_settled_in(self, seller, world):
        page = text_of(seller.get(reverse("portal:records")))

        assert f"Settled {world.statement.number}" in page

    def test_never_count_the_table_and_cost_few_queries(
        self, seller, world, django_assert_max_num_queries
    ):
        take(*(numbered_record(number) for number in range(2, 60)))

        with django_assert_max_num_queries(8 + ROLE_SWITCH + RIGHTS) as captured:
            response = seller.get(reverse("portal:records"))

        assert len(response.context["lines"]) == 50
        assert not any("count(" in query["sql"].lower() for query in captured)

    def test_of_the_other_side_are_seen_once_they_passed(self, client, world):
        take_one(sdr_id="NLX-9", ended_at=None)
        client.force_login(person_of(world.voltaire))

        assert ids(client.get(reverse("portal:records"))) == ["NLX-00001"]


class TestRecordExport:
    def test_streams_the_filtered_list_without_formulas(self, seller, world):
        take_one(sdr_id='=cmd|" /C calc"!A0', service_session_id="S-x", received_at=later(hours=1))

        response = seller.get(reverse("portal:records-export"), {"counterparty": voltaire().pk})

        lines = rows(response)
        assert response.streaming
        assert [line["sdr_id"] for line in lines] == ['\'=cmd|" /C calc"!A0', "NLX-00001"]
        assert (lines[1]["energy_kwh"], lines[1]["claim_amount"]) == ("18.4", "9.02")
        assert lines[1]["statement"] == world.statement.number

    def test_holds_every_record_once_across_chunks(self, seller, monkeypatch):
        take(*(numbered_record(number) for number in range(2, 12)), received_at=later(hours=1))
        monkeypatch.setattr("billing.views.records_csv._CHUNK", 4)

        lines = rows(seller.get(reverse("portal:records-export")))

        assert [line["sdr_id"] for line in lines] == [f"NLX-{n:05d}" for n in range(11, 0, -1)]

    def test_is_audited_with_its_filter(self, seller):
        seller.get(reverse("portal:records-export"), {"state": "held"}).getvalue()

        event = AuditEvent.objects.get(action="record-list.downloaded")
        assert event.after == {"state": "held"}


class TestRecordPage:
    def test_tells_the_way_of_a_record(self, seller, world):
        page = text_of(seller.get(reverse("portal:record", args=[world.settled_id])))

        assert f"Settled in statement {world.statement.number}." in page
        for step in ("Received", "Checked", "Delivered", "Accepted", "Cleared", "Settled", "Paid"):
            assert step in page

    def test_is_reached_by_the_search_box(self, seller):
        response = seller.get(reverse("portal:where"), {"id": " NLX-00001 "})

        assert response.status_code == 200
        assert "Settled in statement" in text_of(response)

    @pytest.mark.parametrize("asked", ["\x00", "NLX-\x0000001", "\n", "\u202e"])
    def test_is_not_found_under_what_is_no_id(self, seller, asked):
        assert seller.get(reverse("portal:where"), {"id": asked}).status_code in (200, 404)

    def test_shows_every_attempt_of_its_sender(self, seller):
        take_one(sdr_id="NLX-9", ended_at=None)
        take_one(sdr_id="NLX-9", received_at=later(hours=1))

        page = text_of(seller.get(reverse("portal:where"), {"id": "NLX-9"}))

        assert page.index("Attempt 2") < page.index("Attempt 1")


class TestPages:
    def test_carry_no_script_and_no_inline_style(self, seller, world):
        for address in every_address(world):
            response = seller.get(address)
            if response["Content-Type"].startswith("text/html"):
                page = response.content.decode()

                assert "<script" not in page, address
                assert not re.search(r"\sstyle=|<style|\son\w+=", page), address
                assert "default-src 'self'" in response["Content-Security-Policy"], address

    def test_are_not_kept_by_shared_caches(self, seller, world):
        for address in every_address(world):
            response = seller.get(address)
            control = response["Cache-Control"]

            assert "private" in control or "no-store" in control, address

    def test_show_no_contract_id(self, seller, world):
        for address in every_address(world):
            response = seller.get(address)
            body = response.getvalue() if response.streaming else response.content

            assert b"C0000000" not in body, address


class TestUnrenderedStatement:
    def test_says_that_its_pdf_is_being_made(self, client):
        group = AgreementMaker().group
        take_one()
        issue_statements(closed_window(group), now=CLOSED_AT)
        client.force_login(person_of(partner_of(nordlicht())))

        page = text_of(client.get(reverse("portal:statements")))

        assert "being made; look again in a minute" in page


def shown(client, address: str, **query: str) -> list[str]:
    return ids(client.get(address, query))


def ids(response) -> list[str]:
    return [line.sdr_id for line in response.context["lines"]]


def rows(response) -> list[dict[str, str]]:
    text = response.getvalue().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))
