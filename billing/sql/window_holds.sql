-- What is held of a supply period of a group, and would go into its window if it were let go.
-- Grain:      one row per seller, buyer and set of the codes that hold.
-- Parameters: group_id, environment, currency and its digits; from_at (null: whatever is late),
--             until_at: service ends in [from_at, until_at).
-- Promise:    each record once. What has no agreement yet counts in every group of its currency.
--             Rounded once per record; what is not billed or claims another currency is counted
--             and adds no amount. Twin: rules.waiting.holds_of.
SELECT held.seller_id, held.buyer_id, held.codes, count(*) AS sdrs,
       coalesce(sum(held.claim), 0)::bigint AS claim_minor, min(held.held_at) AS oldest_held_at
  FROM (SELECT state.seller_id, state.buyer_id, coalesce(found.codes, '{}') AS codes,
               coalesce(hold.held_at, state.changed_at) AS held_at,
               CASE WHEN sdr.currency = %(currency)s
                    THEN round(sdr.claim_amount * 10::numeric ^ %(digits)s) END AS claim
          FROM roaming_sdrstate AS state
          JOIN roaming_sdr AS sdr ON sdr.sender_id = state.sender_id AND sdr.id = state.id
          LEFT JOIN partners_roamingagreement AS agreement ON agreement.id = state.agreement_id
          LEFT JOIN roaming_hold AS hold ON hold.record_id = state.id
         CROSS JOIN LATERAL (
            SELECT array_agg(DISTINCT finding.code::text ORDER BY finding.code::text) AS codes
              FROM roaming_finding AS finding
             WHERE finding.sender_id = state.sender_id AND finding.record_id = state.id
               AND finding.severity = 'HOLD'
               AND finding.version = (SELECT max(newest.version) FROM roaming_finding AS newest
                                       WHERE newest.sender_id = state.sender_id
                                         AND newest.record_id = state.id)
         ) AS found
         WHERE state.state = 'HELD'
           AND state.environment = %(environment)s
           AND state.ended_at >= coalesce(%(from_at)s::timestamptz, '-infinity')
           AND state.ended_at < %(until_at)s
           AND CASE WHEN agreement.id IS NULL THEN sdr.currency = %(currency)s
                    ELSE agreement.group_id = %(group_id)s AND agreement.mode <> 'DIRECT' END
       ) AS held
 GROUP BY held.seller_id, held.buyer_id, held.codes
 ORDER BY held.seller_id, held.buyer_id, held.codes
