-- What will be deemed accepted of a supply period of a group, if nobody speaks.
-- Grain:      one row per seller, buyer and whether that is before the window's closing day.
-- Parameters: group_id, environment, currency and its digits; from_at (null: whatever is late),
--             until_at: service ends in [from_at, until_at); closes_at of the window.
-- Promise:    each record once; what matching holds back for its CSP is not among them. Rounded
--             once per record; what is not billed adds no amount. The time in which a webhook was
--             away prolongs the deadline told here. Twin: rules.waiting.deemed_of.
SELECT state.seller_id, state.buyer_id, state.accept_by_at < %(closes_at)s AS is_in_time,
       count(*) AS sdrs,
       coalesce(sum(CASE WHEN sdr.currency = %(currency)s
                         THEN round(sdr.claim_amount * 10::numeric ^ %(digits)s) END), 0)::bigint
           AS claim_minor,
       min(state.accept_by_at) AS first_at, max(state.accept_by_at) AS last_at
  FROM partners_roamingagreement AS agreement
  JOIN roaming_sdrstate AS state ON state.agreement_id = agreement.id
                                AND state.state = 'DELIVERED'
                                AND state.environment = %(environment)s
  JOIN roaming_sdr AS sdr ON sdr.sender_id = state.sender_id AND sdr.id = state.id
 WHERE agreement.group_id = %(group_id)s
   AND agreement.mode <> 'DIRECT'
   AND state.accept_by_at IS NOT NULL
   AND state.ended_at >= coalesce(%(from_at)s::timestamptz, '-infinity')
   AND state.ended_at < %(until_at)s
   AND NOT EXISTS (SELECT FROM roaming_match AS match
                    WHERE match.record_id = state.id AND match.is_current
                      AND (agreement.counter_records = 'REQUIRED'
                           AND match.outcome IN ('CSO_ONLY', 'AMBIGUOUS', 'MISMATCH')
                           OR match.outcome = 'MATCHED_TOLERANCE' AND match.differences <> '{}'))
 GROUP BY 1, 2, 3
 ORDER BY 1, 2, 3
