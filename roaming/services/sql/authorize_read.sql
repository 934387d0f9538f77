-- All that is known beforehand about a question whether somebody may charge.
-- Grain:      one row per CSP that may answer: it listed what is shown, or its code is asked for;
--             one row without a CSP where there is none.
-- Parameters: cso_id, environment, now, lookup_hashes (array), codes (array of "FR*VOL"),
--             csp_id (the one that the CSO names, or null), question_hash, repeated_since.
-- Promise:    one statement, each table by one index; a suspended party is seen at once, and
--             one whose service ended. Twin of how it stands: partners.rules.life.standing.
WITH found AS (
    SELECT e.csp_id, e.id AS entry_id, e.kind, e.is_valid, e.offline_policy, e.ends_at,
           e.updated_at, e.contract_hash, e.pseudonym, e.group_hash, e.identity_hash
      FROM roaming_whitelistentry AS e
     WHERE e.lookup_hash = ANY(%(lookup_hashes)s) AND e.environment = %(environment)s
       AND (%(csp_id)s::uuid IS NULL OR e.csp_id = %(csp_id)s::uuid)
),
named AS (
    SELECT p.id AS csp_id
      FROM partners_party AS p
     WHERE p.role = 'CSP' AND p.environment = %(environment)s
       AND (p.id = %(csp_id)s::uuid
            OR (%(csp_id)s::uuid IS NULL
                AND (p.country_code, p.party_id) IN (
                    SELECT split_part(code, '*', 1), split_part(code, '*', 2)
                      FROM unnest(%(codes)s::text[]) AS c (code))))
       AND NOT EXISTS (SELECT FROM found AS f WHERE f.csp_id = p.id)
),
candidate AS (
    SELECT * FROM found
    UNION ALL
    SELECT csp_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM named
)
SELECT (SELECT CASE WHEN s.service_ends_at <= %(now)s AND s.state = 'LEAVING' THEN 'LEFT'
                    WHEN s.state = 'ONBOARDING' AND %(environment)s = 'TEST' THEN 'ACTIVE'
                    ELSE s.state END
          FROM partners_partyownership AS o
          JOIN partners_partnerstate AS s ON s.partner_id = o.partner_id
         WHERE o.party_id = %(cso_id)s AND o.starts_at <= %(now)s
           AND (o.ends_at IS NULL OR o.ends_at > %(now)s) AND s.starts_at <= %(now)s
         ORDER BY s.starts_at DESC LIMIT 1) AS cso_state,
       CASE WHEN %(question_hash)s <> '' THEN (
           SELECT r.id
             FROM roaming_authorizationrequest AS r
            WHERE r.question_hash = %(question_hash)s AND r.cso_id = %(cso_id)s
              AND r.asked_at > %(repeated_since)s AND r.decision <> 'NOT_REACHED'
            ORDER BY r.asked_at LIMIT 1) END AS repeated_id,
       c.csp_id, p.country_code || '*' || p.party_id AS csp_code,
       (SELECT CASE WHEN s.service_ends_at <= %(now)s AND s.state = 'LEAVING' THEN 'LEFT'
                    WHEN s.state = 'ONBOARDING' AND %(environment)s = 'TEST' THEN 'ACTIVE'
                    ELSE s.state END
          FROM partners_partyownership AS o
          JOIN partners_partnerstate AS s ON s.partner_id = o.partner_id
         WHERE o.party_id = c.csp_id AND o.starts_at <= %(now)s
           AND (o.ends_at IS NULL OR o.ends_at > %(now)s) AND s.starts_at <= %(now)s
         ORDER BY s.starts_at DESC LIMIT 1) AS csp_state,
       agreed.mode, endpoint.id, endpoint.state, endpoint.protocol,
       c.entry_id, c.kind, c.is_valid, c.offline_policy, c.ends_at, c.updated_at,
       c.contract_hash, c.pseudonym, c.group_hash, c.identity_hash
  FROM (SELECT 1) AS one
  LEFT JOIN candidate AS c ON true
  LEFT JOIN partners_party AS p ON p.id = c.csp_id
  LEFT JOIN LATERAL (
      SELECT a.mode
        FROM partners_roamingagreement AS a
       WHERE a.seller_id = %(cso_id)s AND a.buyer_id = c.csp_id AND a.service_class = 'CHARGING'
         AND a.in_force_at IS NOT NULL AND a.starts_at <= %(now)s
         AND (a.ends_at IS NULL OR a.ends_at > %(now)s)
       ORDER BY a.mode = 'DIRECT' LIMIT 1) AS agreed ON true
  LEFT JOIN LATERAL (
      SELECT e.id, e.state, e.protocol
        FROM partners_roamingendpoint AS e
        JOIN partners_roamingendpoint_parties AS ep ON ep.roamingendpoint_id = e.id
       WHERE ep.party_id = c.csp_id AND e.environment = %(environment)s
       ORDER BY e.state <> 'CONNECTED', e.last_heard_at DESC NULLS LAST, e.id LIMIT 1)
    AS endpoint ON true
