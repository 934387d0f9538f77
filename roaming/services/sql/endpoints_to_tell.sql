-- The connected systems that take a module and serve a buyer of a CSO.
-- Grain:      one row per endpoint.
-- Parameters: cso_id, environment, module, now, buyers (ids; empty: all of the CSO's buyers).
-- Promise:    whatever the mode of the agreement: a DIRECT pair roams too. Who is away is not
--             queued for: it reads what changed when it is back.
SELECT endpoint.id
  FROM partners_roamingendpoint AS endpoint
 WHERE endpoint.environment = %(environment)s
   AND endpoint.state = 'CONNECTED'
   AND endpoint.registered_at IS NOT NULL
   AND EXISTS (SELECT
                 FROM partners_endpointinterface AS offered
                WHERE offered.endpoint_id = endpoint.id
                  AND offered.module = %(module)s
                  AND offered.side = 'RECEIVER')
   AND EXISTS (SELECT
                 FROM partners_roamingendpoint_parties AS serves
                 JOIN partners_roamingagreement AS agreed ON agreed.buyer_id = serves.party_id
                WHERE serves.roamingendpoint_id = endpoint.id
                  AND agreed.seller_id = %(cso_id)s
                  AND agreed.in_force_at <= %(now)s
                  AND agreed.starts_at <= %(now)s
                  AND (agreed.ends_at IS NULL OR agreed.ends_at > %(now)s)
                  AND (cardinality(%(buyers)s::uuid[]) = 0
                       OR agreed.buyer_id = ANY (%(buyers)s::uuid[])))
 ORDER BY endpoint.id
