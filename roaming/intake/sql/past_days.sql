-- What came in from one sender on a day before a batch was opened, counted at the door.
-- Grain:      one row per day that has tallies; batch_id null: the whole day.
-- Parameters: sender, environment, since, until, batches.
WITH counted AS (
    SELECT tally.day, tally.batch_id, sum(tally.received) AS received,
           sum(tally.new_rejected) AS rejected
      FROM roaming_intaketally AS tally
     WHERE tally.sender_id = %(sender)s AND tally.environment = %(environment)s
       AND tally.day BETWEEN %(since)s AND %(until)s
     GROUP BY tally.day, tally.batch_id
), so_far AS (
    SELECT day, batch_id,
           sum(received) OVER earlier - received AS received,
           sum(rejected) OVER earlier - rejected AS rejected
      FROM counted
    WINDOW earlier AS (PARTITION BY day ORDER BY batch_id)
)
SELECT day, batch_id, received::bigint, rejected::bigint
  FROM so_far
 WHERE batch_id = ANY (%(batches)s::uuid[])
 UNION ALL
SELECT day, NULL, sum(received)::bigint, sum(rejected)::bigint
  FROM counted
 GROUP BY day
