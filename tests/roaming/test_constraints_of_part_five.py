"""Each named constraint of endpoints, locations, credentials and sessions, broken once."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from partners.models import (
    CertificationRun,
    EndpointInterface,
    EndpointSecret,
    EndpointToken,
    PartyPresence,
)
from roaming.models import (
    AuthorizationRequest,
    Exchange,
    Location,
    LocationEvse,
    ObjectPush,
    RemoteRequest,
    Reservation,
    ServiceSession,
    SessionAlias,
    SessionMove,
    TariffAudience,
    WhitelistEntry,
)
from roaming.rules.authorization import REPEATED_WITHIN
from tests.makers import NOON, nordlicht, voltaire
from tests.roaming.part_five_rows import HASH, make

pytestmark = pytest.mark.django_db

BEFORE = NOON - timedelta(seconds=1)
WRONG = [
    (EndpointToken, {"token_sha256": "secret"}, "endpoint_token_is_stored_as_checksum"),
    (EndpointToken, {"purpose": "REGISTRATION"}, "registration_token_ends"),
    (EndpointToken, {"ends_at": BEFORE}, "endpoint_token_ends_after_it_starts"),
    (EndpointSecret, {"ends_at": BEFORE}, "endpoint_secret_ends_after_it_starts"),
    (CertificationRun, {"environment": "LIVE"}, "certification_is_of_the_test_environment"),
    (Location, {"latitude": 91, "longitude": 4}, "location_is_on_earth"),
    (WhitelistEntry, {"lookup_hash": "04A1B2C3"}, "listed_credential_is_stored_as_hash"),
    (
        AuthorizationRequest,
        {"answered_at": BEFORE},
        "authorization_is_answered_after_it_is_asked",
    ),
    (AuthorizationRequest, {"csp": None}, "who_may_charge_has_a_csp"),
    (ServiceSession, {"ended_at": BEFORE}, "service_session_ends_after_it_starts"),
    (
        RemoteRequest,
        {"outcome": "DONE", "outcome_at": NOON},
        "only_what_was_accepted_has_an_outcome",
    ),
    (RemoteRequest, {"answer": "ACCEPTED", "outcome": "DONE"}, "outcome_has_its_time"),
    (ObjectPush, {"sent_generation": 2}, "only_what_was_wanted_is_sent"),
]
TWICE = [
    (EndpointToken, ["token_sha256"], "endpoint_token_belongs_to_one_endpoint"),
    (EndpointSecret, ["endpoint"], "endpoint_has_one_secret_in_use"),
    (EndpointInterface, ["endpoint"], "endpoint_offers_a_module_once"),
    (Location, ["location_id"], "location_id_is_unique_per_cso"),
    (LocationEvse, ["location", "evse_uid"], "evse_uid_is_unique_per_location"),
    (TariffAudience, ["tariff"], "tariff_names_a_buyer_once"),
    (WhitelistEntry, ["lookup_hash"], "credential_is_listed_once_by_its_csp"),
    (WhitelistEntry, ["sequence"], "whitelist_changes_of_a_csp_are_numbered_once"),
    (SessionAlias, ["alias"], "session_alias_means_one_session_of_a_party"),
    (SessionMove, ["session"], "session_moves_by_one_version"),
    (Reservation, ["reservation_id"], "reservation_id_is_unique_per_csp"),
    (Reservation, ["number"], "reservation_number_is_unique_per_cso"),
    (RemoteRequest, ["callback_sha256"], "remote_request_has_a_callback_of_its_own"),
    (ObjectPush, ["endpoint", "subject_id"], "object_is_pushed_once_per_endpoint"),
]
MIXED = [
    (Location, "location_is_in_its_csos_environment"),
    (WhitelistEntry, "listed_credential_is_in_its_csps_environment"),
    (ServiceSession, "service_session_is_in_its_cs[op]s_environment"),
    (Reservation, "reservation_is_in_its_cs[op]s_environment"),
    (RemoteRequest, "remote_request_is_in_its_cs[op]s_environment"),
]


def cases(listed):
    return [
        pytest.param(*case, marks=pytest.mark.violates(case[-1]), id=case[-1]) for case in listed
    ]


@pytest.mark.parametrize(("model", "changes", "name"), cases(WRONG))
def test_a_wrong_row_is_refused(model, changes, name):
    with pytest.raises(DatabaseError, match=name):
        make(model, **changes)


@pytest.mark.parametrize(("model", "same", "name"), cases(TWICE))
def test_a_second_row_is_refused(model, same, name):
    first = make(model)
    with pytest.raises(DatabaseError, match=name):
        make(model, **{field: getattr(first, field) for field in same})


@pytest.mark.violates("the_same_question_is_answered_once")
def test_the_same_question_has_one_answer_for_half_a_minute():
    answered = {"question_hash": "a" * 64, "asked_at": NOON, "answered_at": NOON + REPEATED_WITHIN}
    make(AuthorizationRequest, **answered)
    make(AuthorizationRequest, **answered | {"asked_at": NOON + REPEATED_WITHIN})
    make(AuthorizationRequest, **answered | {"decision": "NOT_REACHED"})
    make(AuthorizationRequest, **answered | {"question_hash": ""})
    with pytest.raises(DatabaseError, match="answered less than 30 seconds before"):
        make(AuthorizationRequest, **answered | {"asked_at": NOON + timedelta(seconds=29)})


@pytest.mark.violates("location_id_is_unique_per_cso")
def test_ids_of_locations_do_not_tell_upper_from_lower_case():
    make(Location, location_id="ab1")
    with pytest.raises(DatabaseError, match="location_id_is_unique_per_cso"):
        make(Location, location_id="AB1")


@pytest.mark.parametrize(
    ("side", "name"),
    [
        pytest.param(side, name, marks=pytest.mark.violates(name))
        for side, name in (
            ("cso", "service_session_is_in_its_csos_environment"),
            ("csp", "service_session_is_in_its_csps_environment"),
        )
    ],
)
def test_a_session_is_in_the_environment_of_both_sides(side, name):
    of_test = {"cso": nordlicht("TEST"), "csp": voltaire("TEST")}
    with pytest.raises(DatabaseError, match=name):
        make(ServiceSession, **{side: of_test[side]})


@pytest.mark.violates("reservation_is_in_its_csos_environment")
@pytest.mark.violates("reservation_is_in_its_csps_environment")
@pytest.mark.violates("remote_request_is_in_its_csos_environment")
@pytest.mark.violates("remote_request_is_in_its_csps_environment")
@pytest.mark.violates("location_is_in_its_csos_environment")
@pytest.mark.violates("listed_credential_is_in_its_csps_environment")
@pytest.mark.parametrize(("model", "name"), MIXED)
def test_test_and_live_do_not_mix(model, name):
    with pytest.raises(DatabaseError, match=name):
        make(model, environment="TEST")


@pytest.mark.violates("final_service_session_stays")
@pytest.mark.parametrize("state", ["COMPLETED", "INVALID"])
def test_a_session_that_is_over_stays_over(state):
    session = make(ServiceSession, state=state)
    session.state = "ACTIVE"
    with pytest.raises(DatabaseError, match=f"that is {state} stays so"):
        session.save()


@pytest.mark.violates("authorization_request_is_append_only")
@pytest.mark.violates("session_move_is_append_only")
@pytest.mark.violates("certification_run_is_append_only")
def test_evidence_is_refused_even_to_the_owner_of_the_tables(owner_connection):
    for model in (AuthorizationRequest, SessionMove, CertificationRun):
        make(model)
        for verb in ("UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"):
            statement = verb.format(model._meta.db_table)
            with (
                pytest.raises(DatabaseError, match=r"append-only|permission denied"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)
            with owner_connection.cursor() as cursor, pytest.raises(Exception, match="append-only"):
                cursor.execute(statement)


def test_each_table_takes_a_valid_row():
    assert [make(model) for model in (PartyPresence, Exchange, ServiceSession)]
    assert make(EndpointToken, token_sha256=HASH)
