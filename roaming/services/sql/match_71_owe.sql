-- Owe both sides the news of what was found.
-- Grain:      one row per side of a match of this run.
-- Parameters: run_id, now.
-- Holds:      a repeat is its CSP's alone. Of one side that stays alone nobody is told yet: most
--             find their partner within days, and ageing reminds of the rest.
INSERT INTO roaming_delivery (id, receiver_id, kind, subject_id, created_at)
SELECT (lpad(to_hex(floor(extract(epoch FROM %(now)s::timestamptz) * 1000)::bigint), 12, '0')
        || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid,
       side.receiver_id, 'MATCH', match.id, %(now)s
  FROM roaming_match AS match
 CROSS JOIN LATERAL (VALUES (match.buyer_id, true),
                            (match.seller_id, match.outcome <> 'DUPLICATE'))
       AS side (receiver_id, is_told)
 WHERE match.run_id = %(run_id)s
   AND match.outcome NOT IN ('CSO_ONLY', 'CSP_ONLY')
   AND side.is_told
 ORDER BY match.id
    ON CONFLICT DO NOTHING
