-- The ids that one line of manifest_totals.sql counts.
-- Grain:      one row per record.
-- Parameters: starts_at, ends_at (the UTC day of receipt), seller_id, buyer_id, currency.
-- Promise:    the same records as manifest_totals.sql counts for the pair and currency.
SELECT sdr.sdr_id
  FROM roaming_sdr AS sdr
  LEFT JOIN roaming_sdrstate AS state
    ON state.sender_id = sdr.sender_id AND state.id = sdr.id
 WHERE sdr.received_at >= %(starts_at)s AND sdr.received_at < %(ends_at)s
   AND sdr.id >= clearinghouse_uuid_floor(%(starts_at)s)
   AND sdr.id < clearinghouse_uuid_floor(%(ends_at)s + interval '1 hour')
   AND NOT sdr.rejected_at_intake
   AND sdr.seller_id = %(seller_id)s AND sdr.currency = %(currency)s
   AND coalesce(sdr.buyer_id, state.buyer_id) = %(buyer_id)s
