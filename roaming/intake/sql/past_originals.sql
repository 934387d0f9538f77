-- The records that credits and replacements of one chunk of past records name, with their lives.
-- Grain:      one row per original and event, and per original and correction; the reader plays
--             them up to the moment it looks back to.
-- Parameters: wanted.
SELECT d.seller_id, d.sdr_id, d.id, d.csp_code, d.currency, d.claim_amount, d.energy_kwh,
       d.credits_sdr_id <> '' AS is_credit, d.service_session_id, d.batch_id, d.position,
       told.at, told.to_state, told.kind, told.batch_id, told.position
  FROM json_to_recordset(%(wanted)s::json) AS wanted (cso_id uuid, sdr_id text)
  JOIN roaming_sdr AS d
    ON d.seller_id = wanted.cso_id AND d.sdr_id = wanted.sdr_id AND NOT d.rejected_at_intake
 CROSS JOIN LATERAL (
    SELECT event.at, event.to_state, '' AS kind, NULL::uuid AS batch_id, NULL::integer AS position,
           event.version
      FROM roaming_sdrevent AS event
     WHERE event.record_id = d.id AND event.sender_id = d.sender_id
       AND NOT EXISTS (
            SELECT FROM roaming_sdrlink AS link
             WHERE link.original_id = d.id AND link.linked_at = event.at
               AND event.to_state IN ('WITHDRAWN', 'SUPERSEDED') AND event.version > 1)
     UNION ALL
    SELECT link.linked_at, '', link.kind, answer.batch_id, answer.position, 32767
      FROM roaming_sdrlink AS link
      JOIN roaming_sdr AS answer ON answer.id = link.record_id
     WHERE link.original_id = d.id
 ) AS told
 ORDER BY d.batch_id, d.position, d.id, told.version, told.batch_id, told.position
