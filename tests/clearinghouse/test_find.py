"""One field for every id: it leads there, tells what fits, or says what it looks for."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.messages.sepa_text import creditor_reference
from billing.models import BankEntry
from partners.models import AuditEvent, User
from roaming.models import ContractIdentity, Erasure, Sdr
from tests.billing.part_four_rows import make
from tests.clearinghouse.admin_world import House, a_house
from tests.makers import NOON, PartnerUserMaker, numbered_contract

pytestmark = pytest.mark.django_db

FIND = reverse("find")


@pytest.fixture
def house(client) -> House:
    house = a_house()
    client.force_login(house.staff)
    return house


def found(page) -> dict[str, list[str]]:
    """Labels by kind, of a page that tells several or none."""
    return {kind: [one.label for one in rows] for kind, rows in page.context["kinds"]}


def leads_to(client, term: str) -> str:
    answer = client.post(FIND, {"term": term})
    assert answer.status_code == 302, found(answer)
    return answer.url


def change(model: str, pk: object) -> str:
    return reverse(f"admin:{model}_change", args=[pk])


class TestOneFit:
    def test_is_gone_to_by_its_own_id_number_or_code(self, client, house):
        record = change("roaming_sdr", house.held.pk)
        document = change("billing_document", house.document.pk)
        cases = {
            "NLX-00009": record,
            "  NLX-00009 ": record,
            "S-00009": record,
            str(house.held.pk): record,
            "S-00010": change("roaming_sdr", house.rejected.pk),
            house.document.number: document,
            house.document.number.replace("-", " ").lower(): document,
            creditor_reference(house.document.number): document,
            str(house.document.pk): document,
            str(house.job.pk): change("partners_job", house.job.pk),
            house.agreement.number: change("partners_roamingagreement", house.agreement.pk),
            "nordlicht": change("partners_partner", house.nordlicht.pk),
            "PC-1": change(
                "partners_participationcontract", house.nordlicht.contracts.get(number="PC-1").pk
            ),
            house.staff.username: change("partners_user", house.staff.pk),
        }

        assert {term: leads_to(client, term) for term in cases} == cases

    @pytest.mark.parametrize("code", ["DE*NLX", "de-nlx"])
    def test_is_a_party_by_its_code_in_any_writing(self, client, house, code):
        party = house.agreement.seller

        assert leads_to(client, code) == change("partners_party", party.pk)

    def test_is_a_payment_at_the_bank_by_its_end_to_end_id(self, client, house):
        entry = make(BankEntry, end_to_end_id="E2E-4711", creditor_reference="RF18539007547034")

        assert leads_to(client, "E2E-4711") == change("billing_bankentry", entry.pk)
        assert leads_to(client, "RF18539007547034") == change("billing_bankentry", entry.pk)


class TestDriver:
    def test_is_found_by_the_contract_id_which_is_written_nowhere(self, client, house):
        pseudonym = Sdr.objects.get(pk=house.accepted.pk).pseudonym
        contract = numbered_contract(1)

        url = leads_to(client, contract)

        assert url == f"{reverse('admin:roaming_sdr_changelist')}?q={pseudonym}"
        event = AuditEvent.objects.get(action="driver.found")
        assert (event.actor, event.after) == (house.staff.username, {"pseudonyms": [pseudonym]})
        assert contract not in str(AuditEvent.objects.values_list())

    def test_is_found_no_more_after_an_erasure(self, client, house):
        erasure = Erasure.objects.create(erased_at=NOON, actor="officer", ground="GDPR Art. 17")
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('clearinghouse.erasure_id', %s, true)", [str(erasure.pk)]
            )
            ContractIdentity.objects.all().delete()

        assert found(client.post(FIND, {"term": numbered_contract(1)})) == {}


class TestSeveral:
    def test_are_told_by_kind(self, client, house):
        evse = Sdr.objects.get(pk=house.accepted.pk).evse_id

        told = found(client.post(FIND, {"term": evse}))

        assert told["Records"][-1] == f"Records at {evse}"
        assert "NLX-00001 · ACCEPTED" in told["Records"]

    def test_that_are_too_many_lead_to_the_list(self, client, house, monkeypatch):
        monkeypatch.setattr("clearinghouse.finders.MOST", 0)
        evse = Sdr.objects.get(pk=house.accepted.pk).evse_id

        url = leads_to(client, evse)

        assert url.startswith(reverse("admin:roaming_sdr_changelist"))


class TestNone:
    def test_says_what_can_be_found(self, client, house):
        page = client.post(FIND, {"term": "nothing-like-it"})

        text = page.content.decode()
        assert found(page) == {}
        assert "Nothing that you may see" in text
        assert "end-to-end id" in text
        assert "no-store" in page["Cache-Control"]

    @pytest.mark.parametrize("term", ["", "   ", "x" * 201, "é€\N{SNOWMAN}", "%' OR 1=1 --", "RF"])
    def test_takes_anything_that_people_type(self, client, house, term):
        assert client.post(FIND, {"term": term}).status_code == 200

    def test_looks_at_no_address(self, client, house):
        assert found(client.get(FIND, {"term": "NLX-00009"})) == {}

    def test_costs_few_queries(self, client, house):
        with CaptureQueriesContext(connection) as queries:
            client.post(FIND, {"term": str(house.job.pk)})

        assert len(queries) <= 40


class TestStrangers:
    def test_find_nothing(self, client, house):
        client.logout()
        assert client.post(FIND, {"term": "NLX-00009"}).status_code == 302
        client.force_login(PartnerUserMaker())
        answer = client.post(FIND, {"term": "NLX-00009"})
        assert "/roaming/" not in answer.url

    def test_among_staff_find_what_their_rights_name(self, client, house):
        clerk = User.objects.create(username="clerk", is_staff=True)
        clerk.user_permissions.set(Permission.objects.filter(codename="view_document"))
        client.force_login(clerk)

        for term in ("NLX-00009", "S-00009", str(house.held.pk), "nordlicht", numbered_contract(1)):
            assert found(client.post(FIND, {"term": term})) == {}
        assert leads_to(client, house.document.number)
        assert not AuditEvent.objects.filter(action="driver.found").exists()

    def test_need_the_token_of_a_form(self, house):
        client = Client(enforce_csrf_checks=True)
        client.force_login(house.staff)

        assert client.post(FIND, {"term": "NLX-00009"}).status_code == 403


def test_the_field_is_in_the_head_of_every_page(client, house):
    page = client.get(reverse("admin:roaming_sdr_changelist")).content.decode()

    assert f'action="{FIND}"' in page
