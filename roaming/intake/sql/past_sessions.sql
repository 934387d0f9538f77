-- Which records claim or claimed the service sessions of one chunk of past records.
-- Grain:      one row per claim; the reader takes the one that stood at the moment.
-- Parameters: wanted.
-- Promise:    claims that stand (the keys), and those that ended: by withdrawal, rejection or
--             replacement (their state), or by a credit, which leaves an accepted state alone.
WITH wanted AS (
    SELECT * FROM json_to_recordset(%(wanted)s::json)
                  AS wanted (cso_id uuid, session_id text, split_no int)
), ended AS (
    SELECT state.id, state.changed_at AS at
      FROM roaming_sdrstate AS state
     WHERE state.seller_id IN (SELECT cso_id FROM wanted) AND state.version > 1
       AND state.state IN ('REJECTED', 'WITHDRAWN', 'SUPERSEDED')
     UNION
    SELECT link.original_id, link.linked_at
      FROM roaming_sdrlink AS link
     WHERE link.cso_id IN (SELECT cso_id FROM wanted)
)
SELECT k.cso_id, k.session_id, k.split_no, d.sdr_id, d.batch_id, d.position,
       NULL::timestamptz, NULL::timestamptz, NULL::uuid, NULL::integer
  FROM wanted
  JOIN roaming_sessionkey AS k USING (cso_id, session_id, split_no)
  JOIN roaming_sdr AS d ON d.id = k.record_id
 UNION ALL
SELECT d.seller_id, d.service_session_id, d.split_no, d.sdr_id, d.batch_id, d.position,
       ended.at, link.linked_at, killer.batch_id, killer.position
  FROM ended
  JOIN roaming_sdr AS d ON d.id = ended.id
  JOIN wanted
    ON wanted.cso_id = d.seller_id AND wanted.session_id = d.service_session_id
       AND wanted.split_no = d.split_no
  LEFT JOIN roaming_sdrlink AS link
    ON link.original_id = d.id AND link.linked_at = ended.at
  LEFT JOIN roaming_sdr AS killer ON killer.id = link.record_id
 WHERE d.credits_sdr_id = '' AND NOT d.rejected_at_intake
   AND NOT EXISTS (
        SELECT FROM roaming_finding AS finding
         WHERE finding.record_id = d.id AND finding.version = 1 AND finding.code = 'V402')
