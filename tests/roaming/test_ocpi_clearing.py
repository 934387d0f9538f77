"""Our own OCPI module: verbs on CDRs and disputes, counter-records, and who is shown it at all."""

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from partners.models import AuditEvent, EndpointInterface, Mandate, RoamingEndpoint
from roaming.models import CounterRecord, Dispute, RawRecord, SdrEvent, SdrState
from roaming.services import disputes, gateway_deliveries
from roaming.services.dispute_steps import Actor
from tests.makers import AgreementMaker, fjell, laterne, nordlicht, partner_of, voltaire
from tests.roaming.ocpi_partners import Partner
from tests.roaming.ocpi_world import System, connection
from tests.roaming.partner_end import at_work
from tests.roaming.test_ocpi_cdr_module import cdr, hours_ago

pytestmark = pytest.mark.django_db
NAME = "declh-clearing"
CDR = "clearing/cdrs/DE/NLX/C1"
COUNTERS = "receiver/clearing/counter-records"


@pytest.fixture(autouse=True)
def agreed():
    return AgreementMaker(acceptance="EXPLICIT", counter_records="REQUIRED")


def system(*parties, **changes: Any) -> System:
    _, token = connection(*parties, **({"capabilities": ["CLEARING"]} | changes))
    return System(token, version=changes.get("version", "2.2.1"))


@pytest.fixture
def cso() -> System:
    return system(nordlicht())


@pytest.fixture
def csp() -> System:
    return system(voltaire())


@pytest.fixture
def sent(cso) -> dict:
    told = cdr()
    assert cso.post("receiver/cdrs", told).status_code == 201
    return told


def counter(**changes: Any) -> dict[str, Any]:
    """What Voltaire knows of the CDR C1."""
    own = {
        "id": "VOL-1",
        "country_code": "DE",
        "party_id": "NLX",
        "cdr_token": {
            "country_code": "FR",
            "party_id": "VOL",
            "contract_id": "DE8AACA2B3C4D5L",
        },
        "session_id": "S-C1",
        "evse_id": "DE*NLX*E1001*1",
        "start_date_time": hours_ago(5),
        "end_date_time": hours_ago(4),
        "total_energy": 18.4,
        "total_cost": {"excl_vat": 9.02},
        "currency": "EUR",
        "last_updated": hours_ago(3),
    }
    return {name: value for name, value in (own | changes).items() if value is not None}


def declined(csp: System, **body: Any) -> dict[str, Any]:
    answer = csp.post(f"receiver/{CDR}/decline", {"reason": "D01", "text": "10 kWh"} | body)
    assert (answer.status_code, answer.ocpi["status_code"]) == (201, 1000), answer.ocpi
    return answer.ocpi["data"]


def refused(answer) -> tuple[int, int, str]:
    code = answer.ocpi["status_message"].partition(":")[0]
    return answer.status_code, answer.ocpi["status_code"], code


class TestWhoIsShownIt:
    @pytest.mark.parametrize("version", ["2.2.1", "2.3.0"])
    def test_those_that_agreed_find_it_in_the_details(self, version):
        listed = system(voltaire(), version=version).get(f"/ocpi/{version}").ocpi["data"]

        mine = [one for one in listed["endpoints"] if one["identifier"] == NAME]
        assert {one["role"] for one in mine} == {"SENDER", "RECEIVER"}
        assert mine[0]["url"].endswith(f"/ocpi/{version}/sender/clearing")

    def test_for_others_there_is_nothing(self, sent):
        other = system(voltaire(), capabilities=[])

        listed = other.get("/ocpi/2.2.1").ocpi["data"]["endpoints"]
        assert NAME not in {one["identifier"] for one in listed}
        for answer in (
            other.get("sender/clearing/disputes"),
            other.get(f"sender/{CDR}"),
            other.post(f"receiver/{CDR}/accept"),
            other.post(COUNTERS, counter()),
        ):
            assert (answer.status_code, answer.ocpi["status_message"]) == (
                404,
                "There is nothing here.",
            )

    def test_staff_say_who_agreed(self, client, olga):
        endpoint, _ = connection(voltaire())
        address = reverse("admin:partners_roamingendpoint_change", args=[endpoint.pk])
        client.force_login(olga)
        form = {
            "protocol_version": "2.2.1",
            "url": endpoint.url,
            "versions_url": "",
            "parties": [str(party.pk) for party in endpoint.parties.all()],
            "quirks": "{}",
        }

        for chosen, kept in (({"takes_clearing": "on"}, ["CLEARING"]), ({}, [])):
            answer = client.post(f"{address}?edit=1", form | chosen)

            assert answer.status_code == 302, answer.content
            endpoint.refresh_from_db()
            assert endpoint.capabilities == kept
            page = client.get(address).content.decode()
            assert ("agreed by both sides" in page) == bool(kept)
        assert AuditEvent.objects.filter(object_id=str(endpoint.pk)).exists()


