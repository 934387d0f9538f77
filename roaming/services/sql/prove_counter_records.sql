-- Compare what came in as counter-records with what is stored; what differs, line by line.
-- Grain:      one row per sender, environment and day of receipt (UTC) that differs.
-- Parameters: none.
-- Promise:    tallies are counted at the door, the rest in the tables; one statement, so both are
--             of one instant. Full join: what is lost and what appeared from nowhere both show.
WITH tallied AS (
    SELECT sender_id, environment, day, sum(taken) AS taken, sum(rejected) AS rejected
      FROM roaming_countertally
     GROUP BY 1, 2, 3
), stored AS (
    SELECT sender_id, environment, (received_at AT TIME ZONE 'UTC')::date AS day,
           count(*) FILTER (WHERE is_taken) AS taken,
           count(*) FILTER (WHERE NOT is_taken) AS rejected
      FROM (SELECT sender_id, environment, received_at, true AS is_taken
              FROM roaming_counterrecord
             UNION ALL
            SELECT sender_id, environment, received_at, false
              FROM roaming_rejectedcounterkey) AS kept
     GROUP BY 1, 2, 3
)
SELECT sender_id, environment, day,
       coalesce(tallied.taken, 0)::bigint, coalesce(stored.taken, 0)::bigint,
       coalesce(tallied.rejected, 0)::bigint, coalesce(stored.rejected, 0)::bigint
  FROM tallied
  FULL JOIN stored USING (sender_id, environment, day)
 WHERE (coalesce(tallied.taken, 0), coalesce(tallied.rejected, 0))
       <> (coalesce(stored.taken, 0), coalesce(stored.rejected, 0))
 ORDER BY sender_id, environment, day
