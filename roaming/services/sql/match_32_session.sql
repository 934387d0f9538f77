-- Step 2 of the ladder: the CSO's session id, echoed by the CSP.
-- Grain:      one row per pair.
-- Parameters: none.
-- Holds:      a pair is taken only where neither side has another candidate at this step.
INSERT INTO match_pair (record_id, counter_id, step, told)
SELECT record_id, counter_id, 2, 'PAIR'
  FROM (SELECT sdr.id AS record_id, counter.id AS counter_id,
               sdr.in_window OR counter.in_window AS in_window,
               count(*) OVER (PARTITION BY sdr.id) AS counters,
               count(*) OVER (PARTITION BY counter.id) AS records
          FROM match_sdr AS sdr
          JOIN match_counter AS counter
            ON counter.cso_id = sdr.seller_id AND counter.csp_id = sdr.buyer_id
           AND counter.service_session_id = sdr.service_session_id
           AND sdr.service_session_id <> ''
         WHERE counter.is_open
           AND NOT EXISTS (SELECT FROM match_pair WHERE match_pair.record_id = sdr.id)
           AND NOT EXISTS (SELECT FROM match_pair WHERE match_pair.counter_id = counter.id)
       ) AS candidate
 WHERE counters = 1 AND records = 1 AND in_window
