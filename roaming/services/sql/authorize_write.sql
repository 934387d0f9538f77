-- Write a decision down: its request, the authorization for the rules, the session it opens.
-- Grain:      one decision.
-- Parameters: columns of the five rows; opens_session and is_traced say which are written.
-- Promise:    all or nothing, in one statement; the same question that was answered meanwhile
--             writes nothing and returns nothing.
WITH fresh AS (
    SELECT 1 WHERE %(question_hash)s = '' OR NOT EXISTS (
        SELECT FROM roaming_authorizationrequest AS r
         WHERE r.question_hash = %(question_hash)s AND r.cso_id = %(cso_id)s
           AND r.asked_at > %(repeated_since)s AND r.decision <> 'NOT_REACHED')
),
sealed AS (
    INSERT INTO roaming_contractidentity
        (id, csp_id, contract_hash, pseudonym, encrypted_contract_id, first_seen_at)
    SELECT %(identity_id)s, %(csp_id)s, %(identity_hash)s, %(pseudonym)s, %(sealed)s,
           %(answered_at)s
      FROM fresh WHERE %(opens_session)s AND %(identity_id)s::uuid IS NOT NULL
        ON CONFLICT (contract_hash) DO NOTHING
),
opened AS (
    INSERT INTO roaming_servicesession
        (id, cso_id, csp_id, environment, state, version, kind, pseudonym, contract_hash,
         identity_hash, authorization_reference, location_id, evse_uid, evse_id, connector_id,
         currency, document, document_format, updated_at, received_at)
    SELECT %(session_id)s, %(cso_id)s, %(csp_id)s, %(environment)s, 'AUTHORIZED', 1, %(kind)s,
           %(pseudonym)s, %(contract_hash)s, %(identity_hash)s, %(reference)s, %(location_id)s,
           %(evse_uid)s, %(evse_id)s, %(connector_id)s, '', '{}'::jsonb, '', %(answered_at)s,
           %(answered_at)s
      FROM fresh WHERE %(opens_session)s
    RETURNING id
),
moved AS (
    INSERT INTO roaming_sessionmove (id, session_id, version, state_before, state, actor, moved_at)
    SELECT %(move_id)s, id, 1, '', 'AUTHORIZED', %(actor)s, %(answered_at)s FROM opened
),
traced AS (
    INSERT INTO roaming_authorization
        (id, csp_id, cso_id, reference, is_granted, contract_hash, pseudonym, evse_id,
         service_session_id, authorized_at, valid_until_at, is_relayed)
    SELECT %(trace_id)s, %(csp_id)s, %(cso_id)s, %(trace_reference)s, %(decision)s = 'ALLOWED',
           %(contract_hash)s, %(pseudonym)s, %(evse_id)s, coalesce(%(session_id)s::text, ''),
           %(answered_at)s, %(valid_until_at)s, true
      FROM fresh WHERE %(is_traced)s
        ON CONFLICT (cso_id, csp_id, reference) DO NOTHING
)
INSERT INTO roaming_authorizationrequest
    (id, cso_id, csp_id, environment, kind, pseudonym, location_id, evse_id, is_stop, decision,
     decided_by, reason, reference, session_id, asked_at, answered_at, partner_ms, correlation_id,
     question_hash)
SELECT %(request_id)s, %(cso_id)s, %(csp_id)s, %(environment)s, %(asked_kind)s, %(pseudonym)s,
       %(location_id)s, %(evse_id)s, %(is_stop)s, %(decision)s, %(decided_by)s, %(reason)s,
       %(reference)s, %(session_id)s, %(asked_at)s, %(answered_at)s, %(partner_ms)s,
       %(correlation_id)s, %(question_hash)s
  FROM fresh
RETURNING id
