-- Let the registry of contracts follow the list: what a CSP lists it vouches for.
-- Grain:      one row per contract.
-- Parameters: csp_id, now, beginning, rows (JSON array of id and contract_hash).
-- Promise:    entries that the CSP sent itself are not touched. One valid credential keeps its
--             contract; a contract of which no credential is valid is blocked since the last word.
-- Beware:     a list does not say since when: such an entry begins at ``beginning``.
WITH asked AS (
    SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS s (id uuid, contract_hash text)
),
said AS (
    SELECT a.id, a.contract_hash, min(e.pseudonym) AS pseudonym,
           CASE WHEN bool_or(e.is_valid AND e.ends_at IS NULL) THEN NULL
                WHEN bool_or(e.is_valid) THEN max(e.ends_at) FILTER (WHERE e.is_valid)
                ELSE NULL END AS ends_at,
           CASE WHEN bool_or(e.is_valid) THEN NULL ELSE max(e.updated_at) END AS blocked_at
      FROM asked AS a
      JOIN roaming_whitelistentry AS e
        ON e.csp_id = %(csp_id)s AND e.contract_hash = a.contract_hash
     GROUP BY a.id, a.contract_hash
),
followed AS (
    UPDATE roaming_credential AS c
       SET ends_at = s.ends_at, blocked_at = s.blocked_at
      FROM said AS s
     WHERE c.csp_id = %(csp_id)s AND c.contract_hash = s.contract_hash AND c.is_listed
       AND (c.ends_at, c.blocked_at) IS DISTINCT FROM (s.ends_at, s.blocked_at)
)
INSERT INTO roaming_credential
    (id, csp_id, contract_hash, pseudonym, starts_at, ends_at, blocked_at, is_listed)
SELECT s.id, %(csp_id)s, s.contract_hash, s.pseudonym, %(beginning)s, s.ends_at, s.blocked_at, true
  FROM said AS s
 WHERE NOT EXISTS (SELECT FROM roaming_credential AS c
                    WHERE c.csp_id = %(csp_id)s AND c.contract_hash = s.contract_hash)
    ON CONFLICT DO NOTHING
