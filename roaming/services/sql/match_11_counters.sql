-- Gather the counter-records that may still find their SDR, a day around the window.
-- Grain:      one row per counter-record.
-- Parameters: from_at, until_at.
-- Holds:      replaced ones are left out, and so are agreements that know none; is_open is false
--             for those that have their SDR already and can only make others duplicates.
CREATE TEMPORARY TABLE match_counter ON COMMIT DROP AS
SELECT counter.id, counter.environment, counter.cso_id, counter.csp_id,
       agreement.id AS agreement_id,
       counter.service_session_id, counter.authorization_reference, counter.evse_id,
       counter.pseudonym,
       coalesce(nullif(counter.location_id, ''), nullif(evse.location_id, ''), counter.evse_id)
           AS location_id,
       counter.tariff_id, counter.started_at, counter.ended_at, counter.energy_kwh, counter.amount,
       counter.currency,
       counter.ended_at >= %(from_at)s AND counter.ended_at < %(until_at)s AS in_window,
       NOT EXISTS (SELECT FROM roaming_match AS match
                    WHERE match.counter_id = counter.id AND match.is_current
                      AND match.outcome IN ('MATCHED', 'MATCHED_TOLERANCE', 'MISMATCH'))
           AS is_open
  FROM roaming_counterrecord AS counter
  JOIN roaming_counterkey AS key ON key.record_id = counter.id AND NOT key.is_replaced
  LEFT JOIN roaming_evse AS evse
    ON evse.cso_id = counter.cso_id AND evse.evse_id = counter.evse_id
   AND evse.starts_at <= counter.started_at
   AND (evse.ends_at IS NULL OR counter.started_at < evse.ends_at)
  LEFT JOIN LATERAL
       (SELECT id, counter_records
          FROM partners_roamingagreement AS version
         WHERE version.seller_id = counter.cso_id AND version.buyer_id = counter.csp_id
           AND version.in_force_at IS NOT NULL
           AND version.starts_at <= counter.started_at
           AND (version.ends_at IS NULL OR counter.started_at < version.ends_at)
         ORDER BY version.currency = counter.currency DESC, version.starts_at DESC, version.id
         LIMIT 1) AS agreement ON true
 WHERE counter.ended_at >= %(from_at)s::timestamptz - interval '1 day'
   AND counter.ended_at < %(until_at)s::timestamptz + interval '1 day'
   AND agreement.counter_records IS DISTINCT FROM 'NONE'
