-- Claim the next due messages of one receiver for one sender process.
-- Grain:      one row per delivery.
-- Parameters: receiver_id, kinds (an array, or null for all), now, leased_until, limit.
-- Promise:    two processes never claim the same row; a killed one's rows are due again at
--             leased_until. A message waits while an earlier one about the same subject is open.
-- Beware:     those that never failed go first: one that fails again and again stops nobody.
UPDATE roaming_delivery AS delivery
   SET next_attempt_at = %(leased_until)s
  FROM (SELECT due.id
          FROM roaming_delivery AS due
         WHERE due.receiver_id = %(receiver_id)s
           AND (%(kinds)s::text[] IS NULL OR due.kind = ANY (%(kinds)s::text[]))
           AND due.sequence IS NOT NULL
           AND due.confirmed_at IS NULL
           AND due.dead_at IS NULL
           AND (due.next_attempt_at IS NULL OR due.next_attempt_at <= %(now)s)
           AND NOT EXISTS (SELECT
                             FROM roaming_delivery AS earlier
                            WHERE earlier.receiver_id = due.receiver_id
                              AND earlier.subject_id = due.subject_id
                              AND earlier.sequence < due.sequence
                              AND earlier.confirmed_at IS NULL
                              AND earlier.dead_at IS NULL)
         ORDER BY due.attempts, due.sequence
         LIMIT %(limit)s
           FOR UPDATE SKIP LOCKED) AS claimed
 WHERE delivery.id = claimed.id
RETURNING delivery.id
