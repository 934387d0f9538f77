-- What each partner of a window gets or pays after netting, and the clearing house's own part.
-- Grain:      one row per partner with a record in the window, and one for the house.
-- Parameters: window_id, settlement_id, house_id; ids (UUIDs, at least one per row).
-- Promise:    net = receivable − payable − fees; the house receives the fees; Σ net = 0 (a
--             deferred constraint holds it). Twin: rules.netting.positions.
WITH cleared AS (
    SELECT seller_partner_id, buyer_partner_id,
           sum(CASE WHEN seller_partner_id = buyer_partner_id THEN 0
                    WHEN commission_beneficiary = 'BUYER' THEN payout_minor
                    ELSE claim_minor END) AS owed,
           sum(CASE WHEN commission_beneficiary = 'BUYER' THEN 0
                    ELSE commission_minor END) AS fee
      FROM billing_clearedsdr
     WHERE window_id = %(window_id)s
     GROUP BY 1, 2
), side (partner_id, receivable, payable, fees) AS (
    SELECT seller_partner_id, owed, 0, fee FROM cleared
     UNION ALL
    SELECT buyer_partner_id, 0, owed, 0 FROM cleared
     UNION ALL
    SELECT %(house_id)s::uuid, fee, 0, 0 FROM cleared
     UNION ALL
    SELECT %(house_id)s::uuid, 0, 0, 0
), netted AS (
    SELECT partner_id, sum(receivable) AS receivable, sum(payable) AS payable, sum(fees) AS fees,
           row_number() OVER (ORDER BY partner_id) AS place
      FROM side
     GROUP BY partner_id
)
INSERT INTO billing_position
      (id, settlement_id, partner_id, receivable_minor, payable_minor, vat_minor, fees_minor,
       fee_vat_minor, adjustments_minor, carried_minor, net_minor, carried_on_minor)
SELECT id.id, %(settlement_id)s, partner_id, receivable, payable, 0, fees,
       0, 0, 0, receivable - payable - fees, 0
  FROM netted
  JOIN unnest(%(ids)s::uuid[]) WITH ORDINALITY AS id (id, place) USING (place)
 ORDER BY place
