-- Put locations of one CSO as their owner tells them, unless what is stored is newer.
-- Grain:      one row per given location; no two have the same key. ``is_told``: others know of it,
--             or are to.
-- Parameters: cso_id, environment, now, rows (JSON), volatile (names in a document that only say
--             when it was told).
-- Promise:    rows are locked and written in the order of their keys, so two senders never
--             deadlock. What was removed may come back with any time. A row without ``id`` was
--             written by somebody else meanwhile: try again.
-- Twin:       roaming.rules.location_change.
WITH given AS (
    SELECT *
      FROM json_to_recordset(%(rows)s::json) AS row (
           id uuid, key text, location_id text, name text, address text, city text,
           postal_code text, country_code text, latitude numeric, longitude numeric,
           time_zone text, operator_name text, is_published boolean, document jsonb,
           document_format text, updated_at timestamptz)
), before AS (
    SELECT stored.id, upper(stored.location_id) AS key, stored.updated_at, stored.removed_at,
           stored.is_published, stored.document, stored.document_format
      FROM roaming_location AS stored
     WHERE stored.cso_id = %(cso_id)s
       AND upper(stored.location_id) IN (SELECT key FROM given)
     ORDER BY upper(stored.location_id)
       FOR UPDATE
), put AS (
    INSERT INTO roaming_location AS stored (
           id, cso_id, environment, location_id, name, address, city, postal_code, country_code,
           latitude, longitude, time_zone, operator_name, is_published, document, document_format,
           updated_at, received_at)
    SELECT given.id, %(cso_id)s, %(environment)s, location_id, name, address, city, postal_code,
           country_code, latitude, longitude, time_zone, operator_name, given.is_published,
           given.document, given.document_format, given.updated_at, %(now)s
      FROM given
      LEFT JOIN before USING (key)
     WHERE before.id IS NULL
        OR before.removed_at IS NOT NULL
        OR before.updated_at <= given.updated_at
     ORDER BY key
        ON CONFLICT (cso_id, upper(location_id)) DO UPDATE
       SET location_id = excluded.location_id, name = excluded.name, address = excluded.address,
           city = excluded.city, postal_code = excluded.postal_code,
           country_code = excluded.country_code, latitude = excluded.latitude,
           longitude = excluded.longitude, time_zone = excluded.time_zone,
           operator_name = excluded.operator_name, is_published = excluded.is_published,
           document = excluded.document, document_format = excluded.document_format,
           updated_at = excluded.updated_at, received_at = excluded.received_at, removed_at = NULL
     WHERE stored.removed_at IS NOT NULL
        OR (stored.updated_at <= excluded.updated_at
            AND (stored.updated_at, stored.is_published, stored.document_format, stored.document)
                IS DISTINCT FROM (excluded.updated_at, excluded.is_published,
                                  excluded.document_format, excluded.document))
    RETURNING id, upper(location_id) AS key
)
SELECT given.key,
       coalesce(before.id, put.id) AS id,
       CASE WHEN before.id IS NULL THEN 'created'
            WHEN before.removed_at IS NOT NULL THEN 'updated'
            WHEN before.updated_at > given.updated_at THEN 'older'
            WHEN before.is_published <> given.is_published
              OR before.document_format <> given.document_format
              OR before.document - %(volatile)s::text[] <> given.document - %(volatile)s::text[]
            THEN 'updated'
            ELSE 'unchanged' END AS word,
       given.is_published OR coalesce(before.is_published, false) AS is_told
  FROM given
  LEFT JOIN before USING (key)
  LEFT JOIN put USING (key)
