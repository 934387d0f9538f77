-- Tell the sides that found nobody.
-- Grain:      one row per SDR whose agreement requires a counter-record, and per counter-record.
-- Parameters: none.
INSERT INTO match_pair (record_id, counter_id, step, told)
SELECT id, NULL::uuid, 0, 'CSO_ONLY'
  FROM match_sdr AS sdr
 WHERE in_window AND is_required
   AND NOT EXISTS (SELECT FROM match_pair WHERE match_pair.record_id = sdr.id)
 UNION ALL
SELECT NULL::uuid, id, 0, 'CSP_ONLY'
  FROM match_counter AS counter
 WHERE in_window AND is_open
   AND NOT EXISTS (SELECT FROM match_pair WHERE match_pair.counter_id = counter.id)
