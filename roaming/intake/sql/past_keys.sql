-- Which records live or lived under the SDR ids of one chunk of past records.
-- Grain:      one row per wanted id that a record took; an id is taken for good.
-- Parameters: wanted.
SELECT k.cso_id, k.sdr_id, k.record_id, d.batch_id, d.position
  FROM json_to_recordset(%(wanted)s::json) AS wanted (cso_id uuid, sdr_id text)
  JOIN roaming_sdrkey AS k USING (cso_id, sdr_id)
  JOIN roaming_sdr AS d ON d.id = k.record_id
