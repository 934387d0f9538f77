-- Enter what is held now into the hold queue, and take out what is not held any more.
-- Grain:      one row per record moved.
-- Parameters: ids, to_state, now, hold_until.
WITH gone AS (
    DELETE FROM roaming_hold
     WHERE record_id = ANY (%(ids)s::uuid[]) AND %(to_state)s <> 'HELD'
)
INSERT INTO roaming_hold (record_id, held_at, expires_at)
SELECT id, %(now)s, %(hold_until)s
  FROM unnest(%(ids)s::uuid[]) AS moved (id)
 WHERE %(to_state)s = 'HELD'
    ON CONFLICT (record_id) DO NOTHING
