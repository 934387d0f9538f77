"""Append-only evidence of part 2, the states' one-way street, and what the partner role may do."""

from django.db import migrations

from clearinghouse import tables

_APPEND_ONLY = (
    ("roaming_counterrecord", "counter_record_is_append_only"),
    ("roaming_signedvalue", "signed_value_is_append_only"),
    ("roaming_sdrlink", "sdr_link_is_append_only"),
    ("roaming_disputeevent", "dispute_event_is_append_only"),
    ("roaming_disputeattachment", "dispute_attachment_is_append_only"),
    ("roaming_ageingstep", "ageing_step_is_append_only"),
    ("roaming_manifest", "manifest_is_append_only"),
)
_PARTITIONED = ("roaming_counterrecord", "roaming_signedvalue")

# The transition table lives in rules/lifecycle.py; the database holds its shape: final is final,
# and each change is one version further.
_ONE_WAY = """
CREATE FUNCTION roaming_guard_sdr_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.version <> OLD.version + 1 THEN
        RAISE EXCEPTION 'a state moves by one version' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'sdr_state_moves_by_one_version';
    END IF;
    IF OLD.state IN ('REJECTED', 'ACCEPTED', 'WITHDRAWN', 'SUPERSEDED')
       AND NEW.state <> OLD.state THEN
        RAISE EXCEPTION '% is final', OLD.state USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'final_sdr_state_stays';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sdr_state_moves_by_one_version BEFORE UPDATE ON roaming_sdrstate FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state OR OLD.version IS DISTINCT FROM NEW.version)
    EXECUTE FUNCTION roaming_guard_sdr_state();
"""
_MATCH_STAYS = """
CREATE FUNCTION roaming_guard_match() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.is_current AND NOT NEW.is_current
       AND to_jsonb(OLD) - 'is_current' = to_jsonb(NEW) - 'is_current' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a match is evidence: only a newer one takes its place'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'match_is_evidence';
END $$;
CREATE TRIGGER match_is_evidence BEFORE UPDATE OR DELETE ON roaming_match FOR EACH ROW
    EXECUTE FUNCTION roaming_guard_match();
"""

_NEW = (
    "evse evseoutage meterkey credential authorization ruleoverride sdrlink hold signedvalue"
    " counterrecord counterkey matchingrun match ageingstep dispute disputeevent"
    " disputeattachment sequencegap manifest alert receiveroutage"
).split()
_ADDED_BY_PARTNERS = (
    "evse evseoutage meterkey credential authorization sdrlink hold signedvalue counterrecord"
    " counterkey dispute disputeevent disputeattachment sequencegap manifest alert"
    " webhooksubscription"
).split()
_CHANGED_BY_PARTNERS = (
    "evse evseoutage meterkey credential authorization hold counterkey dispute sequencegap alert"
    " webhooksubscription sdrstate"
).split()


def _named(names: list[str]) -> str:
    return ", ".join(f"roaming_{name}" for name in names)


_GRANTS = [
    f"GRANT SELECT ON {_named([*_NEW, 'webhooksubscription'])} TO clearinghouse_partner",
    f"GRANT INSERT ON {_named(_ADDED_BY_PARTNERS)} TO clearinghouse_partner",
    f"GRANT UPDATE ON {_named(_CHANGED_BY_PARTNERS)} TO clearinghouse_partner",
    "GRANT DELETE ON roaming_hold, roaming_sessionkey, roaming_webhooksubscription"
    " TO clearinghouse_partner",
    "GRANT UPDATE (confirmed_at) ON roaming_delivery TO clearinghouse_partner",
]


class Migration(migrations.Migration):
    dependencies = [("roaming", "0007_counter_records_and_signed_values")]

    operations = [
        *(tables.append_only(table, name) for table, name in _APPEND_ONLY),
        migrations.RunSQL(
            _ONE_WAY,
            "DROP TRIGGER sdr_state_moves_by_one_version ON roaming_sdrstate;"
            " DROP FUNCTION roaming_guard_sdr_state()",
        ),
        migrations.RunSQL(
            _MATCH_STAYS,
            "DROP TRIGGER match_is_evidence ON roaming_match; DROP FUNCTION roaming_guard_match()",
        ),
        *(tables.guarded_default(t, n) for t, n in _APPEND_ONLY if t in _PARTITIONED),
        tables.first_partitions(*_PARTITIONED),
        migrations.RunSQL(_GRANTS, migrations.RunSQL.noop),
    ]
