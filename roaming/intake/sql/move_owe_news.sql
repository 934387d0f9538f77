-- Owe both sides the news of a move: the record itself to the buyer when it is delivered only now,
-- else its new state.
-- Grain:      one row per record moved and side that knows it.
-- Parameters: ids, from_state, is_delivered, now.
-- Holds:      delivery_is_owed_once per version.
-- Beware:     the buyer hears nothing of a record it never got; one that it got, that was held
--             after all and is delivered again, is news of its state.
INSERT INTO roaming_delivery (id, receiver_id, kind, subject_id, subject_version, created_at)
SELECT gen_random_uuid(), side.party_id, side.kind, state.id, side.version, %(now)s
  FROM roaming_sdrstate AS state
 CROSS JOIN LATERAL (
    SELECT state.seller_id, 'SDR_STATE', state.version
     UNION ALL
    SELECT state.buyer_id, 'SDR', 0 WHERE %(is_delivered)s AND %(from_state)s = 'HELD'
     UNION ALL
    SELECT state.buyer_id, 'SDR_STATE', state.version
     WHERE state.delivered_at IS NOT NULL
       AND (NOT (%(is_delivered)s AND %(from_state)s = 'HELD')
            OR EXISTS (SELECT FROM roaming_delivery AS earlier
                        WHERE earlier.receiver_id = state.buyer_id
                          AND earlier.subject_id = state.id AND earlier.kind = 'SDR'))
 ) AS side (party_id, kind, version)
 WHERE state.id = ANY (%(ids)s::uuid[]) AND side.party_id IS NOT NULL
 ORDER BY state.id
    ON CONFLICT (receiver_id, subject_id, kind, subject_version) DO NOTHING
