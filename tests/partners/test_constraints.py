"""What the partners floor's tables refuse, whoever writes to them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from oauth2_provider.models import set_token_value

from partners.models import (
    AccessToken,
    ApiClient,
    Approval,
    AuditEvent,
    BankAccount,
    GroupMembership,
    IdempotencyKey,
    Job,
    Mandate,
    ParticipationContract,
    Partner,
    PartnerFacts,
    PartnerState,
    Party,
    PartyOwnership,
    RoamingAgreement,
    RoamingEndpoint,
    SettlementGroup,
    User,
)
from partners.queries import clearing_house
from tests.makers import (
    LONG_AGO,
    NOON,
    AgreementMaker,
    GroupMaker,
    PartnerMaker,
    StaffMaker,
    fjell,
    nordlicht,
    partner_of,
    polder,
    voltaire,
)

pytestmark = pytest.mark.django_db


def refused(name: str):
    """The database refuses, and says which sentence was broken."""
    return pytest.raises(DatabaseError, match=name)


def contract(**changes):
    fields = {"partner": PartnerMaker(), "number": "C-1", "starts_at": LONG_AGO}
    return ParticipationContract.objects.create(**(fields | changes))


def api_client(**changes):
    fields = {
        "partner": PartnerMaker(),
        "name": "system",
        "client_type": ApiClient.CLIENT_CONFIDENTIAL,
        "authorization_grant_type": ApiClient.GRANT_CLIENT_CREDENTIALS,
    }
    return ApiClient.objects.create(**(fields | changes))


def approval(**changes):
    fields = {
        "verb": "release",
        "object_type": "settlement",
        "object_id": "1",
        "content_sha256": "0" * 64,
        "reason": "month end",
        "maker": StaffMaker(),
        "requested_at": NOON,
        "expires_at": NOON + timedelta(hours=72),
    }
    return Approval.objects.create(**(fields | changes))


@pytest.mark.violates("clearing_house_is_one_partner")
def test_there_is_one_clearing_house():
    assert clearing_house()
    with refused("clearing_house_is_one_partner"):
        Partner.objects.create(name="another", is_clearing_house=True)


@pytest.mark.violates("partner_changes_state_once_an_instant")
def test_a_partner_is_in_one_state_at_an_instant():
    partner = PartnerMaker()
    with refused("partner_changes_state_once_an_instant"):
        PartnerState.objects.create(
            partner=partner, state="SUSPENDED", starts_at=LONG_AGO, reason="r", actor="a"
        )


@pytest.mark.violates("partner_state_is_known")
def test_a_partner_state_is_one_of_six():
    with refused("partner_state_is_known"):
        PartnerState.objects.create(
            partner=PartnerMaker(), state="SLEEPING", starts_at=NOON, reason="r", actor="a"
        )


@pytest.mark.violates("partner_facts_do_not_overlap")
def test_a_partner_has_one_legal_name_at_a_time():
    with refused("partner_facts_do_not_overlap"):
        PartnerFacts.objects.create(
            partner=PartnerMaker(), legal_name="n", country_code="DE", starts_at=NOON
        )


@pytest.mark.violates("partner_facts_end_after_they_start")
def test_facts_end_after_they_start():
    with refused("partner_facts_end_after_they_start"):
        PartnerFacts.objects.filter(partner=PartnerMaker()).update(ends_at=LONG_AGO)


def bank_account(**changes):
    fields = {
        "partner": PartnerMaker(name="Banked"),
        "currency": "EUR",
        "holder": "h",
        "iban": "DE02120300000000202051",
        "starts_at": LONG_AGO,
    }
    return BankAccount.objects.create(**(fields | changes))


@pytest.mark.violates("bank_accounts_do_not_overlap_per_currency")
def test_a_partner_is_paid_to_one_account_per_currency():
    bank_account()
    bank_account(currency="CHF")
    with refused("bank_accounts_do_not_overlap_per_currency"):
        bank_account(starts_at=NOON)


@pytest.mark.violates("bank_account_ends_after_it_starts")
def test_an_account_ends_after_it_starts():
    with refused("bank_account_ends_after_it_starts"):
        bank_account(ends_at=LONG_AGO)


def test_an_account_never_shows_its_whole_number():
    assert "1203000000" not in str(bank_account())


@pytest.mark.violates("party_code_is_unique_per_role_and_environment")
def test_a_party_code_is_one_party_per_role():
    nordlicht()
    with refused("party_code_is_unique_per_role_and_environment"):
        Party.objects.create(country_code="DE", party_id="NLX", role="CSO", name="copy")


@pytest.mark.violates("party_has_one_environment")
def test_a_party_is_in_one_environment():
    """Nothing can break it beside the primary key; it is what composite keys point at."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT contype FROM pg_constraint WHERE conname = 'party_has_one_environment'"
        )
        assert cursor.fetchall() == [("u",)]