class TestACdr:
    def test_is_accepted_by_its_csp(self, csp, cso, sent):
        before = cso.get(f"sender/{CDR}").ocpi["data"]
        accepted = csp.post(f"receiver/{CDR}/accept")

        assert (before["state"], accepted.ocpi["data"]["state"]) == ("DELIVERED", "ACCEPTED")
        assert csp.get(f"sender/{CDR}").ocpi["data"]["accepted"]
        assert SdrEvent.objects.filter(actor__startswith="OCPI 2.2.1 of Voltaire").exists()
        assert refused(csp.post(f"receiver/{CDR}/accept")) == (200, 2000, "VERB_NOT_NOW")

    def test_is_declined_with_a_reason_and_then_in_dispute(self, csp, cso, sent):
        dispute = declined(csp, amount=4.02)

        assert (dispute["stage"], dispute["reason"], dispute["cdr_id"]) == ("OPEN", "D01", "C1")
        assert (dispute["disputed_amount"], dispute["text"]) == (Decimal("4.02"), "10 kWh")
        standing = cso.get(f"sender/{CDR}").ocpi["data"]
        assert (standing["state"], standing["dispute_id"]) == ("DISPUTED", dispute["id"])

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"reason": "D99"}, "REASON_UNKNOWN"),
            ({"reason": "D15", "text": "short"}, "TEXT_TOO_SHORT"),
            ({"amount": 99}, "AMOUNT_WRONG"),
        ],
    )
    def test_is_declined_by_the_rules_of_the_api(self, csp, sent, body, code):
        answer = csp.post(f"receiver/{CDR}/decline", {"reason": "D01"} | body)

        assert refused(answer) == (200, 2001, code)
        assert SdrState.objects.get().state == "DELIVERED"

    @pytest.mark.parametrize("body", [{}, {"reason": 1}, {"reason": "D01", "amount": "9"}, []])
    def test_is_not_declined_by_what_is_no_answer(self, csp, sent, body):
        answer = csp.post(f"receiver/{CDR}/decline", body)

        assert (answer.status_code, answer.ocpi["status_code"]) == (200, 2001)

    def test_is_withdrawn_by_its_cso_and_still_told_of(self, cso, csp, sent):
        withdrawn = cso.post(f"receiver/{CDR}/withdraw").ocpi["data"]

        assert withdrawn["state"] == "WITHDRAWN"
        assert csp.get(f"sender/{CDR}").ocpi["data"]["state"] == "WITHDRAWN"

    def test_takes_each_verb_of_its_own_side_alone(self, cso, csp, sent):
        assert refused(cso.post(f"receiver/{CDR}/accept")) == (403, 2000, "VERB_NOT_YOURS")
        assert refused(cso.post(f"receiver/{CDR}/decline", {"reason": "D01"}))[0] == 403
        assert refused(csp.post(f"receiver/{CDR}/withdraw"))[0] == 403
        assert csp.post(f"receiver/{CDR}/settle").status_code == 404

    @pytest.mark.parametrize("stranger", [laterne, fjell])
    def test_is_not_there_for_a_stranger(self, sent, stranger):
        other = system(stranger())

        for answer in (
            other.get(f"sender/{CDR}"),
            other.post(f"receiver/{CDR}/accept"),
            other.post(f"receiver/{CDR}/decline", {"reason": "D01"}),
        ):
            assert answer.status_code == 404
        assert SdrState.objects.get().state == "DELIVERED"

    def test_is_read_but_not_answered_by_a_system_with_a_mandate(self, sent):
        """The supplier of Voltaire's system reads for it; only an owner acts, as with the API."""
        mandate = Mandate.objects.create(
            grantor=partner_of(voltaire()),
            agent=partner_of(laterne()),
            verbs=["READ_SDR"],
            starts_at="2020-01-01T00:00:00Z",
        )
        mandate.parties.add(voltaire())
        supplier = system(laterne("CSP"), voltaire())
        supplier.as_code = "FR*VOL"

        assert supplier.get(f"sender/{CDR}").ocpi["data"]["state"] == "DELIVERED"
        assert refused(supplier.post(f"receiver/{CDR}/accept"))[2] == "VERB_NOT_YOURS"


