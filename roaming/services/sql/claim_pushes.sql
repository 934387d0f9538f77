-- Claim the next objects to push to one endpoint, for one process.
-- Grain:      one row per object.
-- Parameters: endpoint_id, now, leased_until, limit. The endpoint's row is locked by the caller.
-- Promise:    while one process holds a lease on an endpoint's objects no other gets any, so they
--             leave in the order in which they were wanted; a killed one's are due at leased_until.
UPDATE roaming_objectpush AS push
   SET leased_until_at = %(leased_until)s
  FROM (SELECT due.id
          FROM roaming_objectpush AS due
         WHERE due.endpoint_id = %(endpoint_id)s
           AND due.sent_generation < due.generation
           AND due.given_up_at IS NULL
           AND (due.next_attempt_at IS NULL OR due.next_attempt_at <= %(now)s)
           AND NOT EXISTS (SELECT
                             FROM roaming_objectpush AS held
                            WHERE held.endpoint_id = due.endpoint_id
                              AND held.sent_generation < held.generation
                              AND held.given_up_at IS NULL
                              AND held.leased_until_at > %(now)s)
         ORDER BY due.wanted_at, due.id
         LIMIT %(limit)s
           FOR UPDATE SKIP LOCKED) AS claimed
 WHERE push.id = claimed.id
RETURNING push.id
