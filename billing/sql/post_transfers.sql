-- Post what each pair of parties owes for a window: one transfer per pair and kind.
-- Grain:      one row per seller, buyer, their owners at service end, and kind.
-- Parameters: window_id, house_id, settlement_id, posted_at, is_ccp; ids (UUIDs, at least three
--             per pair).
-- Promise:    Agency: ENERGY debits the buyer and credits the seller. CCP: PURCHASE debits the
--             house's purchases and credits the seller, SALE debits the buyer and credits the
--             house's sales. COMMISSION debits the seller and credits the house. A sum below zero
--             goes the other way, zero is not posted. Commission for the buyer is a price
--             reduction: the payout is owed. Own network: only the fee. A pair whose tax is
--             blocked is not posted. The event key makes a second posting fail.
--             Twin: rules.netting.postings.
WITH pair AS (
    SELECT seller_id, buyer_id, seller_partner_id, buyer_partner_id, currency, environment,
           count(*) AS sdrs,
           sum(CASE WHEN seller_partner_id = buyer_partner_id THEN 0
                    WHEN commission_beneficiary = 'BUYER' THEN payout_minor
                    ELSE claim_minor END) AS owed,
           sum(CASE WHEN commission_beneficiary = 'BUYER' THEN 0
                    ELSE commission_minor END) AS fee
      FROM billing_clearedsdr
     WHERE window_id = %(window_id)s
     GROUP BY 1, 2, 3, 4, 5, 6
), taxed AS (
    SELECT DISTINCT supplier_id, customer_id, is_service
      FROM billing_taxedsupply
     WHERE settlement_id = %(settlement_id)s AND window_id = %(window_id)s
), leg AS (
    SELECT pair.*, 'ENERGY' AS kind, owed AS amount,
           '1300' AS debit_code, buyer_partner_id AS debit_partner_id,
           '1300' AS credit_code, seller_partner_id AS credit_partner_id,
           buyer_partner_id AS customer_id, seller_partner_id AS supplier_id, false AS is_service
      FROM pair WHERE NOT %(is_ccp)s
     UNION ALL
    SELECT pair.*, 'PURCHASE', owed, '5000', %(house_id)s::uuid, '2100', seller_partner_id,
           %(house_id)s::uuid, seller_partner_id, false
      FROM pair WHERE %(is_ccp)s
     UNION ALL
    SELECT pair.*, 'SALE', owed, '1200', buyer_partner_id, '4000', %(house_id)s::uuid,
           buyer_partner_id, %(house_id)s::uuid, false
      FROM pair WHERE %(is_ccp)s
     UNION ALL
    SELECT pair.*, 'COMMISSION', fee, CASE WHEN %(is_ccp)s THEN '1200' ELSE '1300' END,
           seller_partner_id, '4100', %(house_id)s::uuid,
           seller_partner_id, %(house_id)s::uuid, true
      FROM pair
), numbered AS (
    SELECT leg.*, row_number() OVER (
               ORDER BY seller_id, buyer_id, seller_partner_id, buyer_partner_id, kind) AS place
      FROM leg
      JOIN taxed USING (supplier_id, customer_id, is_service)
     WHERE amount <> 0
)
INSERT INTO billing_transfer
      (id, event_key, kind, window_id, debit_account_id, credit_account_id, currency,
       environment, amount_minor, sdrs, reason, posted_at)
SELECT id.id,
       concat_ws(':', %(window_id)s::uuid, seller_id, buyer_id, seller_partner_id,
                 buyer_partner_id),
       kind, %(window_id)s,
       CASE WHEN amount > 0 THEN debit.id ELSE credit.id END,
       CASE WHEN amount > 0 THEN credit.id ELSE debit.id END,
       numbered.currency, numbered.environment, abs(amount), sdrs, '', %(posted_at)s
  FROM numbered
  JOIN unnest(%(ids)s::uuid[]) WITH ORDINALITY AS id (id, place) USING (place)
  JOIN billing_account AS debit
    ON (debit.code, debit.partner_id, debit.currency, debit.environment, debit.country_code)
     = (debit_code, debit_partner_id, numbered.currency, numbered.environment, '')
  JOIN billing_account AS credit
    ON (credit.code, credit.partner_id, credit.currency, credit.environment, credit.country_code)
     = (credit_code, credit_partner_id, numbered.currency, numbered.environment, '')
 ORDER BY place
