-- Step 4 of the ladder: the same contract at the same place, most of the shorter one shared. A
-- person decides: AMBIGUOUS.
-- Grain:      one row per pair of mutually first candidates, else per side.
-- Parameters: overlap (share of the shorter session).
-- Holds:      each side stands in one row.
INSERT INTO match_pair (record_id, counter_id, step, told)
WITH candidate AS
     (SELECT sdr.id AS record_id, counter.id AS counter_id,
             sdr.in_window AS sdr_in_window, counter.in_window AS counter_in_window,
             min(counter.id::text) OVER (PARTITION BY sdr.id)::uuid AS first_counter,
             min(sdr.id::text) OVER (PARTITION BY counter.id)::uuid AS first_record
        FROM match_sdr AS sdr
        JOIN match_counter AS counter
          ON counter.cso_id = sdr.seller_id AND counter.csp_id = sdr.buyer_id
         AND counter.pseudonym = sdr.pseudonym AND sdr.pseudonym <> ''
         AND counter.location_id = sdr.location_id AND sdr.location_id <> ''
         AND least(counter.ended_at, sdr.ended_at) - greatest(counter.started_at, sdr.started_at)
             >= %(overlap)s * least(counter.ended_at - counter.started_at,
                                    sdr.ended_at - sdr.started_at)
       WHERE counter.is_open
         AND NOT EXISTS (SELECT FROM match_pair WHERE match_pair.record_id = sdr.id)
         AND NOT EXISTS (SELECT FROM match_pair WHERE match_pair.counter_id = counter.id)),
     pair AS
     (SELECT record_id, counter_id
        FROM candidate
       WHERE counter_id = first_counter AND record_id = first_record
         AND (sdr_in_window OR counter_in_window))
SELECT record_id, counter_id, 4, 'AMBIGUOUS'
  FROM pair
 UNION ALL
SELECT DISTINCT record_id, NULL::uuid, 4, 'AMBIGUOUS'
  FROM candidate
 WHERE sdr_in_window AND record_id NOT IN (SELECT record_id FROM pair)
 UNION ALL
SELECT DISTINCT NULL::uuid, counter_id, 4, 'AMBIGUOUS'
  FROM candidate
 WHERE counter_in_window AND counter_id NOT IN (SELECT counter_id FROM pair)
