-- Which records live or lived under the SDR ids of one chunk of past records.
-- Grain:      one row per wanted id and record that was not rejected at intake; an id is free
--             again once its record is rejected after all.
-- Parameters: wanted.
SELECT d.seller_id, d.sdr_id, d.id, d.batch_id, d.position,
       CASE WHEN state.state = 'REJECTED' THEN state.changed_at END,
       NULL::timestamptz, NULL::uuid, NULL::integer
  FROM json_to_recordset(%(wanted)s::json) AS wanted (cso_id uuid, sdr_id text)
  JOIN roaming_sdr AS d ON d.seller_id = wanted.cso_id AND d.sdr_id = wanted.sdr_id
  JOIN roaming_sdrstate AS state ON state.id = d.id
 WHERE NOT d.rejected_at_intake
