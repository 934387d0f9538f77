-- What each partner did with each counterparty in a window, as its statement lists it.
-- Grain:      one row per partner and counterparty code.
-- Parameters: window_id.
-- Promise:    the nets of a partner sum to its position; the nets of all partners and the
--             commission kept by the clearing house sum to zero. commission_minor is signed as
--             the partner feels it. A record sold to oneself moves no energy money, only its fee.
WITH pair AS (
    SELECT seller_id, buyer_id, seller_partner_id, buyer_partner_id,
           commission_beneficiary = 'BUYER' AS goes_to_buyer,
           seller_partner_id = buyer_partner_id AS is_own_network,
           count(*) AS sdrs,
           count(*) FILTER (WHERE is_billed) AS billed_sdrs,
           coalesce(sum(energy_kwh) FILTER (WHERE is_billed), 0) AS energy_kwh,
           sum(claim_minor) AS claim,
           sum(commission_minor) AS commission
      FROM billing_clearedsdr
     WHERE window_id = %(window_id)s
     GROUP BY 1, 2, 3, 4, 5
), side AS (
    SELECT seller_partner_id AS partner_id, buyer_id AS party_id, is_own_network,
           sdrs, billed_sdrs, energy_kwh,
           CASE WHEN is_own_network THEN 0 ELSE claim END AS sold,
           0 AS bought,
           CASE WHEN is_own_network AND goes_to_buyer THEN 0 ELSE -commission END AS commission
      FROM pair
     UNION ALL
    SELECT buyer_partner_id, seller_id, is_own_network, sdrs, billed_sdrs, energy_kwh,
           0, claim, CASE WHEN goes_to_buyer THEN commission ELSE 0 END
      FROM pair
     WHERE NOT is_own_network
)
SELECT side.partner_id,
       party.country_code || '*' || party.party_id AS code,
       min(party.name) AS name,
       side.is_own_network,
       sum(sdrs)::bigint AS sdrs,
       sum(billed_sdrs)::bigint AS billed_sdrs,
       trim_scale(sum(energy_kwh))::text AS energy_kwh,
       sum(sold)::bigint AS sold_claim_minor,
       sum(bought)::bigint AS bought_claim_minor,
       sum(commission)::bigint AS commission_minor,
       sum(sold - bought + commission)::bigint AS net_minor
  FROM side
  JOIN partners_party AS party ON party.id = side.party_id
 GROUP BY side.partner_id, party.country_code, party.party_id, side.is_own_network
