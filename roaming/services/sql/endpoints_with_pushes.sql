-- Connected endpoints to which something is to be pushed now.
-- Grain:      one row per endpoint.
-- Parameters: now.
-- Promise:    those whose pushes went well come first; one that fails waits behind them.
SELECT endpoint.id
  FROM partners_roamingendpoint AS endpoint
 CROSS JOIN LATERAL (SELECT due.attempts
                       FROM roaming_objectpush AS due
                      WHERE due.endpoint_id = endpoint.id
                        AND due.sent_generation < due.generation
                        AND due.given_up_at IS NULL
                        AND (due.next_attempt_at IS NULL OR due.next_attempt_at <= %(now)s)
                        AND (due.leased_until_at IS NULL OR due.leased_until_at <= %(now)s)
                      ORDER BY due.wanted_at
                      LIMIT 1) AS first
 WHERE endpoint.state = 'CONNECTED'
 ORDER BY first.attempts, endpoint.id
