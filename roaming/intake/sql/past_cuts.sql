-- When what is known of parties, agreements and rules changed in the span of one chunk.
-- Grain:      one row per change: either the id of the row that was entered, or an instant from
--             which it holds.
-- Parameters: first_batch, last_batch, first_at, last_at.
SELECT id, NULL::timestamptz AS at FROM partners_party
 WHERE id > %(first_batch)s AND id < %(last_batch)s
 UNION ALL
SELECT id, NULL FROM partners_partyownership WHERE id > %(first_batch)s AND id < %(last_batch)s
 UNION ALL
SELECT id, NULL FROM partners_partnerstate WHERE id > %(first_batch)s AND id < %(last_batch)s
 UNION ALL
SELECT id, NULL FROM partners_mandate WHERE id > %(first_batch)s AND id < %(last_batch)s
 UNION ALL
SELECT id, NULL FROM partners_roamingagreement WHERE id > %(first_batch)s AND id < %(last_batch)s
 UNION ALL
SELECT id, NULL FROM roaming_ruleoverride WHERE id > %(first_batch)s AND id < %(last_batch)s
 UNION ALL
SELECT NULL::uuid, change.at
  FROM (SELECT starts_at AS at FROM partners_partyownership
         UNION ALL SELECT ends_at FROM partners_partyownership
         UNION ALL SELECT starts_at FROM partners_partnerstate
         UNION ALL SELECT starts_at FROM partners_mandate
         UNION ALL SELECT ends_at FROM partners_mandate
         UNION ALL SELECT in_force_at FROM partners_roamingagreement
         UNION ALL SELECT starts_at FROM roaming_ruleoverride
         UNION ALL SELECT ends_at FROM roaming_ruleoverride
         UNION ALL SELECT activated_at FROM roaming_ruleoverride) AS change
 WHERE change.at > %(first_at)s AND change.at <= %(last_at)s
