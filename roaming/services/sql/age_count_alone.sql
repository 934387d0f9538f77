-- Pairs of which staff should ask the CSO: its CSP reports sessions and no record comes.
-- Grain:      one row per CSO and CSP.
-- Parameters: from_stage, until_stage (of ageing; passed and not yet passed).
SELECT match.seller_id, match.buyer_id, count(*), min(match.ended_at)
  FROM roaming_match AS match
  JOIN roaming_ageingstep AS begun
    ON begun.subject_id = match.counter_id AND begun.stage = %(from_stage)s
 WHERE match.is_current AND match.outcome = 'CSP_ONLY'
   AND NOT EXISTS (SELECT FROM roaming_ageingstep AS closed
                    WHERE closed.subject_id = match.counter_id AND closed.stage = %(until_stage)s)
 GROUP BY match.seller_id, match.buyer_id
