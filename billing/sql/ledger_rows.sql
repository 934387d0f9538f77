-- Every sealed transfer as it was spelled for its hash, with the hashes of its seal.
-- Grain:      one row per seal, in their order.
-- Parameters: after (sequence, 0: from the first), limit.
-- Promise:    the text is rules.sealing.spelled; docs/audit/verify_books.py redoes both hashes. A
--             line break or tab in a reason stays as it is in the hash and in the text.
SELECT seal.sequence, seal.row_sha256, seal.chain_sha256,
       concat_ws('|',
           transfer.id, event_key, kind, coalesce(window_id::text, ''), debit_account_id,
           credit_account_id, currency, environment, amount_minor, sdrs,
           coalesce(reverses_id::text, ''), reason,
           to_char(posted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) AS spelled
  FROM billing_ledgerseal AS seal
  JOIN billing_transfer AS transfer ON transfer.id = seal.transfer_id
 WHERE seal.sequence > %(after)s
 ORDER BY seal.sequence
 LIMIT %(limit)s
