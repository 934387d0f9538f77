-- Delivered records whose CSP let its time pass.
-- Grain:      one row per record.
-- Parameters: now, limit, standstill_days.
-- Promise:    the time in which the CSP's webhook could not be reached does not count, up to the
--             longest standstill. A mismatch waits no longer than it may be disputed, what is
--             ambiguous no longer than 30 days. What matching holds for the CSP (beyond the tolerance, no
--             mismatch) waits as long again from when that was found, yet never longer than 30 days
--             from delivery.
SELECT state.id
  FROM roaming_sdrstate AS state
  JOIN partners_roamingagreement AS agreement ON agreement.id = state.agreement_id
 CROSS JOIN LATERAL (
    SELECT coalesce(sum(least(coalesce(outage.ends_at, %(now)s), %(now)s)
                        - greatest(outage.starts_at, state.delivered_at)), interval '0') AS stood
      FROM roaming_receiveroutage AS outage
     WHERE outage.receiver_id = state.buyer_id
       AND coalesce(outage.ends_at, %(now)s) > state.delivered_at
       AND outage.starts_at < %(now)s
 ) AS clock
 WHERE state.state = 'DELIVERED'
   AND state.accept_by_at + least(clock.stood, interval '1 day' * %(standstill_days)s) <= %(now)s
   AND NOT (agreement.counter_records = 'REQUIRED'
            AND EXISTS (SELECT FROM roaming_match AS match
                         WHERE match.record_id = state.id AND match.is_current
                           AND (match.outcome = 'CSO_ONLY'
                                OR match.outcome = 'AMBIGUOUS'
                                   AND state.delivered_at + interval '30 days' > %(now)s
                                OR match.outcome = 'MISMATCH'
                                   AND state.delivered_at + interval '10 days' > %(now)s)))
   AND NOT EXISTS (SELECT FROM roaming_match AS match
                    WHERE match.record_id = state.id AND match.is_current
                      AND match.outcome = 'MATCHED_TOLERANCE' AND match.differences <> '{}'
                      AND least(match.matched_at + (state.accept_by_at - state.delivered_at),
                                state.delivered_at + interval '30 days') > %(now)s)
 ORDER BY state.id
 LIMIT %(limit)s
