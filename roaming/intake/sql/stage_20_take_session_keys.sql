-- Claim the service sessions of records that live from now on.
-- Grain:      one row per live record that names a session nobody holds.
-- Order:      by key, as in stage 10.
-- Holds:      fewer rows than expected means that another transaction was first: judge again.
INSERT INTO roaming_sessionkey (record_id, cso_id, session_id, split_no)
SELECT id, seller_id, service_session_id, split_no
  FROM intake_stage
 WHERE takes_session
 ORDER BY seller_id, service_session_id, split_no
    ON CONFLICT (cso_id, session_id, split_no) DO NOTHING
