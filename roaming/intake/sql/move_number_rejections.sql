-- Number the attempts that were rejected only now, after a hold: their ids become free again.
-- Grain:      one row per rejected record that still takes its id.
-- Parameters: ids.
-- Order:      by key, as in stage 10.
-- Holds:      (cso, sdr_id, attempt) is taken once. Where another sender's rejection took the
--             number meanwhile, the row is left out; the caller asks again and sees it.
INSERT INTO roaming_rejectedkey (record_id, cso_id, sdr_id, attempt, payload_sha256)
SELECT live.record_id, live.cso_id, live.sdr_id,
       1 + coalesce((SELECT max(earlier.attempt)
                       FROM roaming_rejectedkey AS earlier
                      WHERE earlier.cso_id = live.cso_id AND earlier.sdr_id = live.sdr_id), 0),
       live.payload_sha256
  FROM roaming_sdrkey AS live
 WHERE live.record_id = ANY (%(ids)s::uuid[])
 ORDER BY live.cso_id, live.sdr_id
    ON CONFLICT DO NOTHING
