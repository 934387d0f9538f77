-- What the records received on one day came to, as they stand now.
-- Grain:      one row per environment, sender, kind, key and currency.
-- Parameters: starts_at, ends_at: the day, half-open; the limits of the delays' buckets come as two
--             arrays, ``bucket_limits_s`` (ascending, the last one endless) and ``bucket_names``.
-- Promise:    the rows of kind STATE hold each record once; a record is counted once per code of the
--             newest check that refused or holds it; one without an end has no delay. Slow twin:
--             roaming.rules.day_figures.
WITH received AS (
    SELECT state.id, state.environment, state.sender_id, state.state, sdr.currency,
           coalesce(sdr.energy_kwh, 0) AS energy_kwh, coalesce(sdr.claim_amount, 0) AS claim_amount,
           extract(epoch FROM sdr.received_at - sdr.ended_at) AS delay_s
      FROM roaming_sdrstate AS state
      JOIN roaming_sdr AS sdr ON sdr.id = state.id AND sdr.sender_id = state.sender_id
     WHERE state.id >= clearinghouse_uuid_floor(%(starts_at)s)
       AND state.id < clearinghouse_uuid_floor(%(ends_at)s)
       AND sdr.id >= clearinghouse_uuid_floor(%(starts_at)s)
       AND sdr.id < clearinghouse_uuid_floor(%(ends_at)s)
), caused AS (
    SELECT DISTINCT environment, sender_id, code, id,
           CASE state WHEN 'HELD' THEN 'HELD' ELSE 'REFUSED' END AS kind
      FROM (SELECT received.*, finding.code,
                   rank() OVER (PARTITION BY received.id ORDER BY finding.version DESC) AS age
              FROM received
              JOIN roaming_finding AS finding ON finding.record_id = received.id
             WHERE finding.id >= clearinghouse_uuid_floor(%(starts_at)s)
               AND (received.state = 'REJECTED' AND finding.severity = 'REJECT'
                    OR received.state = 'HELD' AND finding.severity = 'HOLD')) AS told
     WHERE age = 1
), delayed AS (
    SELECT environment, sender_id,
           (SELECT min(bucket.place)
              FROM unnest(%(bucket_limits_s)s::double precision[])
                   WITH ORDINALITY AS bucket (limit_s, place)
             WHERE delay_s < bucket.limit_s) AS place
      FROM received
     WHERE delay_s IS NOT NULL
)
SELECT environment, sender_id, 'STATE' AS kind, state AS key, currency, count(*) AS records,
       sum(energy_kwh) AS energy_kwh, sum(claim_amount) AS claim_amount
  FROM received GROUP BY environment, sender_id, state, currency
UNION ALL
SELECT environment, sender_id, kind, code, '', count(*), 0, 0
  FROM caused GROUP BY environment, sender_id, kind, code
UNION ALL
SELECT environment, sender_id, 'DELAY', (%(bucket_names)s::text[])[place], '', count(*), 0, 0
  FROM delayed GROUP BY environment, sender_id, place
