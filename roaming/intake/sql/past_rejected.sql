-- How many records of each chunk of a batch were rejected at intake.
-- Grain:      one row per batch and chunk.
-- Parameters: batches, chunk_records.
SELECT raw.batch_id, raw.position / %(chunk_records)s, count(*)
  FROM roaming_rawrecord AS raw
  JOIN roaming_sdr AS d ON d.id = raw.id
 WHERE raw.batch_id = ANY (%(batches)s::uuid[]) AND d.rejected_at_intake
 GROUP BY 1, 2
