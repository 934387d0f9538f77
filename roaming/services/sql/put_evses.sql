-- Put EVSEs of locations as their owner tells them, unless what is stored is newer.
-- Grain:      one row per given EVSE; no two of one location have the same key.
-- Parameters: cso_id, now, rows (JSON), volatile (as for locations).
-- Promise:    written in the order of location and key; the locations are locked before.
-- Twin:       roaming.rules.location_change.
WITH given AS (
    SELECT *
      FROM json_to_recordset(%(rows)s::json) AS row (
           id uuid, location uuid, key text, evse_uid text, evse_id text, status text,
           status_at timestamptz, status_until_at timestamptz, capabilities text[],
           connector_types text[], current_type text, max_power_kw numeric, tariff_ids text[],
           document jsonb, updated_at timestamptz)
), before AS (
    SELECT stored.id, given.location, given.key, stored.updated_at, stored.evse_uid,
           stored.evse_id, stored.status, stored.document
      FROM given
      JOIN roaming_locationevse AS stored
        ON stored.location_id = given.location AND upper(stored.evse_uid) = given.key
), put AS (
    INSERT INTO roaming_locationevse AS stored (
           id, location_id, cso_id, evse_uid, evse_id, status, status_at, status_until_at,
           capabilities, connector_types, current_type, max_power_kw, tariff_ids, document,
           updated_at, received_at)
    SELECT id, location, %(cso_id)s, evse_uid, evse_id, status, status_at, status_until_at,
           capabilities, connector_types, current_type, max_power_kw, tariff_ids, document,
           updated_at, %(now)s
      FROM given
     ORDER BY location, key
        ON CONFLICT (location_id, upper(evse_uid)) DO UPDATE
       SET evse_uid = excluded.evse_uid, evse_id = excluded.evse_id, status = excluded.status,
           status_at = excluded.status_at, status_until_at = excluded.status_until_at,
           capabilities = excluded.capabilities, connector_types = excluded.connector_types,
           current_type = excluded.current_type, max_power_kw = excluded.max_power_kw,
           tariff_ids = excluded.tariff_ids, document = excluded.document,
           updated_at = excluded.updated_at, received_at = excluded.received_at
     WHERE stored.updated_at <= excluded.updated_at
       AND (stored.updated_at, stored.status, stored.status_at, stored.status_until_at,
            stored.document)
           IS DISTINCT FROM (excluded.updated_at, excluded.status, excluded.status_at,
                             excluded.status_until_at, excluded.document)
    RETURNING id, location_id AS location, upper(evse_uid) AS key
)
SELECT given.location,
       given.key,
       coalesce(before.id, put.id) AS id,
       CASE WHEN before.id IS NULL THEN 'created'
            WHEN before.updated_at > given.updated_at THEN 'older'
            WHEN before.status <> given.status
              OR before.document - %(volatile)s::text[] <> given.document - %(volatile)s::text[]
            THEN 'updated'
            ELSE 'unchanged' END AS word
  FROM given
  LEFT JOIN before USING (location, key)
  LEFT JOIN put USING (location, key)
