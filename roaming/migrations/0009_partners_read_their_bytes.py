"""A partner's request may read the bytes of its own records, and of no other.

Its database role may not read raw records; this function is asked with the parties of the request
and looks for itself whether they are a side of the record.
"""

from django.db import migrations

_FUNCTION = """
CREATE FUNCTION roaming_bytes_for(records uuid[], parties uuid[])
RETURNS TABLE (record_id uuid, payload bytea, door text, profile text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT raw.id, raw.encrypted_payload, batch.door::text, batch.profile::text
      FROM roaming_rawrecord AS raw
      JOIN roaming_sdrstate AS state ON state.id = raw.id AND state.sender_id = raw.sender_id
      JOIN roaming_intakebatch AS batch ON batch.id = raw.batch_id
     WHERE raw.id = ANY (records)
       AND (state.seller_id = ANY (parties)
            OR (state.buyer_id = ANY (parties)
                AND state.state NOT IN ('RECEIVED', 'REJECTED', 'HELD', 'VALIDATED', 'RATED')))
$$
"""


class Migration(migrations.Migration):
    dependencies = [("roaming", "0008_whitelist_sequence")]

    operations = [
        migrations.RunSQL(
            [
                _FUNCTION,
                "REVOKE ALL ON FUNCTION roaming_bytes_for(uuid[], uuid[]) FROM PUBLIC",
                "GRANT EXECUTE ON FUNCTION roaming_bytes_for(uuid[], uuid[])"
                " TO clearinghouse_app, clearinghouse_partner",
            ],
            "DROP FUNCTION roaming_bytes_for(uuid[], uuid[])",
        )
    ]
