-- Which records carry or carried the signatures of one chunk of past records.
-- Grain:      one row per signature and record that was not rejected at intake.
-- Parameters: hashes, environment.
SELECT value.signature_sha256, d.seller_id, d.sdr_id, d.service_session_id, d.sender_id, d.id
  FROM roaming_signedvalue AS value
  JOIN roaming_sdr AS d ON d.id = value.record_id
 WHERE value.signature_sha256 IN (SELECT json_array_elements_text(%(hashes)s::json))
   AND d.environment = %(environment)s AND NOT d.rejected_at_intake
