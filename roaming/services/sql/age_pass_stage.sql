-- Pass one stage for every one-sided record that has come to its day.
-- Grain:      one row per record and stage, for ever.
-- Parameters: outcome, stage, days, states (empty: a counter-record), note, now.
-- Holds:      the CSO's record ages from its delivery, the CSP's from its receipt; what another
--             run passed is left out of the answer.
INSERT INTO roaming_ageingstep (id, subject_id, stage, done_at, note)
SELECT gen_random_uuid(), aged.id, %(stage)s, %(now)s, %(note)s
  FROM (SELECT state.id, state.delivered_at AS since_at
          FROM roaming_match AS match
          JOIN roaming_sdrstate AS state ON state.id = match.record_id
         WHERE match.is_current AND match.outcome = %(outcome)s AND %(outcome)s = 'CSO_ONLY'
           AND state.state = ANY (%(states)s::text[])
         UNION ALL
        SELECT counter.id, counter.received_at
          FROM roaming_match AS match
          JOIN roaming_counterrecord AS counter ON counter.id = match.counter_id
         WHERE match.is_current AND match.outcome = %(outcome)s AND %(outcome)s = 'CSP_ONLY'
       ) AS aged
 WHERE aged.since_at + %(days)s * interval '1 day' <= %(now)s
   AND NOT EXISTS (SELECT FROM roaming_ageingstep AS step
                    WHERE step.subject_id = aged.id AND step.stage = %(stage)s)
 ORDER BY aged.id
    ON CONFLICT (subject_id, stage) DO NOTHING
RETURNING subject_id
