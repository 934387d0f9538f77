-- What passed the door on one day, as manifests count it.
-- Grain:      one row per environment, seller, buyer (NULL: not known) and currency.
-- Parameters: starts_at, ends_at (the UTC day), seller_id, buyer_id, currency (NULL: all).
-- Promise:    every record that was not rejected at intake counts once, whatever became of it, in
--             the day of its receipt. The hash is that of rules/manifest.py.
WITH record AS (
    SELECT sdr.environment, sdr.seller_id, coalesce(sdr.buyer_id, state.buyer_id) AS buyer_id,
           sdr.currency, sdr.sdr_id, coalesce(sdr.energy_kwh, 0) AS energy_kwh,
           coalesce(sdr.claim_amount, 0) AS amount
      FROM roaming_sdr AS sdr
      LEFT JOIN roaming_sdrstate AS state
        ON state.sender_id = sdr.sender_id AND state.id = sdr.id
     WHERE sdr.received_at >= %(starts_at)s AND sdr.received_at < %(ends_at)s
       AND sdr.id >= clearinghouse_uuid_floor(%(starts_at)s)
       -- An id may be made a moment after the receipt it belongs to.
       AND sdr.id < clearinghouse_uuid_floor(%(ends_at)s + interval '1 hour')
       AND NOT sdr.rejected_at_intake
       AND (%(seller_id)s::uuid IS NULL OR sdr.seller_id = %(seller_id)s::uuid)
)
SELECT environment, seller_id, buyer_id, currency, count(*) AS sdrs,
       sum(energy_kwh) AS energy_kwh, sum(amount) AS amount,
       encode(sha256(convert_to(string_agg(line, '' ORDER BY line COLLATE "C"), 'UTF8')), 'hex')
           AS content_sha256
  FROM record
 CROSS JOIN LATERAL (
    SELECT sdr_id || ';' || trim_scale(energy_kwh)::text || ';' || trim_scale(amount)::text
           || E'\n' AS line
 ) AS told
 WHERE (%(buyer_id)s::uuid IS NULL OR buyer_id = %(buyer_id)s::uuid)
   AND (%(currency)s::text IS NULL OR currency = %(currency)s::text)
 GROUP BY environment, seller_id, buyer_id, currency
 ORDER BY environment, seller_id, buyer_id, currency
