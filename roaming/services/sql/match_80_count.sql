-- Count what this run stored.
-- Grain:      one row per outcome.
-- Parameters: none.
SELECT outcome, count(*) FROM match_found GROUP BY outcome ORDER BY outcome
