-- Number the rejected attempts; their ids stay free.
-- Grain:      one row per rejected record whose seller is known and whose id is stated.
-- Holds:      (cso, sdr_id, attempt) is taken once; fewer rows: judge again.
INSERT INTO roaming_rejectedkey (record_id, cso_id, sdr_id, attempt, payload_sha256)
SELECT id, seller_id, sdr_id, attempt, payload_sha256
  FROM intake_stage
 WHERE rejected AND seller_id IS NOT NULL AND sdr_id <> ''
 ORDER BY seller_id, sdr_id, attempt
    ON CONFLICT (cso_id, sdr_id, attempt) DO NOTHING
