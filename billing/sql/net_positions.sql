-- What each partner of a settlement gets or pays after netting, and the clearing house's own part.
-- Grain:      one row per partner with a supply, a fee, an adjustment, a carried or an exchanged
--             amount, and one for the house.
-- Parameters: settlement_id, window_id, house_id; previous_id (the settlement issued before, or
--             null); minimum (a smaller position of one of the carriers is carried on; 0: none
--             is); carriers (partners, UUIDs); exchangers (who agreed to be settled in
--             another currency, UUIDs); ids (UUIDs, at least one per row).
-- Promise:    net = receivable − payable + vat − fees − fee VAT + adjustments + carried +
--             exchanged; the house stands in for what is adjusted and carried. What is due is
--             exchanged on where all to whom something is due are exchangers, else of nobody. So
--             Σ net, Σ carried on and Σ exchanged on are 0 (deferred constraints hold them). Twin: rules.positions.positions_of_settlement.
WITH side (partner_id, receivable, payable, vat, fees, fee_vat, adjusted, carried, exchanged) AS (
    SELECT supplier_id, net_minor, 0, vat_minor, 0, 0, 0, 0, 0
      FROM billing_taxedsupply WHERE settlement_id = %(settlement_id)s
     UNION ALL
    SELECT customer_id, 0, net_minor, -vat_minor, 0, 0, 0, 0, 0
      FROM billing_taxedsupply WHERE settlement_id = %(settlement_id)s AND NOT is_service
     UNION ALL
    SELECT customer_id, 0, 0, 0, net_minor, vat_minor, 0, 0, 0
      FROM billing_taxedsupply WHERE settlement_id = %(settlement_id)s AND is_service
     UNION ALL
    SELECT side.partner_id, 0, 0, 0, 0, 0, side.amount, 0, 0
      FROM billing_manualadjustment AS adjustment
     CROSS JOIN LATERAL (VALUES (adjustment.partner_id, adjustment.amount_minor),
                                (%(house_id)s::uuid, -adjustment.amount_minor))
                     AS side (partner_id, amount)
     WHERE adjustment.window_id = %(window_id)s AND adjustment.state = 'POSTED'
     UNION ALL
    SELECT partner_id, 0, 0, 0, 0, 0, 0, carried_on_minor, 0
      FROM billing_position
     WHERE settlement_id = %(previous_id)s AND carried_on_minor <> 0
     UNION ALL
    SELECT partner_id, 0, 0, 0, 0, 0, 0, 0, to_minor + residue_minor
      FROM billing_currencyexchange WHERE taken_in_id = %(settlement_id)s
     UNION ALL
    SELECT cleared.partner_id, 0, 0, 0, 0, 0, 0, 0, 0
      FROM (SELECT seller_partner_id, buyer_partner_id
              FROM billing_clearedsdr WHERE window_id = %(window_id)s
             GROUP BY 1, 2) AS pair
     CROSS JOIN LATERAL (VALUES (seller_partner_id), (buyer_partner_id)) AS cleared (partner_id)
     UNION ALL
    SELECT %(house_id)s::uuid, 0, 0, 0, 0, 0, 0, 0, 0
), summed AS (
    SELECT partner_id, sum(receivable) AS receivable, sum(payable) AS payable, sum(vat) AS vat,
           sum(fees) AS fees, sum(fee_vat) AS fee_vat, sum(adjusted) AS adjusted,
           sum(carried) AS carried, sum(exchanged) AS exchanged
      FROM side
     GROUP BY partner_id
), netted AS (
    SELECT summed.*, row_number() OVER (ORDER BY partner_id) AS place,
           receivable - payable + vat - fees - fee_vat + adjusted + carried + exchanged AS net
      FROM summed
), carrying AS (
    SELECT netted.*,
           CASE WHEN partner_id <> %(house_id)s::uuid AND abs(net) < %(minimum)s
                     AND partner_id = ANY (%(carriers)s::uuid[]) THEN net
                ELSE 0 END AS carried_on
      FROM netted
), waiting AS (
    SELECT carrying.*,
           CASE WHEN partner_id = %(house_id)s::uuid THEN -sum(carried_on) OVER ()
                ELSE carried_on END AS waits
      FROM carrying
), agreement AS (
    SELECT bool_and(partner_id = ANY (%(exchangers)s::uuid[])) AS is_reached
      FROM waiting
     WHERE partner_id <> %(house_id)s::uuid AND net <> waits
)
INSERT INTO billing_position
      (id, settlement_id, partner_id, receivable_minor, payable_minor, vat_minor, fees_minor,
       fee_vat_minor, adjustments_minor, carried_minor, exchanged_minor, net_minor,
       carried_on_minor, exchanged_on_minor)
SELECT id.id, %(settlement_id)s, partner_id, receivable, payable, vat, fees, fee_vat, adjusted,
       carried, exchanged, net, waits, CASE WHEN is_reached THEN net - waits ELSE 0 END
  FROM waiting
 CROSS JOIN agreement
  JOIN unnest(%(ids)s::uuid[]) WITH ORDINALITY AS id (id, place) USING (place)
 ORDER BY place
