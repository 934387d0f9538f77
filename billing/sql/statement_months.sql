-- What each partner did in a window by the month in which the service ended, as its statement splits.
-- Grain:      one row per partner and supply month, which is that of the group's time zone.
-- Parameters: window_id.
-- Promise:    the rows of a partner add up to those of its counterparties, figure by figure.
WITH pair AS (
    SELECT cleared.seller_partner_id, cleared.buyer_partner_id,
           coalesce(cleared.supply_month,
                    date_trunc('month', cleared.ended_at AT TIME ZONE owner.time_zone)::date)
               AS supply_month,
           cleared.commission_beneficiary = 'BUYER' AS goes_to_buyer,
           cleared.seller_partner_id = cleared.buyer_partner_id AS is_own_network,
           count(*) AS sdrs,
           count(*) FILTER (WHERE cleared.is_billed) AS billed_sdrs,
           coalesce(sum(cleared.energy_kwh) FILTER (WHERE cleared.is_billed), 0) AS energy_kwh,
           sum(cleared.claim_minor) AS claim,
           sum(cleared.commission_minor) AS commission
      FROM billing_clearedsdr AS cleared
      JOIN billing_clearingwindow AS win ON win.id = cleared.window_id
      JOIN partners_settlementgroup AS owner ON owner.id = win.group_id
     WHERE cleared.window_id = %(window_id)s
     GROUP BY 1, 2, 3, 4, 5
), side AS (
    SELECT seller_partner_id AS partner_id, supply_month, sdrs, billed_sdrs, energy_kwh,
           CASE WHEN is_own_network THEN 0 ELSE claim END AS sold,
           0 AS bought,
           CASE WHEN is_own_network AND goes_to_buyer THEN 0 ELSE -commission END AS commission
      FROM pair
     UNION ALL
    SELECT buyer_partner_id, supply_month, sdrs, billed_sdrs, energy_kwh,
           0, claim, CASE WHEN goes_to_buyer THEN commission ELSE 0 END
      FROM pair
     WHERE NOT is_own_network
)
SELECT partner_id,
       to_char(supply_month, 'YYYY-MM') AS month,
       sum(sdrs)::bigint AS sdrs,
       sum(billed_sdrs)::bigint AS billed_sdrs,
       trim_scale(sum(energy_kwh))::text AS energy_kwh,
       sum(sold)::bigint AS sold_claim_minor,
       sum(bought)::bigint AS bought_claim_minor,
       sum(commission)::bigint AS commission_minor,
       sum(sold - bought + commission)::bigint AS net_minor
  FROM side
 GROUP BY partner_id, supply_month
 ORDER BY partner_id, supply_month
