-- Say of each party whether it can be reached, by the best of its connections.
-- Grain:      one row per party whose presence changes.
-- Parameters: party_ids (an array, or null for all), now.
-- Promise:    a party that nothing changed for is left alone, its changed_at too. A party without a
--             connection is not listed; one whose last connection went is OFFLINE.
INSERT INTO partners_partypresence AS presence (party_id, state, changed_at)
SELECT party.id, reach.state, %(now)s
  FROM partners_party AS party
  LEFT JOIN partners_partypresence AS told ON told.party_id = party.id
 CROSS JOIN LATERAL (SELECT coalesce(
            (SELECT endpoint.state
               FROM partners_roamingendpoint AS endpoint
               JOIN partners_roamingendpoint_parties AS serves
                 ON serves.roamingendpoint_id = endpoint.id
              WHERE serves.party_id = party.id
              ORDER BY array_position(
                         ARRAY['CONNECTED', 'OFFLINE', 'PLANNED', 'SUSPENDED'], endpoint.state::text)
              LIMIT 1),
            CASE WHEN told.party_id IS NOT NULL THEN 'OFFLINE' END) AS state) AS reach
 WHERE reach.state IS NOT NULL
   AND reach.state IS DISTINCT FROM told.state
   AND (%(party_ids)s::uuid[] IS NULL OR party.id = ANY (%(party_ids)s::uuid[]))
 ORDER BY party.id
    ON CONFLICT (party_id) DO UPDATE
   SET state = excluded.state, changed_at = excluded.changed_at
RETURNING presence.party_id
