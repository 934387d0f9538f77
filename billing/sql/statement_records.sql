-- Where the records that each partner sent stand when a window closes.
-- Grain:      one row per sender.
-- Parameters: window_id.
-- Promise:    a cleared record counts in the statement of its window. What is not cleared and
--             could have been (service ended before the window's supply period did) counts in
--             every statement until it is resolved; what is final without being cleared counts
--             once, in the first statement after it became final. The group is that of the
--             agreement; without one the currency decides. Without an end the receipt counts.
WITH closing AS (
    SELECT w.id, w.environment, w.group_id, w.supply_ends_at, g.currency,
           coalesce((SELECT max(earlier.closed_at) FROM billing_clearingwindow AS earlier
                      WHERE earlier.group_id = w.group_id AND earlier.id <> w.id),
                    '-infinity') AS last_closed_at
      FROM billing_clearingwindow AS w
      JOIN partners_settlementgroup AS g ON g.id = w.group_id
     WHERE w.id = %(window_id)s
), standing AS (
    SELECT sender_id, 'CLEARED' AS state, count(*) AS records
      FROM billing_clearedsdr
     WHERE window_id = %(window_id)s
     GROUP BY sender_id
     UNION ALL
    SELECT state.sender_id, state.state, count(*)
      FROM closing
      JOIN roaming_sdrstate AS state ON state.environment = closing.environment
      JOIN roaming_sdr AS sdr ON sdr.sender_id = state.sender_id AND sdr.id = state.id
      LEFT JOIN partners_roamingagreement AS agreement ON agreement.id = state.agreement_id
     WHERE coalesce(state.ended_at, sdr.received_at) < closing.supply_ends_at
       AND (state.state NOT IN ('REJECTED', 'WITHDRAWN', 'SUPERSEDED')
            OR state.changed_at >= closing.last_closed_at)
       AND (agreement.group_id = closing.group_id
            OR agreement.id IS NULL AND sdr.currency = closing.currency)
       AND NOT EXISTS (SELECT FROM billing_clearedsdr AS cleared
                        WHERE cleared.seller_id = state.seller_id AND cleared.id = state.id)
     GROUP BY state.sender_id, state.state
)
SELECT sender_id,
       sum(records)::bigint AS received,
       coalesce(sum(records) FILTER (WHERE state = 'REJECTED'), 0)::bigint AS rejected,
       coalesce(sum(records) FILTER (WHERE state = 'HELD'), 0)::bigint AS held,
       coalesce(sum(records) FILTER (WHERE state NOT IN
           ('REJECTED', 'HELD', 'DISPUTED', 'WITHDRAWN', 'SUPERSEDED', 'CLEARED')), 0)::bigint
           AS open,
       coalesce(sum(records) FILTER (WHERE state = 'DISPUTED'), 0)::bigint AS disputed,
       coalesce(sum(records) FILTER (WHERE state IN ('WITHDRAWN', 'SUPERSEDED')), 0)::bigint
           AS withdrawn,
       coalesce(sum(records) FILTER (WHERE state = 'CLEARED'), 0)::bigint AS cleared,
       0::bigint AS credited
  FROM standing
 GROUP BY sender_id
