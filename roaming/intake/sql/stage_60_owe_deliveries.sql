-- Owe each delivered record to its buyer. The sequence is given after commit.
-- Grain:      one row per record delivered at intake.
-- Parameters: received_at.
-- Holds:      delivery_is_owed_once.
INSERT INTO roaming_delivery (id, receiver_id, kind, subject_id, sequence, created_at)
SELECT id, buyer_id, 'SDR', id, NULL, %(received_at)s
  FROM intake_stage
 WHERE state IN ('DELIVERED', 'ACCEPTED')
 ORDER BY id
