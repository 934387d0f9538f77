-- Say where each record stands after intake.
-- Grain:      one row per new record, version 1.
-- Parameters: sender_id, environment, received_at.
INSERT INTO roaming_sdrstate
      (id, sender_id, environment, state, version, seller_id, buyer_id, agreement_id, ended_at,
       delivered_at, accept_by_at, accepted_at, changed_at)
SELECT id, %(sender_id)s, %(environment)s, state, 1, seller_id, buyer_id, agreement_id, ended_at,
       CASE WHEN state IN ('DELIVERED', 'ACCEPTED') THEN %(received_at)s::timestamptz END,
       CASE WHEN state = 'DELIVERED' THEN accept_by_at END,
       CASE WHEN state = 'ACCEPTED' THEN %(received_at)s::timestamptz END,
       %(received_at)s
  FROM intake_stage
 ORDER BY id
