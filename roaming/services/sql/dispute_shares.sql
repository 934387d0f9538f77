-- How much of what a pair charged in a month is in dispute.
-- Grain:      one row per seller, buyer, currency and month of service end (UTC) with an open
--             dispute about a LIVE record.
-- Parameters: none.
-- Promise:    claimed is what the pair's records of that month ask for, without those that were
--             rejected, withdrawn or superseded; disputed is the part in question of it.
WITH running AS (
    SELECT dispute.seller_id, dispute.buyer_id, dispute.currency,
           date_trunc('month', state.ended_at AT TIME ZONE 'UTC') AS month,
           count(*) AS disputes, sum(abs(dispute.disputed_amount)) AS disputed
      FROM roaming_dispute AS dispute
      JOIN roaming_sdrstate AS state ON state.id = dispute.record_id
     WHERE dispute.closed_at IS NULL AND dispute.environment = 'LIVE'
       AND dispute.is_confirmed AND dispute.disputed_amount IS NOT NULL
       AND state.ended_at IS NOT NULL
     GROUP BY 1, 2, 3, 4
)
SELECT running.seller_id, running.buyer_id, running.currency, running.month::date,
       running.disputes, running.disputed, coalesce(whole.claimed, 0) AS claimed
  FROM running
 CROSS JOIN LATERAL (
    SELECT sum(abs(sdr.claim_amount)) AS claimed
      FROM roaming_sdrstate AS state
      JOIN roaming_sdr AS sdr ON sdr.sender_id = state.sender_id AND sdr.id = state.id
     WHERE state.seller_id = running.seller_id AND state.buyer_id = running.buyer_id
       AND state.environment = 'LIVE'
       AND state.ended_at >= running.month AT TIME ZONE 'UTC'
       AND state.ended_at < (running.month + interval '1 month') AT TIME ZONE 'UTC'
       AND state.state NOT IN ('REJECTED', 'WITHDRAWN', 'SUPERSEDED')
       AND sdr.currency = running.currency
 ) AS whole
 ORDER BY 1, 2, 3, 4
