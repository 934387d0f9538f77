-- Tell how each record got there: one act, by its sender, at one instant.
-- Grain:      one row per new record, version 1.
-- Parameters: sender_id, received_at, actor.
INSERT INTO roaming_sdrevent
      (sender_id, record_id, version, from_state, path, to_state, at, actor, reason)
SELECT %(sender_id)s, id, 1, '', path, state, %(received_at)s, %(actor)s, reason
  FROM intake_stage
 ORDER BY id
