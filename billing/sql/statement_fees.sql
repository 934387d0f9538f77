-- Commission that the clearing house keeps from each seller in a window, by rate.
-- Grain:      one row per partner and rate.
-- Parameters: window_id.
-- Promise:    the amounts of a partner sum to the fees of its position.
SELECT seller_partner_id AS partner_id,
       trim_scale(commission_rate)::text AS rate,
       count(*) AS sdrs,
       sum(claim_minor)::bigint AS claim_minor,
       sum(commission_minor)::bigint AS amount_minor
  FROM billing_clearedsdr
 WHERE window_id = %(window_id)s
   AND commission_beneficiary = 'CLEARING_HOUSE'
   AND commission_rate <> 0
 GROUP BY seller_partner_id, commission_rate
 ORDER BY seller_partner_id, commission_rate
