-- What came in, and where it is now, line by line.
-- Grain:      one row per sender, environment, day of receipt (UTC) and currency.
-- Parameters: sender_ids (NULL: all), from_day (NULL: since ever).
-- Promise:    received comes from the tallies that intake counted at the door, the buckets from
--             the tables; one statement, so both are of one instant. A line that only one of them
--             knows is listed too. Full join: what is lost and what appeared from nowhere both show.
WITH tallied AS (
    SELECT sender_id, environment, day, currency,
           sum(new) AS received, sum(new_claim_amount) AS received_amount
      FROM roaming_intaketally
     WHERE (%(sender_ids)s::uuid[] IS NULL OR sender_id = ANY (%(sender_ids)s::uuid[]))
       AND (%(from_day)s::date IS NULL OR day >= %(from_day)s::date)
     GROUP BY 1, 2, 3, 4
    HAVING sum(new) <> 0
), standing AS (
    SELECT sdr.sender_id, sdr.environment, (sdr.received_at AT TIME ZONE 'UTC')::date AS day,
           sdr.currency,
           CASE WHEN cleared.id IS NOT NULL THEN 'cleared'
                WHEN state.state = 'REJECTED' THEN 'rejected'
                WHEN state.state = 'HELD' THEN 'held'
                WHEN state.state = 'DISPUTED' THEN 'disputed'
                WHEN EXISTS (SELECT FROM roaming_sdrlink AS link
                              WHERE link.kind = 'CREDIT' AND state.state = 'ACCEPTED'
                                AND (link.record_id = sdr.id OR link.original_id = sdr.id)) THEN 'credited'
                WHEN state.state = 'ACCEPTED'
                     AND EXISTS (SELECT FROM roaming_dispute AS dispute
                                  WHERE dispute.record_id = sdr.id AND dispute.closed_at IS NULL)
                THEN 'disputed'
                WHEN state.state IN ('WITHDRAWN', 'SUPERSEDED') THEN 'withdrawn'
                WHEN state.state IS NOT NULL THEN 'open' END AS bucket,
           coalesce(sdr.claim_amount, 0) AS amount
      FROM roaming_sdr AS sdr
      LEFT JOIN roaming_sdrstate AS state
        ON state.sender_id = sdr.sender_id AND state.id = sdr.id
      LEFT JOIN billing_clearedsdr AS cleared
        ON cleared.seller_id = sdr.seller_id AND cleared.id = sdr.id
     WHERE (%(sender_ids)s::uuid[] IS NULL OR sdr.sender_id = ANY (%(sender_ids)s::uuid[]))
       AND (%(from_day)s::date IS NULL
            OR sdr.received_at >= %(from_day)s::date::timestamp AT TIME ZONE 'UTC'
               AND sdr.id >= clearinghouse_uuid_floor(
                                 %(from_day)s::date::timestamp AT TIME ZONE 'UTC'))
), counted AS (
    SELECT sender_id, environment, day, currency, bucket,
           count(*) AS sdrs, sum(amount) AS amount
      FROM standing
     WHERE bucket IS NOT NULL
     GROUP BY 1, 2, 3, 4, 5
), placed AS (
    SELECT sender_id, environment, day, currency,
           jsonb_object_agg(bucket, sdrs) AS counts,
           jsonb_object_agg(bucket, trim_scale(amount)::text) AS amounts,
           sum(sdrs) AS sdrs, sum(amount) AS amount
      FROM counted
     GROUP BY 1, 2, 3, 4
)
SELECT sender_id, environment, day, currency,
       coalesce(received, 0)::bigint AS received,
       coalesce(received_amount, 0) AS received_amount,
       coalesce(counts, '{}') AS counts, coalesce(amounts, '{}') AS amounts,
       coalesce(received, 0) = coalesce(sdrs, 0)
           AND coalesce(received_amount, 0) = coalesce(placed.amount, 0) AS holds
  FROM tallied
  FULL JOIN placed USING (sender_id, environment, day, currency)
 ORDER BY sender_id, environment, day, currency
