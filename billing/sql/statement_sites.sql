-- What each party of a partner did at each site in each supply month of a window.
-- Grain:      one row per partner, own party, site and supply month (of the group's time zone);
--             of many the `most` largest of a partner, the rest as one row per party: left_out.
-- Parameters: window_id, most.
-- Promise:    the rows of a partner add up to those of its counterparties, figure by figure, and
--             come in one order. A site is what the seller named: location, town, country.
--             Twin: rules.sites.site_lines.
WITH pair AS (
    SELECT cleared.seller_id, cleared.buyer_id, cleared.seller_partner_id, cleared.buyer_partner_id,
           coalesce(cleared.supply_month,
                    date_trunc('month', cleared.ended_at AT TIME ZONE owner.time_zone)::date)
               AS supply_month,
           sdr.location_name AS site, sdr.location_city AS city,
           sdr.location_country AS country_code,
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
      JOIN roaming_sdr AS sdr ON sdr.sender_id = cleared.sender_id
                             AND sdr.id = coalesce(cleared.corrects_id, cleared.id)
     WHERE cleared.window_id = %(window_id)s
     GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
), side AS (
    SELECT seller_partner_id AS partner_id, seller_id AS party_id, supply_month, site, city,
           country_code, sdrs, billed_sdrs, energy_kwh,
           CASE WHEN is_own_network THEN 0 ELSE claim END AS sold,
           0 AS bought,
           CASE WHEN is_own_network AND goes_to_buyer THEN 0 ELSE -commission END AS commission
      FROM pair
     UNION ALL
    SELECT buyer_partner_id, buyer_id, supply_month, site, city, country_code,
           sdrs, billed_sdrs, energy_kwh,
           0, claim, CASE WHEN goes_to_buyer THEN commission ELSE 0 END
      FROM pair
     WHERE NOT is_own_network
), line AS (
    SELECT partner_id, party_id, site, city, country_code,
           to_char(supply_month, 'YYYY-MM') AS month,
           sum(sdrs) AS sdrs, sum(billed_sdrs) AS billed_sdrs, sum(energy_kwh) AS energy_kwh,
           sum(sold) AS sold, sum(bought) AS bought, sum(commission) AS commission
      FROM side
     GROUP BY 1, 2, 3, 4, 5, 6
), placed AS (
    SELECT line.*, party.country_code || '*' || party.party_id AS party, party.role,
           row_number() OVER (
               PARTITION BY line.partner_id
               ORDER BY abs(sold) + abs(bought) DESC, line.sdrs DESC,
                        (party.country_code || '*' || party.party_id) COLLATE "C", party.role,
                        site COLLATE "C", city COLLATE "C", line.country_code COLLATE "C", month
           ) > %(most)s AS is_left_out
      FROM line
      JOIN partners_party AS party ON party.id = line.party_id
), told AS (
    SELECT partner_id, party, role,
           CASE WHEN is_left_out THEN '' ELSE site END AS site,
           CASE WHEN is_left_out THEN '' ELSE city END AS city,
           CASE WHEN is_left_out THEN '' ELSE country_code END AS country_code,
           CASE WHEN is_left_out THEN '' ELSE month END AS month,
           is_left_out, count(*) AS lines,
           sum(sdrs) AS sdrs, sum(billed_sdrs) AS billed_sdrs, sum(energy_kwh) AS energy_kwh,
           sum(sold) AS sold, sum(bought) AS bought, sum(commission) AS commission
      FROM placed
     GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
)
SELECT partner_id, party, role, site, city, country_code, month,
       sdrs::bigint AS sdrs,
       billed_sdrs::bigint AS billed_sdrs,
       trim_scale(energy_kwh)::text AS energy_kwh,
       sold::bigint AS sold_claim_minor,
       bought::bigint AS bought_claim_minor,
       commission::bigint AS commission_minor,
       (sold - bought + commission)::bigint AS net_minor,
       CASE WHEN is_left_out THEN lines ELSE 0 END::bigint AS left_out
  FROM told
 ORDER BY partner_id, party COLLATE "C", role, is_left_out, site COLLATE "C", city COLLATE "C",
          country_code COLLATE "C", month
