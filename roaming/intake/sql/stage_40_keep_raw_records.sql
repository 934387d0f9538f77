-- Keep what was received, encrypted, whatever became of it.
-- Grain:      one row per new record.
INSERT INTO roaming_rawrecord (id, sender_id, batch_id, position, sha256, encrypted_payload)
SELECT id, sender_id, batch_id, position, raw_sha256, encrypted_payload
  FROM intake_stage
 ORDER BY id
