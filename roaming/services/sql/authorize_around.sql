-- The CSPs that a CSO's unknown credential is asked of.
-- Grain:      one row per CSP with an agreement in force and a connected endpoint.
-- Parameters: cso_id, environment, now, limit.
-- Promise:    no CSP whose company is suspended or has left (partners.rules.life.standing), none
--             that the CSO settles with directly.
SELECT DISTINCT ON (p.id) p.id, p.country_code || '*' || p.party_id, e.id, e.protocol
  FROM partners_roamingagreement AS a
  JOIN partners_party AS p ON p.id = a.buyer_id AND p.environment = %(environment)s
  JOIN partners_partyownership AS o
    ON o.party_id = p.id AND o.starts_at <= %(now)s
   AND (o.ends_at IS NULL OR o.ends_at > %(now)s)
  JOIN partners_roamingendpoint_parties AS ep ON ep.party_id = p.id
  JOIN partners_roamingendpoint AS e
    ON e.id = ep.roamingendpoint_id AND e.environment = %(environment)s
   AND e.state = 'CONNECTED'
 WHERE a.seller_id = %(cso_id)s AND a.service_class = 'CHARGING' AND a.in_force_at IS NOT NULL
   AND a.mode <> 'DIRECT' AND a.starts_at <= %(now)s
   AND (a.ends_at IS NULL OR a.ends_at > %(now)s)
   AND (SELECT s.state = 'ACTIVE' OR s.state = 'LEAVING' AND s.service_ends_at > %(now)s
            OR s.state = 'ONBOARDING' AND %(environment)s = 'TEST'
          FROM partners_partnerstate AS s
         WHERE s.partner_id = o.partner_id AND s.starts_at <= %(now)s
         ORDER BY s.starts_at DESC LIMIT 1)
 ORDER BY p.id, e.last_heard_at DESC NULLS LAST, e.id
 LIMIT %(limit)s
