-- What was granted or has ended, and nobody has billed 48 hours later.
-- Grain:      one row per seller and buyer, with the references of both kinds.
-- Parameters: starts_at, ends_at: the UTC day on which it was granted, or had ended.
-- Promise:    a granted authorization is billed by a live record of its CSO that names it, or that
--             bills its session; a session that only the CSP knows is a current CSP_ONLY match.
WITH authorized AS (
    SELECT granted.cso_id AS seller_id, granted.csp_id AS buyer_id, granted.reference
      FROM roaming_authorization AS granted
     WHERE granted.is_granted
       AND granted.authorized_at >= %(starts_at)s AND granted.authorized_at < %(ends_at)s
       AND NOT EXISTS (
            SELECT FROM roaming_sdr AS sdr
              JOIN roaming_sdrstate AS state
                ON state.sender_id = sdr.sender_id AND state.id = sdr.id
             WHERE sdr.seller_id = granted.cso_id
               AND sdr.ended_at >= granted.authorized_at
               AND state.state NOT IN ('REJECTED', 'WITHDRAWN', 'SUPERSEDED')
               AND (sdr.authorization_reference = granted.reference
                    OR granted.service_session_id <> ''
                       AND sdr.service_session_id = granted.service_session_id))
), ended AS (
    SELECT counter.cso_id AS seller_id, counter.csp_id AS buyer_id,
           coalesce(nullif(counter.service_session_id, ''), counter.counter_id) AS reference
      FROM roaming_match AS match
      JOIN roaming_counterrecord AS counter ON counter.id = match.counter_id
     WHERE match.is_current AND match.outcome = 'CSP_ONLY'
       AND match.ended_at >= %(starts_at)s AND match.ended_at < %(ends_at)s
), named AS (
    SELECT seller_id, buyer_id, reference AS authorization_reference, NULL AS session FROM authorized
    UNION ALL
    SELECT seller_id, buyer_id, NULL, reference FROM ended
)
SELECT seller_id, buyer_id,
       coalesce(array_agg(authorization_reference ORDER BY authorization_reference)
           FILTER (WHERE authorization_reference IS NOT NULL), '{}') AS authorizations,
       coalesce(array_agg(session ORDER BY session) FILTER (WHERE session IS NOT NULL), '{}')
           AS sessions
  FROM named
 WHERE seller_id IS NOT NULL
 GROUP BY seller_id, buyer_id
 ORDER BY seller_id, buyer_id
