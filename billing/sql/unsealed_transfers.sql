-- The transfers without a seal, in the order in which they are sealed, with the hash of each.
-- Grain:      one row per transfer.
-- Parameters: limit.
-- Promise:    the hash is rules.sealing.row_sha256.
SELECT transfer.id,
       encode(sha256(convert_to(concat_ws('|',
           transfer.id, event_key, kind, coalesce(window_id::text, ''), debit_account_id,
           credit_account_id, currency, environment, amount_minor, sdrs,
           coalesce(reverses_id::text, ''), reason,
           to_char(posted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')), 'UTF8')),
           'hex') AS row_sha256
  FROM billing_transfer AS transfer
 WHERE NOT EXISTS (SELECT FROM billing_ledgerseal AS seal WHERE seal.transfer_id = transfer.id)
 ORDER BY posted_at, transfer.id
 LIMIT %(limit)s
