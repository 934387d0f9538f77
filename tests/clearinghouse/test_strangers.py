"""A stranger on every address of the house: logged out, of another partner, of another role.

Read from the URL map: an address that somebody adds is tried from then on, and one with a new
parameter fails here until it is said what to put in.
"""

import base64
import logging
import re
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from billing.models import BalanceConfirmation, IssuingBlock
from billing.queries_invoices import OFFERED
from partners.models import BankDetailChange, Invitation, RoamingAgreement, User
from partners.services import invitations
from roaming.models import (
    Alert,
    Delivery,
    Location,
    RemoteRequest,
    Reservation,
    ServiceSession,
    TariffNotice,
)
from tests import makers
from tests.billing.part_four_rows import invoice
from tests.billing.part_four_rows import make as make_of_money
from tests.billing.portal_world import DECEMBER, settled_month, store_pdf
from tests.clearinghouse.url_map import (
    SOME_ID,
    Page,
    every_page,
    row_of_admin_page,
    watching_writes,
)
from tests.makers import NOON, PartnerUserMaker, staff_of
from tests.partners.offer_world import offered
from tests.roaming.dispute_world import opened
from tests.roaming.ocpi_world import connection as ocpi_connection
from tests.roaming.part_five_rows import make as make_of_roaming
from tests.roaming.partner_systems import PartnerSystem
from tests.roaming.tariff_world import per_kwh, published

pytestmark = pytest.mark.django_db

# Who may see them without having logged in: doors, what machines ask, and what is the same for all.
PUBLIC = (
    "", "livez", "readyz", ".well-known/jwks.json", "api/schema/", "api/docs/", "admin/login/",
    "admin/logout/",
    "portal/login/", "account/login/", "account/logout/", "account/inactive/", "account/language/",
    "account/password/forgotten/", "account/password/sent/", "account/password/done/",
    "account/invitation/<str:token>/", "account/second-factor/webauthn/login/",
)  # fmt: skip
# Words that stand for an object of nobody's.
WORDS = {
    "kind": "csv",
    "syntax": "ubl",
    "verb": "accept",
    "party": "NLX",
    "country": "DE",
    "country_code": "DE",
    "party_id": "NLX",
    "cso": "DE*NLX",
    "location_id": "L1",
    "evse_uid": "E1",
    "uid": "012345678",
    "connector_id": "1",
    "command": "START_SESSION",
    "key": "k",
    "id": SOME_ID,
    "dispute_key": "k",
    "rest": "nowhere",
    "app_label": "partners",
    "content_type_id": 1,
    "url": "nowhere",
    "token": "nothing",
    "page": "nowhere",
    "module": "cdrs",
}
# What a company's administrator does to the own company names no object of anybody's.
OF_THE_OWN_COMPANY = {"portal/people/second-factor/", "portal/sandbox/credentials/"}
# Harmless from anybody: the end of a look that was never begun.
# So is what a person chooses to be told: of others nothing can be named.
HARMLESS = {"portal/viewing/end/", "portal/notifications/"}
# Whoever takes the own records with him is noted, also where there are none.
NOTED = {"portal/records/export.csv", "portal/documents/files.zip"}
# Parameters whose rows are told to nobody but their side by tests of their own.
NOBODYS = {
    "healing_id",
    "manifest_id",
    "counter_id",
    "match_id",
    "upload_id",
    "sample_key",
    "own_endpoint_id",
    "own_run_id",
}
# What a company's operations work at.
OF_OPERATIONS = ("portal/disputes/", "portal/tariffs/", "portal/corrections/")
SENDS_AGAIN = {"connections:again", "connections:replay", "connections:test"}
TRIES = {"sandbox:order-sample", "sandbox:certify"}
_ID_IN_AN_ADDRESS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")


