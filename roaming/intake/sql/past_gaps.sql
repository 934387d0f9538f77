-- Which batches of the sender were missing when each batch of a chunk was opened.
-- Grain:      one row per batch that came right after a gap.
-- Parameters: batches.
SELECT batch.id, gap.first, gap.last
  FROM roaming_intakebatch AS batch
  JOIN roaming_sequencegap AS gap
    ON gap.sender_id = batch.sender_id AND gap.environment = batch.environment
       AND gap.last = batch.sequence - 1
 WHERE batch.id = ANY (%(batches)s::uuid[])
   AND (gap.filled_at IS NULL OR gap.filled_at > batch.received_at)
