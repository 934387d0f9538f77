-- Transfers whose amount is not that of the rows they were made from.
-- Grain:      one row per such transfer, the oldest first.
-- Parameters: none.
-- Promise:    empty where the ledger re-adds: ENERGY, COMMISSION, PURCHASE and SALE from cleared
--             records, VAT in all its kinds from taxed supplies (SELF_ASSESSED: by the rate frozen
--             with the supply, rounded half up once), FEE from fee lines, ADJUSTMENT from
--             adjustments, EXCHANGE from what was exchanged, in either currency, SET_OFF from what
--             its settlement left on 1200 and 2100 of the partner, and SUSPENSE_END from the
--             SUSPENSE that it takes back. A row that is gone adds up to null.
WITH pair AS (
    SELECT window_id, seller_id, buyer_id, seller_partner_id, buyer_partner_id,
           count(*) AS sdrs,
           sum(CASE WHEN seller_partner_id = buyer_partner_id THEN 0
                    WHEN commission_beneficiary = 'BUYER' THEN payout_minor
                    ELSE claim_minor END) AS owed,
           sum(CASE WHEN commission_beneficiary = 'BUYER' THEN 0
                    ELSE commission_minor END) AS fee
      FROM billing_clearedsdr
     GROUP BY 1, 2, 3, 4, 5
), set_off AS (
    SELECT id, split_part(event_key, ':', 2)::uuid AS settlement_id,
           split_part(event_key, ':', 3)::uuid AS partner_id, currency, environment, posted_at
      FROM billing_transfer
     WHERE kind = 'SET_OFF'
), window_of AS (
    SELECT id AS settlement_id, window_id FROM billing_settlement
     UNION
    SELECT settlement_id, window_id FROM billing_taxedsupply
), side AS (
    SELECT set_off.id, account.code,
           CASE WHEN account.id = posted.debit_account_id THEN posted.amount_minor
                ELSE -posted.amount_minor END AS debit
      FROM set_off
      JOIN window_of USING (settlement_id)
      JOIN billing_transfer AS posted
        ON posted.window_id = window_of.window_id AND posted.posted_at = set_off.posted_at
       AND (posted.currency, posted.environment) = (set_off.currency, set_off.environment)
       AND posted.kind IN ('PURCHASE', 'SALE', 'COMMISSION', 'FEE', 'FEE_VAT', 'INPUT_VAT',
                           'OUTPUT_VAT', 'ADJUSTMENT', 'EXCHANGE')
      JOIN billing_account AS account
        ON account.id IN (posted.debit_account_id, posted.credit_account_id)
       AND account.partner_id = set_off.partner_id AND account.code IN ('1200', '2100')
     UNION ALL
    SELECT set_off.id, CASE WHEN carried_minor < 0 THEN '1200' ELSE '2100' END, -carried_minor
      FROM set_off
      JOIN billing_position AS position USING (settlement_id, partner_id)
), left_over AS (
    SELECT id, coalesce(sum(debit) FILTER (WHERE code = '1200'), 0) AS receivable,
           coalesce(-sum(debit) FILTER (WHERE code = '2100'), 0) AS payable
      FROM side
     GROUP BY id
), added (id, amount, sdrs) AS (
    SELECT transfer.id,
           abs(CASE WHEN transfer.kind = 'COMMISSION' THEN pair.fee ELSE pair.owed END), pair.sdrs
      FROM billing_transfer AS transfer
      LEFT JOIN pair
        ON transfer.window_id = pair.window_id
       AND transfer.event_key = concat_ws(':', pair.window_id, seller_id, buyer_id,
                                          seller_partner_id, buyer_partner_id)
     WHERE transfer.kind IN ('ENERGY', 'COMMISSION', 'PURCHASE', 'SALE')
     UNION ALL
    SELECT transfer.id,
           abs(CASE WHEN transfer.kind = 'SELF_ASSESSED'
                    THEN round(supply.net_minor * supply.self_assessed_rate)
                    ELSE supply.vat_minor END), supply.sdrs
      FROM billing_transfer AS transfer
      LEFT JOIN billing_taxedsupply AS supply ON transfer.event_key = 'supply:' || supply.id
     WHERE transfer.kind IN ('VAT', 'FEE_VAT', 'INPUT_VAT', 'OUTPUT_VAT', 'SELF_ASSESSED')
       AND transfer.reverses_id IS NULL
     UNION ALL
    SELECT transfer.id, abs(line.amount_minor), line.sdrs_after - line.sdrs_before
      FROM billing_transfer AS transfer
      LEFT JOIN billing_feeline AS line
        ON split_part(transfer.event_key, ':', 2) = line.id::text
     WHERE transfer.kind = 'FEE' AND transfer.reverses_id IS NULL
     UNION ALL
    SELECT transfer.id, abs(adjustment.amount_minor), 0
      FROM billing_transfer AS transfer
      LEFT JOIN billing_manualadjustment AS adjustment
        ON transfer.event_key = 'adjustment:' || adjustment.id
     WHERE transfer.kind = 'ADJUSTMENT' AND transfer.reverses_id IS NULL
     UNION ALL
    SELECT transfer.id,
           abs(CASE WHEN transfer.event_key LIKE '%%:to' THEN exchanged.to_minor
                    ELSE exchanged.from_minor END), 0
      FROM billing_transfer AS transfer
      LEFT JOIN billing_currencyexchange AS exchanged
        ON split_part(transfer.event_key, ':', 2) = exchanged.id::text
     WHERE transfer.kind = 'EXCHANGE' AND transfer.reverses_id IS NULL
     UNION ALL
    SELECT transfer.id, suspense.amount_minor, suspense.sdrs
      FROM billing_transfer AS transfer
      LEFT JOIN billing_transfer AS suspense
        ON suspense.event_key = transfer.event_key AND suspense.kind = 'SUSPENSE'
     WHERE transfer.kind = 'SUSPENSE_END'
     UNION ALL
    SELECT set_off.id, abs(least(receivable, payable)), 0
      FROM set_off
      LEFT JOIN left_over USING (id)
)
SELECT transfer.id, transfer.amount_minor, added.amount
  FROM billing_transfer AS transfer
  JOIN added ON added.id = transfer.id
 WHERE (transfer.amount_minor, transfer.sdrs) IS DISTINCT FROM (added.amount, added.sdrs)
 ORDER BY transfer.posted_at, transfer.id
