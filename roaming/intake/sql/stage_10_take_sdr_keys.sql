-- Take the SDR ids of records that live from now on.
-- Grain:      one row per live record.
-- Order:      by key, so that two senders of the same batch wait for each other, never deadlock.
-- Holds:      fewer rows than live records means that another transaction was first: judge again.
INSERT INTO roaming_sdrkey (record_id, cso_id, sdr_id, payload_sha256)
SELECT id, seller_id, sdr_id, payload_sha256
  FROM intake_stage
 WHERE NOT rejected
 ORDER BY seller_id, sdr_id
    ON CONFLICT (cso_id, sdr_id) DO NOTHING
