-- A replacement bills the session that its original gave up, where nobody else does by now.
-- Grain:      one row per live replacement that was tied to its original.
-- Order:      by key, as in stage 10.
INSERT INTO roaming_sessionkey (record_id, cso_id, session_id, split_no)
SELECT stage.id, stage.seller_id, stage.service_session_id, stage.split_no
  FROM intake_stage AS stage
  JOIN roaming_sdrlink AS link ON link.record_id = stage.id AND link.kind = 'REPLACEMENT'
 WHERE stage.service_session_id <> ''
 ORDER BY stage.seller_id, stage.service_session_id, stage.split_no
    ON CONFLICT (cso_id, session_id, split_no) DO NOTHING
