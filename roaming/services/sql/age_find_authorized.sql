-- Those of the given records that their CSP authorized: it granted the session, or vouched for the
-- contract when it began.
-- Grain:      one row per record.
-- Parameters: ids.
SELECT sdr.id
  FROM roaming_sdr AS sdr
 WHERE sdr.id = ANY (%(ids)s::uuid[])
   AND (EXISTS (SELECT FROM roaming_authorization AS granted
                 WHERE granted.csp_id = sdr.buyer_id AND granted.cso_id = sdr.seller_id
                   AND granted.is_granted
                   AND (granted.reference = sdr.authorization_reference
                        OR granted.service_session_id = sdr.service_session_id
                           AND sdr.service_session_id <> ''
                        OR granted.pseudonym = sdr.pseudonym AND sdr.pseudonym <> ''
                           AND granted.authorized_at <= sdr.started_at
                           AND granted.valid_until_at >= sdr.started_at))
        OR EXISTS (SELECT FROM roaming_credential AS token
                    WHERE token.csp_id = sdr.buyer_id
                      AND token.pseudonym = sdr.pseudonym AND sdr.pseudonym <> ''
                      AND token.starts_at <= sdr.started_at
                      AND (token.ends_at IS NULL OR sdr.started_at < token.ends_at)
                      AND (token.blocked_at IS NULL OR sdr.started_at < token.blocked_at)))
