-- Forget what is already so: a rerun writes nothing.
-- Grain:      one row per finding that the current match says already.
-- Parameters: none.
DELETE FROM match_found AS found
 USING roaming_match AS match
 WHERE match.is_current
   AND match.outcome = found.outcome
   AND match.record_id IS NOT DISTINCT FROM found.record_id
   AND match.counter_id IS NOT DISTINCT FROM found.counter_id
   AND coalesce(match.record_id, match.counter_id) = coalesce(found.record_id, found.counter_id)
   AND match.duplicate_of_id IS NOT DISTINCT FROM found.duplicate_of_id
