-- Transfers of cleared records whose amount is not the sum of those records.
-- Grain:      one row per such transfer, the oldest first.
-- Parameters: none.
-- Promise:    empty where the ledger re-adds from the sub-ledger. Only kinds that sum records:
--             ENERGY, COMMISSION, PURCHASE and SALE.
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
)
SELECT transfer.id, transfer.amount_minor,
       abs(CASE WHEN transfer.kind = 'COMMISSION' THEN pair.fee ELSE pair.owed END) AS added
  FROM billing_transfer AS transfer
  LEFT JOIN pair
    ON transfer.window_id = pair.window_id
   AND transfer.event_key = concat_ws(':', pair.window_id, seller_id, buyer_id, seller_partner_id,
                                      buyer_partner_id)
 WHERE transfer.kind IN ('ENERGY', 'COMMISSION', 'PURCHASE', 'SALE')
   AND (transfer.amount_minor, transfer.sdrs) IS DISTINCT FROM
       (abs(CASE WHEN transfer.kind = 'COMMISSION' THEN pair.fee ELSE pair.owed END), pair.sdrs)
 ORDER BY transfer.posted_at, transfer.id
