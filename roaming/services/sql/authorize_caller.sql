-- Who asks whether somebody may charge: the token's client, its rights, and the two parties.
-- Grain:      one row, or none where the token is not known.
-- Parameters: token_checksum, cso_country, cso_party, csp_country, csp_party, now.
-- Promise:    no cache: a revoked client, a partner that left and a sold party count at once.
SELECT t.scope, c.scopes, t.expires, c.environment,
       (SELECT CASE WHEN s.service_ends_at <= %(now)s AND s.state = 'LEAVING' THEN 'LEFT'
                    ELSE s.state END
          FROM partners_partnerstate AS s
         WHERE s.partner_id = c.partner_id AND s.starts_at <= %(now)s
         ORDER BY s.starts_at DESC LIMIT 1) AS partner_state,
       (SELECT p.id
          FROM partners_party AS p
          JOIN partners_partyownership AS o ON o.party_id = p.id
         WHERE p.country_code = %(cso_country)s AND p.party_id = %(cso_party)s
           AND p.role = 'CSO' AND p.environment = c.environment
           AND o.partner_id = c.partner_id AND o.starts_at <= %(now)s
           AND (o.ends_at IS NULL OR o.ends_at > %(now)s)) AS cso_id,
       (SELECT p.id
          FROM partners_party AS p
         WHERE p.country_code = %(csp_country)s AND p.party_id = %(csp_party)s
           AND p.role = 'CSP' AND p.environment = c.environment) AS csp_id
  FROM partners_accesstoken AS t
  JOIN partners_apiclient AS c ON c.id = t.application_id
 WHERE t.token_checksum = %(token_checksum)s
