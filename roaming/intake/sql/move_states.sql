-- Move records along the transition table and tell it, in one statement.
-- Grain:      one row per record that stands in from_state.
-- Parameters: ids, from_state, path, to_state, is_delivered, actor, reason, now;
--             deemed_ids with the deadlines at which each is deemed accepted (same length).
-- Promise:    a record that somebody moved meanwhile is not touched. In the order of ids, so that
--             two movers wait and never deadlock.
WITH standing AS (
    SELECT id, version
      FROM roaming_sdrstate
     WHERE id = ANY (%(ids)s::uuid[]) AND state = %(from_state)s
     ORDER BY id
       FOR UPDATE
), moved AS (
    UPDATE roaming_sdrstate AS state
       SET state = %(to_state)s,
           version = standing.version + 1,
           delivered_at = CASE WHEN %(is_delivered)s THEN %(now)s ELSE state.delivered_at END,
           accept_by_at = coalesce(deadline.at, state.accept_by_at),
           accepted_at = CASE WHEN %(to_state)s = 'ACCEPTED' THEN %(now)s
                              ELSE state.accepted_at END,
           changed_at = %(now)s
      FROM standing
      LEFT JOIN unnest(%(deemed_ids)s::uuid[], %(deadlines)s::timestamptz[])
                AS deadline (id, at) ON deadline.id = standing.id
     WHERE state.id = standing.id AND state.version = standing.version
    RETURNING state.id, state.sender_id, state.version
), told AS (
    INSERT INTO roaming_sdrevent
          (sender_id, record_id, version, from_state, path, to_state, at, actor, reason)
    SELECT sender_id, id, version, %(from_state)s, %(path)s::text[], %(to_state)s, %(now)s,
           %(actor)s, %(reason)s
      FROM moved
)
SELECT id FROM moved ORDER BY id
