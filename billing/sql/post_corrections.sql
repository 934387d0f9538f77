-- Clear the credit and the replacement of each record of a correction run into the open window.
-- Grain:      two rows per correction item.
-- Parameters: correction_id, run_id (a ClearingRun), window_id, cleared_at.
-- Promise:    the credit takes back the claim, payout and parts that count now; the replacement has
--             the new claim at the same rate, and the energy as it was. Twin: rules.correction.
INSERT INTO billing_clearedsdr
      (id, seller_id, buyer_id, seller_partner_id, buyer_partner_id, sender_id, environment,
       agreement_id, window_id, run_id, currency, is_billed, energy_kwh, claim_minor,
       commission_rate, commission_minor, payout_minor, commission_beneficiary, rounding,
       parking_minor, reservation_minor, charge_country_code, price_basis, supply_month,
       ended_at, cleared_at, corrects_id, correction_run_id)
SELECT side.id, original.seller_id, original.buyer_id, original.seller_partner_id,
       original.buyer_partner_id, original.sender_id, original.environment,
       original.agreement_id, %(window_id)s, %(run_id)s, original.currency, true,
       side.sign * original.energy_kwh, side.sign * side.claim,
       original.commission_rate, side.sign * (side.claim - side.payout), side.sign * side.payout,
       original.commission_beneficiary, original.rounding,
       side.sign * least(side.claim, original.parking_minor),
       side.sign * least(side.claim - least(side.claim, original.parking_minor),
                         original.reservation_minor),
       original.charge_country_code, original.price_basis, original.supply_month,
       original.ended_at, %(cleared_at)s, original.id, %(correction_id)s
  FROM billing_correctionitem AS item
  JOIN billing_clearedsdr AS original ON original.id = item.record_id
 CROSS JOIN LATERAL (
    VALUES (item.credit_id, -1, item.old_claim_minor, item.old_payout_minor),
           (item.replacement_id, 1, item.new_claim_minor,
            round(item.new_claim_minor * (1 - original.commission_rate))::bigint)
 ) AS side (id, sign, claim, payout)
 WHERE item.run_id = %(correction_id)s
 ORDER BY side.id
