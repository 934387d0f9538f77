"""A party goes live: its checklist names what is lacking, and a second person lets it."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from partners.models import (
    Approval,
    AuditEvent,
    BankAccount,
    CertificationRun,
    ChecklistStep,
    LiveActivation,
    Mandate,
    ParticipationContract,
    Partner,
    PartnerState,
    Party,
    RoamingEndpoint,
    TaxRegistration,
    User,
)
from partners.rules.going_live import Known, lacks, required
from partners.services import going_live, life
from partners.services.approvals import NotDecidable
from partners.services.going_live import NotReady
from tests.makers import LONG_AGO, NOON, GroupMaker, PartnerMaker, PartnerUserMaker, PartyMaker

pytestmark = pytest.mark.django_db
SINCE = LONG_AGO.date()
ALWAYS = ("REGISTER_EXTRACT", "OWNERS_SCREENED", "VAT_CHECKED", "CONTRACT_SIGNED", "BANK_ACCOUNT")


def person(name: str, *rights: str) -> User:
    user = User.objects.create(username=name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return user


@pytest.fixture
def maker():
    return person("mia", "view_party", "change_party")


@pytest.fixture
def checker():
    return person("kai", "view_party", "approve_liveactivation")


@pytest.fixture
def party() -> Party:
    """A TEST party whose owner has every fact but a checked VAT number."""
    owner = Partner.objects.create(name="Polder")
    owner.facts.create(legal_name="Polder BV", country_code="NL", starts_at=LONG_AGO)
    life.step(owner, "ONBOARDING", reason="signed", actor="mia", now=LONG_AGO)
    contract = ParticipationContract.objects.create(
        partner=owner, number="PC-1", starts_at=LONG_AGO
    )
    contract.groups.add(GroupMaker())
    BankAccount.objects.create(
        partner=owner,
        currency="EUR",
        holder="Polder",
        iban="NL91ABNA0417164300",
        starts_at=LONG_AGO,
    )
    return PartyMaker(
        country_code="NL", party_id="PLD", environment="TEST", partner=owner, owned_by=owner
    )


def check_vat(party: Party) -> None:
    TaxRegistration.objects.create(
        partner=party.ownerships.get().partner,
        country_code="NL",
        vat_number="NL123456789B01",
        check_number="WAPIAAAAX1",
        check_date=SINCE,
        from_date=SINCE,
    )


def confirm_all(party: Party, by: User, *items: str) -> None:
    for item in items or ALWAYS:
        going_live.confirm(party, item, evidence=f"file 7, {item}", by=by, now=NOON)


def ready(party: Party, by: User) -> Party:
    check_vat(party)
    confirm_all(party, by)
    return party


def known(**changes: Any) -> Known:
    facts: dict[str, Any] = {
        "role": "CSO",
        "owner_state": "ACTIVE",
        "confirmed": ALWAYS,
        "has_checked_vat": True,
        "has_contract": True,
        "has_bank_account": True,
        "suppliers": (),
        "unmandated": (),
        "is_certifiable": False,
        "is_certified": False,
    }
    return Known(**facts | changes)


class TestTheRule:
    def test_who_is_settled_needs_more_than_who_gives_data(self):
        assert required(known()) == ALWAYS
        assert required(known(role="DATA")) == ALWAYS[:2]
        assert not lacks(known())

    def test_how_it_is_connected_adds_to_it(self):
        connected = known(suppliers=["D"], is_certifiable=True)
        assert required(connected)[-2:] == ("MANDATE_ON_FILE", "CERTIFIED")
        assert [one.item for one in lacks(connected)] == ["MANDATE_ON_FILE", "CERTIFIED"]
        found = lacks(
            known(suppliers=["D"], unmandated=["D"], confirmed=(*ALWAYS, "MANDATE_ON_FILE"))
        )
        assert [(one.item, "mandate for D" in one.todo) for one in found] == [
            ("MANDATE_ON_FILE", True)
        ]

    @pytest.mark.parametrize(
        ("item", "fact"),
        [
            ("VAT_CHECKED", "has_checked_vat"),
            ("CONTRACT_SIGNED", "has_contract"),
            ("BANK_ACCOUNT", "has_bank_account"),
        ],
    )
    def test_a_step_without_its_fact_counts_no_more(self, item, fact):
        assert [one.item for one in lacks(known(**{fact: False}))] == [item]

    @pytest.mark.parametrize("state", ["SUSPENDED", "LEAVING", "CLOSED", "NOBODY"])
    def test_nothing_of_an_owner_that_goes_goes_live(self, state):
        assert [one.item for one in lacks(known(owner_state=state))] == ["OWNER"]


class TestOnTheWay:
    def test_what_is_lacking_is_named(self, party, maker):
        confirm_all(party, maker, *(item for item in ALWAYS if item != "VAT_CHECKED"))
        with pytest.raises(NotReady, match="VAT registration check: Ask VIES"):
            going_live.request(party, reason="tried well", by=maker, now=NOON)
        with pytest.raises(NotReady, match="VAT registration check"):
            confirm_all(party, maker, "VAT_CHECKED")
        assert not Approval.objects.exists()
        assert not Party.objects.filter(environment="LIVE").exists()

        check_vat(party)
        with pytest.raises(NotReady, match="Confirm it, and name the evidence"):
            going_live.request(party, reason="tried well", by=maker, now=NOON)
        confirm_all(party, maker, "VAT_CHECKED")
        going_live.request(party, reason="tried well", by=maker, now=NOON)

    def test_a_second_person_with_the_right_lets_it(self, party, maker, checker):
        ready(party, maker)
        assert PartnerState.objects.get().state == "ONBOARDING"
        going_live.request(party, reason="tried well", by=maker, now=NOON)
        boss = User.objects.create(username="boss", is_superuser=True, is_staff=True)
        third = person("tom", "change_party")
        refused = ((maker, "second person"), (boss, "by name"), (third, "takes an approver"))
        for nobody, sentence in refused:
            with pytest.raises(NotDecidable, match=sentence):
                going_live.approve(party.pk, checker=nobody, now=NOON)

        done = going_live.approve(party.pk, checker=checker, now=NOON)

        live = done.live_party
        assert (live.environment, live.code, live.role) == ("LIVE", party.code, party.role)
        assert live.ownerships.get().partner == party.ownerships.get().partner
        states = PartnerState.objects.order_by("starts_at").values_list("state", flat=True)
        assert list(states) == ["ONBOARDING", "ACTIVE"]
        with pytest.raises(NotReady, match="live already"):
            going_live.request(party, reason="again", by=maker, now=NOON)
        with pytest.raises(NotReady, match="is live"):
            going_live.withdraw(party, "VAT_CHECKED", reason="late", by=maker, now=NOON)
        assert AuditEvent.objects.filter(action="party.went_live", actor="kai").exists()

    def test_what_changes_meanwhile_has_to_be_asked_for_anew(self, party, maker, checker):
        ready(party, maker)
        going_live.request(party, reason="tried well", by=maker, now=NOON)
        going_live.withdraw(party, "OWNERS_SCREENED", reason="a new owner", by=maker, now=NOON)
        with pytest.raises(NotReady, match="ask anew"):
            going_live.approve(party.pk, checker=checker, now=NOON)
        confirm_all(party, maker, "OWNERS_SCREENED")
        with pytest.raises(NotReady, match="ask anew"):
            going_live.approve(party.pk, checker=checker, now=NOON)
        assert ChecklistStep.objects.filter(item="OWNERS_SCREENED").count() == 2

        going_live.request(party, reason="screened anew", by=maker, now=NOON)
        TaxRegistration.objects.update(until_date=SINCE + timedelta(days=1))
        with pytest.raises(NotReady, match="VAT registration check"):
            going_live.approve(party.pk, checker=checker, now=NOON)
        assert not LiveActivation.objects.exists()

    def test_a_suppliers_connection_wants_a_mandate_and_a_report(self, party, maker):
        supplier = PartnerMaker(name="Backend D")
        mandate = Mandate.objects.create(
            grantor=party.ownerships.get().partner, agent=supplier, starts_at=LONG_AGO
        )
        mandate.parties.add(party)
        endpoint = RoamingEndpoint.objects.create(
            owner=supplier, environment="TEST", protocol="OCPI", state="CONNECTED"
        )
        endpoint.parties.add(party)
        ready(party, maker)
        with pytest.raises(NotReady) as refused:
            going_live.request(party, reason="tried well", by=maker, now=NOON)
        assert "Mandate for its backend supplier" in str(refused.value)
        assert "conformance cases" in str(refused.value)

        for failed in (1, 0):
            CertificationRun.objects.create(
                partner=supplier,
                endpoint=endpoint,
                environment="TEST",
                ran_at=NOON - timedelta(days=failed),
                passed=50,
                failed=failed,
                report={},
                signature="s",
            )
        confirm_all(party, maker, "MANDATE_ON_FILE", "CERTIFIED")
        Mandate.objects.update(ends_at=NOON)
        with pytest.raises(NotReady, match="mandate for Backend D"):
            going_live.request(party, reason="tried well", by=maker, now=NOON)
        Mandate.objects.update(ends_at=None)
        assert going_live.request(party, reason="tried well", by=maker, now=NOON)


class TestPages:
    def url(self, party: Party, *parts: str) -> str:
        page = reverse("admin:partners_party_checklist", args=[party.pk])
        return page + "".join(f"{part}/" for part in parts)

    def test_every_step_by_the_pages(self, client, party, maker, checker):
        client.force_login(maker)
        page = client.get(self.url(party)).content.decode()
        assert "It cannot go live yet" in page
        assert "Ask VIES" in page
        check_vat(party)
        for item in ALWAYS:
            answer = {"evidence": f"seen on paper: {item}"}
            assert client.post(self.url(party, item, "confirm"), answer).status_code == 302
        asked = client.post(self.url(party, "ask"), {"reason": "it was tried for a week"})
        assert asked.status_code == 302
        assert client.post(self.url(party, "approve")).status_code == 403
        client.force_login(checker)
        page = client.get(self.url(party)).content.decode()
        assert "it was tried for a week" in page
        assert "seen on paper: BANK_ACCOUNT" in page
        client.post(self.url(party, "approve"))

        live = LiveActivation.objects.get().live_party
        moved = client.get(reverse("admin:partners_party_to_checklist", args=[live.pk]))
        assert moved["Location"] == self.url(party)
        assert "It is live" in client.get(self.url(party)).content.decode()

    def test_a_second_person_may_refuse_it_with_a_reason(self, client, party, maker, checker):
        ready(party, maker)
        now = timezone.now()
        going_live.request(party, reason="tried well", by=maker, now=now)
        client.force_login(checker)
        assert "Refuse…" in client.get(self.url(party)).content.decode()
        client.post(self.url(party, "refuse"), {"reason": "the contract is about to end"})

        assert Approval.objects.get().state == "REFUSED"
        assert not LiveActivation.objects.exists()
        assert "the contract is about to end" in client.get(self.url(party)).content.decode()
        with pytest.raises(NotReady, match="Nobody asks"):
            going_live.approve(party.pk, checker=checker, now=now)
        going_live.request(party, reason="a longer contract", by=maker, now=now)
        going_live.approve(party.pk, checker=checker, now=now)

    def test_what_is_lacking_stops_the_page_too(self, client, party, maker):
        client.force_login(maker)
        refused = client.post(
            self.url(party, "VAT_CHECKED", "confirm"), {"evidence": "we think so"}
        )
        assert "Ask VIES" in refused.content.decode()
        asked = client.post(self.url(party, "ask"), {"reason": "in a hurry"}).content.decode()
        assert "It lacks: Extract of the register of companies" in asked
        assert not ChecklistStep.objects.exists()

    def test_a_step_is_withdrawn_by_its_page(self, client, party, maker):
        confirm_all(party, maker, "OWNERS_SCREENED")
        client.force_login(maker)
        client.post(self.url(party, "OWNERS_SCREENED", "withdraw"), {"reason": "a new owner"})
        step = ChecklistStep.objects.get()
        assert (step.withdrawn_by, step.withdraw_reason) == ("mia", "a new owner")

    def test_a_new_party_is_a_test_party_and_one_without_an_owner_is_told_so(self, client):
        client.force_login(person("ann", "view_party", "add_party", "change_party"))
        form = {"country_code": "NL", "party_id": "NEW", "role": "CSO", "name": "New"}
        form |= {"ownerships-TOTAL_FORMS": "0", "ownerships-INITIAL_FORMS": "0"}
        added = client.post(reverse("admin:partners_party_add"), form | {"environment": "LIVE"})
        assert added.status_code == 302
        party = Party.objects.get(party_id="NEW")
        assert party.environment == "TEST"
        page = client.get(self.url(party))
        assert page.status_code == 200
        with pytest.raises(NotReady, match="belongs to nobody"):
            going_live.request(party, reason="x", by=User.objects.get(), now=timezone.now())

    def test_strangers_see_none_of_it(self, client, party):
        urls = [
            self.url(party),
            self.url(party, "ask"),
            self.url(party, "approve"),
            self.url(party, "refuse"),
            self.url(party, "VAT_CHECKED", "confirm"),
            self.url(party, "VAT_CHECKED", "withdraw"),
        ]
        own = PartnerUserMaker(partner=party.ownerships.get().partner)
        for somebody in (own, person("eve")):
            client.force_login(somebody)
            assert {client.post(url, {"evidence": "mine"}).status_code for url in urls} <= {
                302,
                403,
            }
        client.force_login(person("reader", "view_party"))
        assert {client.post(url).status_code for url in urls[1:]} == {403}
        assert not ChecklistStep.objects.exists()
        assert not Approval.objects.exists()


def refused(name: str):
    return pytest.raises(DatabaseError, match=name)


def step(party: Party, item: str = "VAT_CHECKED", **changes: Any) -> ChecklistStep:
    own = {"evidence": "file 7", "confirmed_by": "mia", "confirmed_at": NOON}
    return ChecklistStep.objects.create(party=party, item=item, **own | changes)


def approval(party: Party, maker: User, checker: User, **changes: Any) -> Approval:
    own = {
        "verb": going_live.VERB,
        "object_type": "Party",
        "object_id": str(party.pk),
        "content_sha256": "0" * 64,
        "reason": "tried",
        "maker": maker,
        "checker": checker,
        "state": "APPROVED",
        "requested_at": NOON,
        "decided_at": NOON,
        "expires_at": NOON + timedelta(days=7),
    }
    return Approval.objects.create(**own | changes)


def activation(party: Party, asked: Approval, **live: Any) -> LiveActivation:
    own = {"country_code": "NL", "party_id": "PLD", "environment": "LIVE"}
    return LiveActivation.objects.create(
        test_party=party, live_party=PartyMaker(**own | live), approval=asked, activated_at=NOON
    )


class TestTheDatabase:
    @pytest.mark.violates("checklist_step_stands_once")
    def test_a_step_stands_once(self, party):
        step(party)
        with refused("checklist_step_stands_once"):
            step(party)

    @pytest.mark.violates("checklist_step_has_evidence_and_a_witness")
    @pytest.mark.parametrize("field", ["evidence", "confirmed_by"])
    def test_a_step_has_evidence_and_a_witness(self, party, field):
        with refused("checklist_step_has_evidence_and_a_witness"):
            step(party, **{field: ""})

    @pytest.mark.violates("checklist_step_is_withdrawn_with_a_reason")
    def test_a_step_is_withdrawn_with_a_reason(self, party):
        with refused("checklist_step_is_withdrawn_with_a_reason"):
            step(party, withdrawn_at=NOON, withdrawn_by="mia")

    @pytest.mark.violates("checklist_step_keeps_what_it_said")
    def test_what_a_step_said_stays(self, party):
        said = ChecklistStep.objects.filter(pk=step(party).pk)
        with refused("keeps what was said"), transaction.atomic():
            said.update(evidence="another file")

    @pytest.mark.violates("live_activation_has_every_step")
    @pytest.mark.parametrize("lacking", ALWAYS)
    def test_every_step_is_counted_again(self, party, maker, checker, lacking):
        for item in ALWAYS:
            if item != lacking:
                step(party, item)
        with refused(f"checklist lacks {lacking}|live_activation_has_every_step"):
            activation(party, approval(party, maker, checker))

    def test_also_what_its_connection_adds(self, party, maker, checker):
        for item in ALWAYS:
            step(party, item)
        own = RoamingEndpoint.objects.create(
            owner=party.ownerships.get().partner, environment="TEST", protocol="OCPI"
        )
        own.parties.add(party)
        with refused("lacks CERTIFIED"), transaction.atomic():
            activation(party, approval(party, maker, checker))
        RoamingEndpoint.objects.update(state="SUSPENDED")
        assert activation(party, approval(party, maker, checker))

    @pytest.mark.violates("live_activation_is_let_by_a_second_person")
    @pytest.mark.parametrize(
        "changes", [{"verb": "other"}, {"object_id": "other"}, {"state": "REFUSED"}]
    )
    def test_a_second_person_let_exactly_this(self, party, maker, checker, changes):
        for item in ALWAYS:
            step(party, item)
        with refused("no second person let it|live_activation_is_let_by_a_second_person"):
            activation(party, approval(party, maker, checker, **changes))

    @pytest.mark.violates("live_activation_is_of_one_party")
    @pytest.mark.parametrize("live", [{"party_id": "XYZ"}, {"role": "CSP"}])
    def test_live_is_the_twin(self, party, maker, checker, live):
        with refused("goes live as the LIVE party|live_activation_is_of_one_party"):
            activation(party, approval(party, maker, checker), **live)

    @pytest.mark.violates("live_activation_is_append_only")
    def test_who_let_it_stays(self, party, maker, checker):
        for item in ALWAYS:
            step(party, item)
        done = LiveActivation.objects.filter(
            pk=activation(party, approval(party, maker, checker)).pk
        )
        with refused("append-only|permission denied"), transaction.atomic():
            done.update(activated_at=LONG_AGO)
