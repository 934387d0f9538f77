-- Set aside the matches in whose place a new one comes.
-- Grain:      one row per match.
-- Parameters: none.
-- Holds:      only is_current changes, and only to false.
UPDATE roaming_match AS match
   SET is_current = false
 WHERE match.is_current
   AND (match.record_id IN (SELECT record_id FROM match_found WHERE record_id IS NOT NULL)
        OR match.counter_id IN (SELECT counter_id FROM match_found WHERE counter_id IS NOT NULL))