@pytest.mark.violates("party_code_is_in_normal_form")
@pytest.mark.parametrize(("country", "party_id"), [("de", "NLX"), ("DE", "nlx"), ("DE", "N")])
def test_a_party_code_is_stored_in_normal_form(country, party_id):
    with refused("party_code_is_in_normal_form"):
        Party.objects.create(country_code=country, party_id=party_id, role="CSO", name="odd")


@pytest.mark.violates("party_country_is_not_reserved")
@pytest.mark.parametrize("country", ["AA", "QM", "XK", "ZZ"])
def test_a_party_is_of_a_country(country):
    with refused("party_country_is_not_reserved"):
        Party.objects.create(country_code=country, party_id="ABC", role="CSO", name="nowhere")


@pytest.mark.violates("party_has_one_owner_at_a_time")
def test_a_party_has_one_owner_at_a_time():
    with refused("party_has_one_owner_at_a_time"):
        PartyOwnership.objects.create(party=nordlicht(), partner=PartnerMaker(), starts_at=NOON)


@pytest.mark.violates("party_ownership_ends_after_it_starts")
def test_an_ownership_ends_after_it_starts():
    with refused("party_ownership_ends_after_it_starts"):
        PartyOwnership.objects.filter(party=nordlicht()).update(ends_at=LONG_AGO)


@pytest.mark.violates("mandate_is_given_to_another")
def test_a_mandate_is_given_to_another():
    partner = PartnerMaker()
    with refused("mandate_is_given_to_another"):
        Mandate.objects.create(grantor=partner, agent=partner, starts_at=NOON)


@pytest.mark.violates("mandate_ends_after_it_starts")
def test_a_mandate_ends_after_it_starts():
    with refused("mandate_ends_after_it_starts"):
        Mandate.objects.create(
            grantor=PartnerMaker(), agent=PartnerMaker(), starts_at=NOON, ends_at=NOON
        )


@pytest.mark.violates("group_name_is_unique_per_environment")
def test_a_group_name_is_one_group():
    GroupMaker()
    with refused("group_name_is_unique_per_environment"):
        SettlementGroup.objects.create(name="EUR monthly", currency="EUR")


