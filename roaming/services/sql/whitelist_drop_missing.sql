-- After a whole list was sent: what it lacks is not valid any more.
-- Grain:      one row per listed credential that is missing.
-- Parameters: csp_id, now, began_at, last_sequence, sent (JSON array of "kind:lookup_hash").
-- Promise:    what came in while the list was being sent stays. Called under the counter's lock.
WITH missing AS (
    SELECT id, row_number() OVER (ORDER BY id) AS nth
      FROM roaming_whitelistentry
     WHERE csp_id = %(csp_id)s AND is_valid AND received_at <= %(began_at)s
       AND NOT EXISTS (SELECT FROM jsonb_array_elements_text(%(sent)s::jsonb) AS s (key)
                        WHERE s.key = kind || ':' || lookup_hash)
)
UPDATE roaming_whitelistentry AS e
   SET is_valid = false, updated_at = greatest(e.updated_at, %(now)s), received_at = %(now)s,
       sequence = %(last_sequence)s + m.nth
  FROM missing AS m
 WHERE e.id = m.id
RETURNING e.id, e.contract_hash
