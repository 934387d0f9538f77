-- Enter what is held into the hold queue.
-- Grain:      one row per record held at intake.
-- Parameters: received_at.
INSERT INTO roaming_hold (record_id, held_at, expires_at)
SELECT id, %(received_at)s, %(received_at)s::timestamptz + interval '30 days'
  FROM intake_stage
 WHERE state = 'HELD'
 ORDER BY id
