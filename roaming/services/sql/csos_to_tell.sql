-- The systems of CSOs that take tokens and have an agreement with the CSP.
-- Grain:      one row per endpoint.
-- Parameters: csp_id, environment, now.
-- Promise:    connected systems alone: who was away reads the list when it comes back.
SELECT DISTINCT e.id
  FROM partners_roamingagreement AS a
  JOIN partners_roamingendpoint_parties AS ep ON ep.party_id = a.seller_id
  JOIN partners_roamingendpoint AS e
    ON e.id = ep.roamingendpoint_id AND e.environment = %(environment)s
   AND e.state = 'CONNECTED'
  JOIN partners_endpointinterface AS i
    ON i.endpoint_id = e.id AND i.module = 'tokens' AND i.side = 'RECEIVER'
 WHERE a.buyer_id = %(csp_id)s AND a.service_class = 'CHARGING' AND a.in_force_at IS NOT NULL
   AND a.mode <> 'DIRECT' AND a.starts_at <= %(now)s
   AND (a.ends_at IS NULL OR a.ends_at > %(now)s)
 ORDER BY e.id