class TestADispute:
    def test_goes_through_its_stages_and_is_listed_for_both(self, csp, cso, sent):
        path = f"clearing/disputes/{declined(csp)['id']}"

        offered = cso.post(f"receiver/{path}/partial", {"amount": 7, "text": "14 kWh"})
        assert offered.ocpi["data"]["stage"] == "RESPONDED_PARTIAL"
        assert csp.post(f"receiver/{path}/agree").ocpi["data"]["outcome"] == "REPLACEMENT"
        for side in (csp, cso):
            assert "7.0" not in side.get(f"sender/{path}").content.decode()
            assert side.get(f"sender/{path}").ocpi["data"]["decided_amount"] == 7
            [listed] = side.get("sender/clearing/disputes").ocpi["data"]
            assert listed["stage"] == "AGREED"
            later = {"date_from": "2999-01-01T00:00:00Z"}
            query = "&".join(f"{name}={value}" for name, value in later.items())
            assert side.get(f"sender/clearing/disputes?{query}").ocpi["data"] == []

    def test_takes_no_verb_out_of_turn_or_of_the_other_side(self, csp, cso, sent):
        path = f"receiver/clearing/disputes/{declined(csp)['id']}"

        assert refused(csp.post(f"{path}/accept")) == (200, 2000, "VERB_NOT_YOURS")
        assert refused(cso.post(f"{path}/agree")) == (200, 2000, "VERB_NOT_NOW")
        assert refused(cso.post(f"{path}/reject")) == (200, 2001, "TEXT_MISSING")
        assert cso.post(f"{path}/decide", {"amount": 1}).status_code == 404

    def test_is_not_there_for_a_stranger(self, csp, sent):
        dispute, other = declined(csp), system(laterne("CSP"))

        assert other.get("sender/clearing/disputes").ocpi["data"] == []
        assert other.get(f"sender/clearing/disputes/{dispute['id']}").status_code == 404
        withdraw = f"receiver/clearing/disputes/{dispute['id']}/withdraw"
        assert other.post(withdraw).status_code == 404
        assert csp.get("sender/clearing/disputes/none").status_code == 404
        assert Dispute.objects.get().stage == "OPEN"


