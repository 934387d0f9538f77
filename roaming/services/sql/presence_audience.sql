-- Who is to be told that a party came or went: the connections of those it has an agreement with.
-- Grain:      one row per party and endpoint.
-- Parameters: party_ids, now.
-- Promise:    connections that serve the party itself are not told; nor is anybody who may not
--             trade with it.
SELECT DISTINCT pair.party_id, endpoint.id
  FROM (SELECT seller_id AS party_id, buyer_id AS other_id, in_force_at, starts_at, ends_at
          FROM partners_roamingagreement
         UNION ALL
        SELECT buyer_id, seller_id, in_force_at, starts_at, ends_at
          FROM partners_roamingagreement) AS pair
  JOIN partners_roamingendpoint_parties AS serves ON serves.party_id = pair.other_id
  JOIN partners_roamingendpoint AS endpoint ON endpoint.id = serves.roamingendpoint_id
 WHERE pair.party_id = ANY (%(party_ids)s::uuid[])
   AND pair.in_force_at IS NOT NULL
   AND pair.starts_at <= %(now)s
   AND (pair.ends_at IS NULL OR pair.ends_at > %(now)s)
   AND endpoint.state IN ('CONNECTED', 'OFFLINE')
   AND NOT EXISTS (SELECT
                     FROM partners_roamingendpoint_parties AS own
                    WHERE own.roamingendpoint_id = endpoint.id
                      AND own.party_id = pair.party_id)
