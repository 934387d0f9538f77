-- Note that endpoints are to get the newest state of objects.
-- Grain:      one row per endpoint and object.
-- Parameters: kind, ids, endpoint_ids, subject_ids (one element per row, without duplicates), now.
-- Promise:    an object that changes again before it was sent is sent once; one that was given up
--             is tried again. Rows are locked in the order of their keys.
INSERT INTO roaming_objectpush AS push
       (id, endpoint_id, kind, subject_id, generation, sent_generation, wanted_at, attempts,
        last_error)
SELECT wanted.id, wanted.endpoint_id, %(kind)s, wanted.subject_id, 1, 0, %(now)s, 0, ''
  FROM unnest(%(ids)s::uuid[], %(endpoint_ids)s::uuid[], %(subject_ids)s::uuid[])
       AS wanted (id, endpoint_id, subject_id)
 ORDER BY wanted.endpoint_id, wanted.subject_id
    ON CONFLICT (endpoint_id, kind, subject_id) DO UPDATE
   SET generation = push.generation + 1,
       wanted_at = excluded.wanted_at,
       attempts = CASE WHEN push.given_up_at IS NULL THEN push.attempts ELSE 0 END,
       next_attempt_at = CASE WHEN push.given_up_at IS NULL THEN push.next_attempt_at END,
       given_up_at = NULL
