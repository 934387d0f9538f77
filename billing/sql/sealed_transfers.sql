-- Every seal in its order, with the hash that its transfer has now; null: the transfer is gone.
-- Grain:      one row per seal.
-- Parameters: none.
-- Promise:    the hash is rules.sealing.row_sha256.
SELECT seal.sequence, seal.transfer_id, seal.row_sha256, seal.chain_sha256,
       CASE WHEN transfer.id IS NOT NULL THEN
       encode(sha256(convert_to(concat_ws('|',
           transfer.id, event_key, kind, coalesce(window_id::text, ''), debit_account_id,
           credit_account_id, currency, environment, amount_minor, sdrs,
           coalesce(reverses_id::text, ''), reason,
           to_char(posted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')), 'UTF8')),
           'hex') END AS found_sha256
  FROM billing_ledgerseal AS seal
  LEFT JOIN billing_transfer AS transfer ON transfer.id = seal.transfer_id
 ORDER BY seal.sequence
