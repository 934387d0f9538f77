-- What each pair of parties did in a window.
-- Grain:      one row per seller and buyer.
-- Parameters: window_id.
-- Promise:    sdrs counts every cleared record, billed_sdrs those with an amount.
SELECT seller.name AS cso, seller.country_code || '*' || seller.party_id AS cso_id,
       buyer.name AS csp, buyer.country_code || '*' || buyer.party_id AS csp_id,
       pair.sdrs, pair.billed_sdrs, pair.energy_kwh, pair.energy_kwh_all,
       pair.claim_minor, pair.payout_minor
  FROM (SELECT seller_id, buyer_id,
               count(*) AS sdrs,
               count(*) FILTER (WHERE is_billed) AS billed_sdrs,
               coalesce(sum(energy_kwh) FILTER (WHERE is_billed), 0) AS energy_kwh,
               sum(energy_kwh) AS energy_kwh_all,
               sum(claim_minor)::bigint AS claim_minor,
               sum(payout_minor)::bigint AS payout_minor
          FROM billing_clearedsdr
         WHERE window_id = %(window_id)s
         GROUP BY seller_id, buyer_id) AS pair
  JOIN partners_party AS seller ON seller.id = pair.seller_id
  JOIN partners_party AS buyer ON buyer.id = pair.buyer_id
 ORDER BY cso_id, csp_id