class House:
    """Nordlicht's and Voltaire's things, by the parameter that names each."""

    def __init__(self) -> None:
        self.world = settled_month()
        dispute = opened(self.world.settled_id)
        self.dispute_number = dispute.number
        issued = invoice(seller=self.world.nordlicht)
        asked = make_of_money(BalanceConfirmation)
        for document in (issued.document, asked.document):
            store_pdf(document)
        first = published(per_kwh("0.49", vat="19"))
        published(per_kwh("0.59"), at=NOON, valid_from=makers.later(days=40), replaces=first.tariff)
        anna = PartnerUserMaker(username="anna", partner=self.world.nordlicht)
        self.people = PartnerUserMaker(
            username="ivo", partner=self.world.nordlicht, role="partner-finance"
        )
        self.invitation = invitations.invite(
            self.world.nordlicht, "kim@nordlicht.example", "partner-admin", by=anna, now=NOON
        )
        alert = Alert.objects.create(
            kind="SILENCE", subject="1", party=makers.nordlicht(), text="none", opened_at=NOON
        )
        self.ids: dict[str, object] = {
            **WORDS,
            **dict.fromkeys(NOBODYS, SOME_ID),
            "document_id": self.world.statement.id,
            "record_id": self.world.settled_id,
            "cdr_id": "NLX-00001",
            "dispute_id": dispute.pk,
            "attachment_id": SOME_ID,
            "invoice_id": issued.pk,
            "confirmation_id": asked.pk,
            "block_id": make_of_money(IssuingBlock, seller=self.world.nordlicht, code=OFFERED).pk,
            "change_id": make_of_money(BankDetailChange).pk,
            "tariff_id": first.tariff_id,
            "notice_id": TariffNotice.objects.earliest("pk").pk,
            "alert_id": alert.pk,
            "own_party_id": makers.nordlicht().pk,
            "delivery_id": Delivery.objects.earliest("pk").pk,
            "session_id": make_of_roaming(ServiceSession).pk,
            "request_id": make_of_roaming(RemoteRequest).pk,
            "reservation_id": make_of_roaming(Reservation).pk,
            "id": make_of_roaming(Location).pk,
            "objection_id": SOME_ID,
            "agreement_id": RoamingAgreement.objects.earliest("pk").pk,
            "offer_id": offered(service_class="PARKING", reduction=Decimal(0)).pk,
            "user_id": self.people.pk,
            "invitation_id": self.invitation.pk,
            "pk": 1,
        }
        self.secrets = [
            text.encode()
            for text in (
                "NLX-00001", self.world.statement.number, "8.93", str(self.dispute_number),
                "kim@nordlicht.example",
            )
        ]  # fmt: skip

    def address(self, page: Page) -> str:
        values = dict(self.ids)
        if page.name.startswith("admin:"):
            values["object_id"] = row_of_admin_page(page)
            values |= {name: SOME_ID for name in page.parameters if name not in values}
        return page.address(values)

    def tells(self, answer) -> list[bytes]:
        """Which secrets stand in an answer that showed something."""
        body = answer.getvalue() if answer.streaming else answer.content
        return [secret for secret in self.secrets if secret in body]


@pytest.fixture(autouse=True)
def _a_quiet_day_in_december():
    """Thousands of refusals are a line with a trace each, which takes longer than they do."""
    logging.disable(logging.CRITICAL)
    with time_machine.travel(DECEMBER, tick=False):
        yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def house() -> House:
    return House()


def pages(*below: str) -> list[Page]:
    return [page for page in every_page() if page.route.startswith(below)]


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_every_address_lies_where_strangers_are_tried():
    """What is neither below one of these nor public is tried by nobody."""
    known = ("admin/", "portal/", "account/", "api/v1/", "ocpi/", "o/")

    others = [page.route for page in every_page() if not page.route.startswith(known)]

    assert sorted(set(others) - set(PUBLIC)) == []
    assert len(pages(*known)) > 400


# A thousand addresses: make test reads them all, the long run writes to them too.
BY_VERB = pytest.mark.parametrize("verb", ["get", pytest.param("post", marks=pytest.mark.long)])


class TestLoggedOut:
    @BY_VERB
    def test_gets_nothing_of_anybody(self, house, verb):
        nobody, wrong = Client(), {}
        with watching_writes() as written:
            for page in pages("admin/", "portal/", "account/", "api/v1/", "ocpi/", "o/"):
                if page.route in PUBLIC:
                    continue
                address = house.address(page)
                answer = getattr(nobody, verb)(address)
                if not self.is_refusal(page, answer) or house.tells(answer):
                    wrong[address] = (answer.status_code, house.tells(answer))

        assert wrong == {}
        assert written == []

    def is_refusal(self, page: Page, answer) -> bool:
        if page.route.startswith(("admin/", "portal/", "account/")):
            to_login = answer.status_code == 302 and "/login/" in answer.url
            # What htmx asks for is refused: a page in the place of a part of one helps nobody.
            return to_login or answer.status_code in (403, 405)
        return answer.status_code in (400, 401, 403, 404, 405)