class TestACounterRecord:
    def test_is_taken_once_and_kept_as_it_came(self, csp):
        told = counter()

        answers = [csp.post(COUNTERS, told).status_code for _ in range(2)]

        assert answers == [201, 200]
        kept = CounterRecord.objects.get()
        assert (kept.csp, kept.cso, kept.service_session_id) == (voltaire(), nordlicht(), "S-C1")
        assert (str(kept.energy_kwh), str(kept.amount)) == ("18.400000", "9.020000")
        assert RawRecord.objects.filter(pk=kept.pk).count() == 1

    def test_of_2_3_0_tells_its_price_in_that_versions_words(self):
        newer = system(voltaire(), version="2.3.0")
        price = {"before_taxes": 9.02, "taxes": [{"name": "VAT", "amount": 1.89}]}

        assert newer.post(COUNTERS, counter(total_cost=price)).status_code == 201
        assert str(CounterRecord.objects.get().amount) == "9.020000"

    def test_with_other_content_is_a_conflict_and_may_be_replaced(self, csp):
        csp.post(COUNTERS, counter())

        other = csp.post(COUNTERS, counter(total_energy=10))
        replaced = csp.post(COUNTERS, counter(id="VOL-2", replaces_id="VOL-1", total_energy=10))

        assert other.ocpi["status_code"] == 2001
        assert "other content" in other.ocpi["status_message"]
        assert replaced.status_code == 201

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"start_date_time": None}, "start_date_time is missing"),
            ({"total_energy": "much"}, "total_energy"),
            ({"party_id": "ZZZ"}, "country_code, party_id is no CSO"),
            ({"cdr_token": {"country_code": "NO", "party_id": "FJL"}}, "another one than FR*VOL"),
            ({"currency": None}, "currency is missing"),
        ],
    )
    def test_that_is_wrong_is_told_so_in_ocpis_words(self, csp, changes, said):
        answer = csp.post(COUNTERS, counter(**changes))

        assert (answer.status_code, answer.ocpi["status_code"]) == (200, 2001)
        assert said in answer.ocpi["status_message"]
        assert not CounterRecord.objects.exists()

    def test_comes_from_csps_alone(self, cso):
        assert cso.post(COUNTERS, counter()).ocpi["status_code"] == 2001


class TestWeTellThem:
    """Over real HTTP: the partner's own module of the same name is pushed to."""

    @pytest.fixture
    def partner(self, settings):
        settings.PARTNERS_MAY_BE_LOCAL = True
        with at_work() as end:
            partner = Partner(end, nordlicht())
            partner.endpoint.capabilities = ["CLEARING"]
            partner.endpoint.save()
            yield partner

    def offer(self, partner: Partner) -> None:
        EndpointInterface.objects.create(
            endpoint=partner.endpoint,
            module=NAME,
            side="RECEIVER",
            url=f"{partner.end.url}/receiver/clearing",
        )

    def stays_alone(self, partner: Partner) -> None:
        """The other connection of Nordlicht, by which the CDR came, is away."""
        RoamingEndpoint.objects.exclude(pk=partner.endpoint.pk).update(state="OFFLINE")

    @pytest.mark.django_db(transaction=True)
    def test_how_records_and_disputes_stand(self, partner, csp, sent):
        self.offer(partner)
        dispute = declined(csp)
        self.stays_alone(partner)

        done = gateway_deliveries.deliver_over_gateways(clock=timezone.now)

        assert done["failed"] == 0
        told = {asked.path: asked.tree() for asked in partner.heard}
        standing, news = (
            told[f"/receiver/{CDR}"],
            told[f"/receiver/clearing/disputes/{dispute['id']}"],
        )
        assert {asked.verb for asked in partner.heard} == {"PUT"}
        assert (standing["state"], standing["dispute_id"]) == ("DISPUTED", dispute["id"])
        assert (news["stage"], news["emsp_party_id"]) == ("OPEN", "VOL")
        act = Actor(side="CSP", name="voltaire")
        disputes.act(dispute["id"], "withdraw", by=act, now=timezone.now())
        partner.heard.clear()
        gateway_deliveries.deliver_over_gateways(clock=timezone.now)
        stages = [asked.tree().get("stage") for asked in partner.heard]
        assert "WITHDRAWN" in stages

    @pytest.mark.parametrize("capabilities", [["CLEARING"], []])
    def test_nothing_where_they_did_not_agree_or_offer_no_place(
        self, partner, csp, sent, capabilities
    ):
        """What they owe nothing to hear stays for the pull, and blocks nothing."""
        if not capabilities:
            self.offer(partner)
        RoamingEndpoint.objects.filter(pk=partner.endpoint.pk).update(capabilities=capabilities)
        declined(csp)
        self.stays_alone(partner)

        done = gateway_deliveries.deliver_to(nordlicht().pk, clock=timezone.now)
        assert done == {True: 0, False: 0}
        assert not partner.heard
