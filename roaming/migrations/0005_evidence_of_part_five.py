"""Decisions and moves are evidence, TEST and LIVE never mix, what requests of partners may do."""

from django.db import migrations

from clearinghouse import tables

_APPEND_ONLY = (
    ("roaming_authorizationrequest", "authorization_request_is_append_only"),
    ("roaming_sessionmove", "session_move_is_append_only"),
)
_OF_ONE_ENVIRONMENT = (
    ("roaming_location", "cso_id", "location_is_in_its_csos_environment"),
    ("roaming_whitelistentry", "csp_id", "listed_credential_is_in_its_csps_environment"),
    ("roaming_servicesession", "cso_id", "service_session_is_in_its_csos_environment"),
    ("roaming_servicesession", "csp_id", "service_session_is_in_its_csps_environment"),
    ("roaming_reservation", "csp_id", "reservation_is_in_its_csps_environment"),
    ("roaming_reservation", "cso_id", "reservation_is_in_its_csos_environment"),
    ("roaming_remoterequest", "csp_id", "remote_request_is_in_its_csps_environment"),
    ("roaming_remoterequest", "cso_id", "remote_request_is_in_its_csos_environment"),
)
_ADD = (
    "authorizationrequest exchange location locationevse objectpush remoterequest reservation"
    " servicesession sessionalias sessionmove tariffaudience whitelistentry"
)
_CHANGE = "location locationevse objectpush remoterequest reservation servicesession whitelistentry"


def _named(names: str) -> str:
    return ", ".join(f"roaming_{name}" for name in names.split())


# A session that is over stays as it is; what comes later is told to staff, not written.
_FINAL = """
CREATE FUNCTION roaming_guard_service_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('COMPLETED', 'INVALID') AND NEW.state <> OLD.state THEN
        RAISE EXCEPTION 'a service session that is % stays so', OLD.state
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'final_service_session_stays';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER final_service_session_stays BEFORE UPDATE ON roaming_servicesession FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION roaming_guard_service_session();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("roaming", "0004_part_five"),
        ("partners", "0008_evidence_of_part_five"),
    ]

    operations = [
        *(tables.append_only(table, name) for table, name in _APPEND_ONLY),
        tables.guarded_default(*_APPEND_ONLY[0]),
        tables.first_partitions("roaming_authorizationrequest"),
        *(
            tables.shared_environment(table=table, column=column, other="partners_party", name=name)
            for table, column, name in _OF_ONE_ENVIRONMENT
        ),
        migrations.RunSQL(
            _FINAL,
            "DROP TRIGGER final_service_session_stays ON roaming_servicesession;"
            " DROP FUNCTION roaming_guard_service_session()",
        ),
        migrations.RunSQL(
            [
                f"GRANT SELECT, INSERT ON {_named(_ADD)} TO clearinghouse_partner",
                f"GRANT UPDATE ON {_named(_CHANGE)} TO clearinghouse_partner",
                "GRANT UPDATE (withdrawn_at) ON roaming_tariff TO clearinghouse_partner",
                "GRANT DELETE ON roaming_tariffaudience TO clearinghouse_partner",
                "GRANT UPDATE (remote_url) ON roaming_delivery TO clearinghouse_partner",
            ],
            migrations.RunSQL.noop,
        ),
    ]