class TestOfAnotherPartner:
    def test_gets_404_or_nothing_in_the_portal(self, house):
        client, wrong = logged_in(PartnerUserMaker(partner=house.world.laterne)), {}
        with watching_writes() as written:
            for page in pages("portal/"):
                if page.route in OF_THE_OWN_COMPANY:
                    continue
                address = house.address(page)
                for answer in (client.get(address), client.post(address)):
                    names_an_object = _ID_IN_AN_ADDRESS.search(address) or "user_id" in page.route
                    if house.tells(answer) or (
                        names_an_object and answer.status_code not in (404, 405)
                    ):
                        wrong[address] = (answer.status_code, house.tells(answer))
                    if written and page.route not in NOTED:
                        wrong[f"{answer.request['REQUEST_METHOD']} {address}"] = written.copy()
                    written.clear()

        assert wrong == {}

    def test_gets_404_or_nothing_from_the_api(self, house):
        laterne, wrong = PartnerSystem(makers.laterne()), {}
        for page in pages("api/v1/"):
            address = house.address(page)
            answers = (laterne.get(address), laterne.post(address, b"{}"))
            for answer in answers:
                names_an_object = _ID_IN_AN_ADDRESS.search(address)
                is_told = 200 <= answer.status_code < 300 and names_an_object
                if is_told or house.tells(answer):
                    wrong[address] = (answer.status_code, house.tells(answer))

        assert wrong == {}

    def test_gets_nothing_over_ocpi(self, house):
        _, token = ocpi_connection(makers.laterne())
        shown = base64.b64encode(token.encode()).decode()
        client, wrong = Client(headers={"Authorization": f"Token {shown}"}), {}
        for page in pages("ocpi/2.2.1"):
            answer = client.get(house.address(page))
            if house.tells(answer):
                wrong[house.address(page)] = answer.status_code

        assert wrong == {}

    @pytest.mark.long
    @pytest.mark.parametrize("verb", ["get", "post"])
    def test_finds_no_page_of_the_staff(self, house, verb):
        client, wrong = logged_in(PartnerUserMaker(partner=house.world.laterne)), {}
        with watching_writes() as written:
            for page in pages("admin/"):
                address = house.address(page)
                answer = getattr(client, verb)(address)
                if answer.status_code not in (302, 403) or house.tells(answer):
                    wrong[address] = answer.status_code

        assert wrong == {}
        assert written == []


class TestOfAnotherRole:
    @pytest.mark.parametrize("role", ["partner-read-only", "partner-operations"])
    def test_in_the_own_company_writes_nothing_that_is_not_its_work(self, house, role):
        client = logged_in(
            PartnerUserMaker(username=role, partner=house.world.nordlicht, role=role)
        )
        answers = {}
        with watching_writes() as written:
            for page in pages("portal/"):
                is_its_work = role == "partner-operations" and (
                    page.route.startswith(OF_OPERATIONS) or page.name in SENDS_AGAIN | TRIES
                )
                if page.route not in (*PUBLIC, *HARMLESS) and not is_its_work:
                    address = house.address(page)
                    answers[address] = client.post(address).status_code

        assert {a: code for a, code in answers.items() if code not in (403, 405)} == {}
        assert written == []

    @pytest.mark.long
    def test_that_audits_presses_nothing(self, house):
        client = logged_in(staff_of("auditor"))
        with watching_writes() as written:
            for page in pages("admin/"):
                if page.name != "admin:logout":
                    client.post(house.address(page))

        # What it looked at is written down.
        assert [one for one in written if "partners_auditevent" not in one] == []
        assert client.get(reverse("admin:billing_document_changelist")).status_code == 200
        assert Invitation.objects.get().withdrawn_at is None

    @pytest.mark.long
    @pytest.mark.parametrize(
        ("role", "seen"),
        [
            ("regulator", re.compile(r"admin:roaming_(evse|evseoutage|location|locationevse)_")),
            ("lab", re.compile(r"admin:partners_certificationrun_")),
        ],
    )
    def test_among_staff_sees_its_own_pages_and_no_money(self, house, role, seen):
        client, wrong = logged_in(staff_of(role)), {}
        # The figures tell a regulator no names; finding and searching find what one may see.
        everybodys = {
            *("admin:index", "admin:password_change", "admin:password_change_done"),
            *("admin:jsi18n", "admin:toggle_sidebar", "admin:search", "admin-figures", "find"),
        }
        with watching_writes() as written:
            for page in pages("admin/"):
                if page.name == "admin:logout":
                    continue
                address = house.address(page)
                for answer in (client.get(address), client.post(address)):
                    is_own = bool(seen.match(page.name)) or page.name in everybodys
                    is_shown = answer.status_code == 200 and not is_own
                    if is_shown or house.tells(answer):
                        wrong[address] = (answer.status_code, house.tells(answer))

        assert wrong == {}
        assert written == []
