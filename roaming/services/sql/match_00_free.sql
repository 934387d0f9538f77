-- Set aside the matches of which one side no longer counts: replaced, withdrawn or superseded.
-- Grain:      one row per match.
-- Parameters: none.
-- Holds:      only is_current changes, and only to false.
UPDATE roaming_match AS match
   SET is_current = false
 WHERE match.is_current
   AND (EXISTS (SELECT FROM roaming_counterkey AS key
                 WHERE key.record_id = match.counter_id AND key.is_replaced)
        OR EXISTS (SELECT FROM roaming_sdrstate AS state
                    WHERE state.id = match.record_id
                      AND state.state IN ('REJECTED', 'WITHDRAWN', 'SUPERSEDED')))
