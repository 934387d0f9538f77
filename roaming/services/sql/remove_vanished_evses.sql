-- Mark as removed the EVSEs that their location, told as a whole, tells no more.
-- Grain:      one row per EVSE that vanished.
-- Parameters: now, locations (ids told as a whole), rows (JSON: location and key of what was told).
-- Promise:    nothing is deleted, for records refer to it; its own time stays, so that it can come
--             back as it was.
UPDATE roaming_locationevse AS stored
   SET status = 'REMOVED', status_at = place.updated_at, status_until_at = NULL,
       received_at = %(now)s
  FROM roaming_location AS place
 WHERE place.id = stored.location_id
   AND place.id = ANY (%(locations)s)
   AND stored.status <> 'REMOVED'
   AND NOT EXISTS (SELECT
                     FROM json_to_recordset(%(rows)s::json) AS told (location uuid, key text)
                    WHERE told.location = stored.location_id
                      AND told.key = upper(stored.evse_uid))
RETURNING stored.location_id
