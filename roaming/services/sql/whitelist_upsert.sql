-- Take what a CSP says of its credentials into its list, and number what changed.
-- Grain:      one row per credential sent.
-- Parameters: csp_id, environment, now, last_sequence, rows (JSON array).
-- Promise:    an older word than the stored one changes nothing, nor does the same word again.
--             Called under the lock of the CSP's counter, so numbers rise in order of commit.
WITH sent AS (
    SELECT *
      FROM jsonb_to_recordset(%(rows)s::jsonb)
        AS s (id uuid, kind text, wire_kind text, lookup_hash text, contract_hash text,
              pseudonym text, group_hash text, identity_hash text, is_valid boolean,
              offline_policy text, ends_at timestamptz, updated_at timestamptz)
),
compared AS (
    SELECT s.*, e.id AS known_id, e.updated_at > s.updated_at AS is_older,
           e.id IS NULL
           OR (s.updated_at >= e.updated_at
               AND (s.wire_kind, s.contract_hash, s.pseudonym, s.group_hash, s.identity_hash,
                    s.is_valid, s.offline_policy, s.ends_at, s.updated_at)
                   IS DISTINCT FROM
                   (e.wire_kind, e.contract_hash, e.pseudonym, e.group_hash, e.identity_hash,
                    e.is_valid, e.offline_policy, e.ends_at, e.updated_at)) AS is_due
      FROM sent AS s
      LEFT JOIN roaming_whitelistentry AS e
        ON e.csp_id = %(csp_id)s AND e.kind = s.kind AND e.lookup_hash = s.lookup_hash
),
numbered AS (
    SELECT *, row_number() OVER (ORDER BY id) AS nth FROM compared WHERE is_due
),
written AS (
    INSERT INTO roaming_whitelistentry
        (id, csp_id, environment, kind, wire_kind, lookup_hash, contract_hash, pseudonym,
         group_hash, identity_hash, is_valid, offline_policy, ends_at, updated_at, received_at,
         sequence)
    SELECT id, %(csp_id)s, %(environment)s, kind, wire_kind, lookup_hash, contract_hash,
           pseudonym, group_hash, identity_hash, is_valid, offline_policy, ends_at, updated_at,
           %(now)s, %(last_sequence)s + nth
      FROM numbered
        ON CONFLICT (csp_id, kind, lookup_hash) DO UPDATE
       SET wire_kind = EXCLUDED.wire_kind, contract_hash = EXCLUDED.contract_hash,
           pseudonym = EXCLUDED.pseudonym, group_hash = EXCLUDED.group_hash,
           identity_hash = EXCLUDED.identity_hash, is_valid = EXCLUDED.is_valid,
           offline_policy = EXCLUDED.offline_policy, ends_at = EXCLUDED.ends_at,
           updated_at = EXCLUDED.updated_at, received_at = EXCLUDED.received_at,
           sequence = EXCLUDED.sequence
    RETURNING id, kind, lookup_hash
)
SELECT c.kind, c.lookup_hash, coalesce(w.id, c.known_id),
       CASE WHEN w.id IS NOT NULL AND c.known_id IS NULL THEN 'created'
            WHEN w.id IS NOT NULL THEN 'updated'
            WHEN c.is_older THEN 'stale'
            ELSE 'unchanged' END
  FROM compared AS c
  LEFT JOIN written AS w ON w.kind = c.kind AND w.lookup_hash = c.lookup_hash
