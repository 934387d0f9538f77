-- What a settlement under CCP left on 1200 and 2100 of each partner.
-- Grain:      one row per partner with something on either, in the order of its id.
-- Parameters: settlement_id, window_ids, house_id, currency, environment, posted_at.
-- Promise:    receivable is the debit on 1200, payable the credit on 2100, of the transfers that
--             the settlement posted and of what it carried from the one before (which stands on
--             1200 where the partner pays, on 2100 where it gets).
WITH posted AS (
    SELECT debit_account_id, credit_account_id, amount_minor
      FROM billing_transfer
     WHERE window_id = ANY(%(window_ids)s::uuid[]) AND posted_at = %(posted_at)s
       AND (currency, environment) = (%(currency)s, %(environment)s)
       AND kind IN ('PURCHASE', 'SALE', 'COMMISSION', 'FEE', 'FEE_VAT', 'INPUT_VAT', 'OUTPUT_VAT',
                    'ADJUSTMENT', 'EXCHANGE')
), moved AS (
    SELECT account.partner_id, account.code, amount_minor AS debit
      FROM posted
      JOIN billing_account AS account ON account.id = debit_account_id
     UNION ALL
    SELECT account.partner_id, account.code, -amount_minor
      FROM posted
      JOIN billing_account AS account ON account.id = credit_account_id
     UNION ALL
    SELECT partner_id, CASE WHEN carried_minor < 0 THEN '1200' ELSE '2100' END, -carried_minor
      FROM billing_position
     WHERE settlement_id = %(settlement_id)s
)
SELECT partner_id,
       coalesce(sum(debit) FILTER (WHERE code = '1200'), 0)::bigint AS receivable_minor,
       coalesce(-sum(debit) FILTER (WHERE code = '2100'), 0)::bigint AS payable_minor
  FROM moved
 WHERE code IN ('1200', '2100') AND partner_id <> %(house_id)s
 GROUP BY partner_id
 ORDER BY partner_id
