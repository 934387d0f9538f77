-- Step 3 of the ladder: the same contract at the same EVSE at about the same time.
-- Grain:      one row per pair.
-- Parameters: start_s (seconds).
-- Holds:      a pair is taken only where neither side has another candidate at this step.
INSERT INTO match_pair (record_id, counter_id, step, told)
SELECT record_id, counter_id, 3, 'PAIR'
  FROM (SELECT sdr.id AS record_id, counter.id AS counter_id,
               sdr.in_window OR counter.in_window AS in_window,
               count(*) OVER (PARTITION BY sdr.id) AS counters,
               count(*) OVER (PARTITION BY counter.id) AS records
          FROM match_sdr AS sdr
          JOIN match_counter AS counter
            ON counter.cso_id = sdr.seller_id AND counter.csp_id = sdr.buyer_id
           AND counter.pseudonym = sdr.pseudonym AND sdr.pseudonym <> ''
           AND counter.evse_id = sdr.evse_id AND sdr.evse_id <> ''
           AND abs(extract(epoch FROM counter.started_at - sdr.started_at)) <= %(start_s)s
         WHERE counter.is_open
           AND NOT EXISTS (SELECT FROM match_pair WHERE match_pair.record_id = sdr.id)
           AND NOT EXISTS (SELECT FROM match_pair WHERE match_pair.counter_id = counter.id)
       ) AS candidate
 WHERE counters = 1 AND records = 1 AND in_window
