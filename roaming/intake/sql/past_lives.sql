-- When records came in, and when and by whom their lives ended.
-- Grain:      one row per record.
-- Parameters: ids.
SELECT d.id, d.batch_id, d.position, died.at, link.linked_at, killer.batch_id, killer.position
  FROM roaming_sdr AS d
  LEFT JOIN LATERAL (
    SELECT event.at
      FROM roaming_sdrevent AS event
     WHERE event.record_id = d.id AND event.sender_id = d.sender_id
       AND event.to_state IN ('REJECTED', 'WITHDRAWN', 'SUPERSEDED')
     LIMIT 1
 ) AS died ON true
  LEFT JOIN LATERAL (
    SELECT linked.linked_at, linked.record_id
      FROM roaming_sdrlink AS linked
     WHERE linked.original_id = d.id AND linked.linked_at = died.at
     LIMIT 1
 ) AS link ON true
  LEFT JOIN roaming_sdr AS killer ON killer.id = link.record_id
 WHERE d.id = ANY (%(ids)s::uuid[])
