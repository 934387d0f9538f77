-- Say where each record stands after intake.
-- Grain:      one row per new record, version 1.
INSERT INTO roaming_sdrstate
      (id, sender_id, environment, state, version, seller_id, buyer_id, agreement_id, ended_at,
       delivered_at, accepted_at, changed_at)
SELECT id, sender_id, environment, state, 1, seller_id, state_buyer_id, agreement_id, ended_at,
       CASE WHEN state IN ('DELIVERED', 'ACCEPTED') THEN received_at END,
       CASE WHEN state = 'ACCEPTED' THEN received_at END,
       received_at
  FROM intake_stage
 ORDER BY id
