-- Mark as removed the locations of one CSO that a full load did not tell.
-- Grain:      one row per location that vanished.
-- Parameters: cso_id, now, keys (what was told).
-- Promise:    nothing is deleted; its EVSEs are removed too. The time moves to now, so that who
--             pulls what changed gets it.
WITH vanished AS (
    UPDATE roaming_location AS stored
       SET removed_at = %(now)s, received_at = %(now)s, updated_at = greatest(updated_at, %(now)s)
     WHERE stored.cso_id = %(cso_id)s
       AND stored.removed_at IS NULL
       AND upper(stored.location_id) <> ALL (%(keys)s)
    RETURNING stored.id
), evses AS (
    UPDATE roaming_locationevse AS stored
       SET status = 'REMOVED', status_at = %(now)s, status_until_at = NULL, received_at = %(now)s
      FROM vanished
     WHERE stored.location_id = vanished.id
       AND stored.status <> 'REMOVED'
)
SELECT id FROM vanished