@pytest.mark.violates("group_has_one_environment")
def test_a_group_is_in_one_environment():
    """Nothing can break it beside the primary key; it is what composite keys point at."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT contype FROM pg_constraint WHERE conname = 'group_has_one_environment'"
        )
        assert cursor.fetchall() == [("u",)]


@pytest.mark.violates("group_currency_is_iso_4217")
def test_a_group_settles_in_a_currency():
    with refused("group_currency_is_iso_4217"):
        GroupMaker(name="odd", currency="eur")


@pytest.mark.violates("partner_has_one_contract_at_a_time")
def test_a_partner_has_one_contract_at_a_time():
    first = contract()
    with refused("partner_has_one_contract_at_a_time"):
        contract(partner=first.partner, number="C-2", starts_at=NOON)


@pytest.mark.violates("contract_ends_after_it_starts")
def test_a_contract_ends_after_it_starts():
    with refused("contract_ends_after_it_starts"):
        contract(ends_at=LONG_AGO)


@pytest.mark.violates("exposure_cap_is_not_negative")
def test_an_exposure_cap_is_not_negative():
    with refused("exposure_cap_is_not_negative"):
        contract(exposure_cap_minor=-1)


@pytest.mark.violates("contract_joins_a_group_once")
def test_a_contract_joins_a_group_once():
    ours, group = contract(), GroupMaker()
    GroupMembership.objects.create(contract=ours, group=group)
    with refused("contract_joins_a_group_once"):
        GroupMembership.objects.create(contract=ours, group=group)


class TestAnAgreement:
    @pytest.mark.violates("agreement_version_is_unique")
    def test_numbers_its_versions(self):
        AgreementMaker(number="A")
        with refused("agreement_version_is_unique"):
            AgreementMaker(number="A", in_force_at=None)

    @pytest.mark.violates("agreements_in_force_do_not_overlap")
    def test_in_force_is_the_only_one_of_its_kind(self):
        AgreementMaker()
        with refused("agreements_in_force_do_not_overlap"):
            AgreementMaker(starts_at=NOON)

    @pytest.mark.parametrize(
        "changes",
        [{"currency": "CHF"}, {"service_class": "PARKING"}, {"in_force_at": None}],
    )
    def test_may_stand_beside_one_of_another_kind(self, changes):
        AgreementMaker()

        assert AgreementMaker(starts_at=NOON, **changes).pk

    def test_may_follow_one_that_ended(self):
        AgreementMaker(ends_at=NOON)

        assert AgreementMaker(starts_at=NOON).pk

    @pytest.mark.violates("agreement_has_two_parties")
    def test_is_between_two_parties(self):
        with refused("agreement_has_two_parties"):
            AgreementMaker(buyer=nordlicht())

    @pytest.mark.violates("agreement_mode_fits_its_sides")
    @pytest.mark.parametrize(
        "changes",
        [
            lambda: {"mode": "CLEARED_PP"},
            lambda: {"seller": fjell()},
            lambda: {"seller": fjell(), "mode": "MIXED"},
            lambda: {"buyer": polder()},
            lambda: {"buyer": polder(), "mode": "DIRECT"},
        ],
        ids=["PP of a CSO", "PO of a CSP", "MIXED of a CSP", "a CSO buys", "a CSO buys directly"],
    )
    def test_joins_parties_of_the_roles_that_its_mode_is_for(self, changes):
        with refused("an agreement of mode .* does not join"):
            AgreementMaker(**changes())

    @pytest.mark.parametrize("mode", ["CLEARED_PP", "DIRECT"])
    def test_may_join_two_csps(self, mode):
        assert AgreementMaker(seller=fjell(), mode=mode).pk

    @pytest.mark.violates("agreement_ends_after_it_starts")
    def test_ends_after_it_starts(self):
        with refused("agreement_ends_after_it_starts|greater than or equal to range upper"):
            AgreementMaker(ends_at=LONG_AGO - timedelta(days=1), in_force_at=None)

    @pytest.mark.violates("commission_rate_is_a_fraction")
    @pytest.mark.parametrize("rate", [Decimal("-0.01"), Decimal("1.01")])
    def test_takes_a_fraction_as_commission(self, rate):
        with refused("commission_rate_is_a_fraction"):
            AgreementMaker(commission_rate=rate)

    @pytest.mark.violates("agreement_in_force_is_immutable")
    @pytest.mark.parametrize(
        "change",
        [
            lambda rows: rows.update(commission_rate=Decimal("0.5")),
            lambda rows: rows.update(in_force_at=None),
            lambda rows: rows.update(ends_at=NOON, currency="CHF"),
            lambda rows: rows.delete(),
        ],
    )
    def test_in_force_never_changes(self, change):
        agreement = AgreementMaker()
        with refused("make a new version"):
            change(RoamingAgreement.objects.filter(pk=agreement.pk))

    def test_in_force_may_have_its_open_end_closed_once(self):
        agreement = AgreementMaker()
        rows = RoamingAgreement.objects.filter(pk=agreement.pk)

        assert rows.update(ends_at=NOON) == 1
        with refused("make a new version"), transaction.atomic():
            rows.update(ends_at=NOON + timedelta(days=1))

    def test_as_a_draft_may_be_edited(self):
        agreement = AgreementMaker(in_force_at=None)

        assert RoamingAgreement.objects.filter(pk=agreement.pk).update(commission_rate=0) == 1


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        pytest.param(
            lambda: {"seller": nordlicht("TEST"), "environment": "LIVE"},
            "agreement_and_seller_share_environment",
            marks=pytest.mark.violates("agreement_and_seller_share_environment"),
        ),
        pytest.param(
            lambda: {"buyer": voltaire("TEST")},
            "agreement_and_buyer_share_environment",
            marks=pytest.mark.violates("agreement_and_buyer_share_environment"),
        ),
        pytest.param(
            lambda: {"group": GroupMaker(environment="TEST")},
            "agreement_and_group_share_environment",
            marks=pytest.mark.violates("agreement_and_group_share_environment"),
        ),
    ],
)
def test_test_and_live_never_mix_in_an_agreement(changes, name):
    with refused(name):
        AgreementMaker(**changes())


@pytest.mark.violates("endpoint_is_listed_once")
def test_an_endpoint_is_listed_once():
    fields = {"owner": PartnerMaker(), "protocol": "REST", "url": "https://a.example"}
    RoamingEndpoint.objects.create(**fields)
    with refused("endpoint_is_listed_once"):
        RoamingEndpoint.objects.create(**fields)


@pytest.mark.violates("partner_user_is_not_staff")
def test_a_partners_user_is_never_staff():
    with refused("partner_user_is_not_staff"):
        User.objects.create(username="both", partner=PartnerMaker(), is_staff=True)


@pytest.mark.violates("api_client_uses_client_credentials")
def test_a_client_uses_client_credentials():
    with refused("api_client_uses_client_credentials"):
        api_client(authorization_grant_type=ApiClient.GRANT_IMPLICIT)


@pytest.mark.violates("access_token_is_stored_as_checksum")
def test_a_token_is_never_stored():
    with refused("access_token_is_stored_as_checksum"), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO partners_accesstoken (token, token_checksum, expires, scope, created,"
            " updated, resource) VALUES ('secret', 'c', now(), '', now(), now(), '[]')"
        )


def test_a_token_is_found_by_its_checksum_alone():
    token = AccessToken(application=api_client(), expires=NOON, scope="sdr:read")
    set_token_value(token, "very-secret")
    token.save()

    stored = AccessToken.objects.get(pk=token.pk)
    assert stored.token == ""
    assert stored.token_checksum
    assert "very-secret" not in str(token)


@pytest.mark.violates("idempotency_key_is_unique_per_client")
def test_an_idempotency_key_is_a_clients_own():
    fields = {"client": api_client(), "key": "k", "request_sha256": "0" * 64, "locked_at": NOON}
    IdempotencyKey.objects.create(**fields)
    with refused("idempotency_key_is_unique_per_client"):
        IdempotencyKey.objects.create(**fields)


def job(**changes):
    fields = {"kind": "k", "run_key": "r", "title": "t"}
    return Job.objects.create(**(fields | changes))


@pytest.mark.violates("job_run_key_is_unique")
def test_a_job_is_queued_once_per_run_key():
    job()
    with refused("job_run_key_is_unique"):
        job()


@pytest.mark.violates("job_does_not_exceed_its_total")
def test_a_job_does_not_exceed_its_total():
    with refused("job_does_not_exceed_its_total"):
        job(done=2, total=1)


@pytest.mark.violates("job_is_finished_when_its_state_says_so")
@pytest.mark.parametrize("changes", [{"state": "DONE"}, {"state": "RUNNING", "finished_at": NOON}])
def test_a_job_is_finished_when_its_state_says_so(changes):
    with refused("job_is_finished_when_its_state_says_so"):
        job(**changes)


@pytest.mark.violates("approval_maker_is_not_checker")
def test_the_maker_is_not_the_checker():
    olga = StaffMaker()
    with refused("approval_maker_is_not_checker"):
        approval(maker=olga, checker=olga, state="APPROVED")


@pytest.mark.violates("approval_is_decided_by_a_checker")
def test_an_approval_is_decided_by_a_checker():
    with refused("approval_is_decided_by_a_checker"):
        approval(state="APPROVED")


@pytest.mark.violates("audit_event_is_append_only")
@pytest.mark.parametrize(
    "change", [lambda rows: rows.update(actor="nobody"), lambda rows: rows.delete()]
)
def test_the_audit_trail_is_append_only(change):
    event = AuditEvent.objects.create(
        at=NOON, actor="olga", action="a", object_type="t", object_id="1"
    )
    with pytest.raises(DatabaseError, match=r"permission denied|append-only"):
        change(AuditEvent.objects.filter(pk=event.pk))


def test_an_overlap_is_told_by_the_name_of_the_rule():
    AgreementMaker()
    with pytest.raises(IntegrityError) as told, transaction.atomic():
        AgreementMaker()

    assert "agreements_in_force_do_not_overlap" in str(told.value)
    assert partner_of(nordlicht()).name == "Nordlicht"
