-- The postings of a period with what an accountant's file says of them.
-- Grain:      one row per transfer, in the order of posting.
-- Parameters: environment; currency; starts_at and ends_at (half-open, by the instant of posting);
--             after_at and after_id (NULL: from the first), limit.
-- Promise:    each transfer once; amounts as posted, debit and credit by their account.
SELECT transfer.id, transfer.kind, transfer.posted_at, transfer.amount_minor, transfer.event_key,
       transfer.reason, transfer.reverses_id, seal.sequence,
       debit.code, debit.partner_id, debit.country_code,
       credit.code, credit.partner_id, credit.country_code,
       to_char(win.supply_starts_at AT TIME ZONE owner.time_zone, 'YYYY-MM') AS supply_month
  FROM billing_transfer AS transfer
  JOIN billing_account AS debit ON debit.id = transfer.debit_account_id
  JOIN billing_account AS credit ON credit.id = transfer.credit_account_id
  LEFT JOIN billing_ledgerseal AS seal ON seal.transfer_id = transfer.id
  LEFT JOIN billing_clearingwindow AS win ON win.id = transfer.window_id
  LEFT JOIN partners_settlementgroup AS owner ON owner.id = win.group_id
 WHERE transfer.environment = %(environment)s
   AND transfer.currency = %(currency)s
   AND transfer.posted_at >= %(starts_at)s
   AND transfer.posted_at < %(ends_at)s
   AND (%(after_id)s::uuid IS NULL
        OR (transfer.posted_at, transfer.id) > (%(after_at)s::timestamptz, %(after_id)s::uuid))
 ORDER BY transfer.posted_at, transfer.id
 LIMIT %(limit)s
