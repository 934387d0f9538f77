-- Which records carry or carried the signatures of one chunk of past records.
-- Grain:      one row per signature and record that was not rejected at intake.
-- Parameters: hashes, environment.
SELECT value.signature_sha256, d.seller_id, d.sdr_id, d.service_session_id, d.sender_id,
       d.batch_id, d.position, died.at, link.linked_at, killer.batch_id, killer.position
  FROM roaming_signedvalue AS value
  JOIN roaming_sdr AS d ON d.id = value.record_id
  LEFT JOIN LATERAL (
    SELECT event.at
      FROM roaming_sdrevent AS event
     WHERE event.record_id = d.id AND event.sender_id = d.sender_id
       AND event.to_state IN ('REJECTED', 'WITHDRAWN', 'SUPERSEDED')
 ) AS died ON true
  LEFT JOIN roaming_sdrlink AS link ON link.original_id = d.id AND link.linked_at = died.at
  LEFT JOIN roaming_sdr AS killer ON killer.id = link.record_id
 WHERE value.signature_sha256 IN (SELECT json_array_elements_text(%(hashes)s::json))
   AND d.environment = %(environment)s AND NOT d.rejected_at_intake
