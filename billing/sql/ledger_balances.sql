-- What was posted on each account, as the books showed it at an instant.
-- Grain:      one row per account and window with a sealed transfer; window null: of no window.
-- Parameters: as_of; environment; partner_id (NULL: of all partners and the house).
-- Promise:    a transfer counts from the instant of its seal on, which lies in the past of every
--             answer that was ever given: run again later, the rows are the same.
--             Twin: rules.books.balances.
SELECT account.partner_id, account.code, account.country_code, account.currency,
       side.window_id, sum(side.debit)::bigint AS debit_minor, sum(side.credit)::bigint
           AS credit_minor
  FROM billing_ledgerseal AS seal
  JOIN billing_transfer AS transfer ON transfer.id = seal.transfer_id
 CROSS JOIN LATERAL (
    VALUES (transfer.debit_account_id, transfer.amount_minor, 0),
           (transfer.credit_account_id, 0, transfer.amount_minor)
 ) AS posted (account_id, debit, credit)
 CROSS JOIN LATERAL (SELECT transfer.window_id, posted.debit, posted.credit) AS side
  JOIN billing_account AS account ON account.id = posted.account_id
 WHERE seal.sealed_at <= %(as_of)s
   AND transfer.environment = %(environment)s
   AND (%(partner_id)s::uuid IS NULL OR account.partner_id = %(partner_id)s::uuid)
 GROUP BY 1, 2, 3, 4, 5
 ORDER BY 4, 2, 1, 3, 5
