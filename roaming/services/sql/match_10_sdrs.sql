-- Gather the SDRs that may still find their counter-record, a day around the window.
-- Grain:      one row per SDR.
-- Parameters: from_at, until_at, defaults (tolerances as JSON).
-- Holds:      credits and what is not owed to the CSP are left out, and so are agreements that know
--             no counter-records; an EVSE that no registry knows is its own location.
CREATE TEMPORARY TABLE match_sdr ON COMMIT DROP AS
SELECT sdr.id, sdr.environment, sdr.seller_id, sdr.buyer_id, agreement.id AS agreement_id,
       agreement.counter_records = 'REQUIRED' AS is_required,
       %(defaults)s::jsonb || agreement.match_tolerances AS tolerances,
       sdr.service_session_id, sdr.authorization_reference, sdr.evse_id, sdr.pseudonym,
       coalesce(nullif(evse.location_id, ''), sdr.evse_id) AS location_id,
       sdr.tariff_id, sdr.started_at, sdr.ended_at, sdr.energy_kwh, sdr.claim_amount AS amount,
       sdr.currency, sdr.item_kinds,
       state.ended_at >= %(from_at)s AND state.ended_at < %(until_at)s AS in_window
  FROM roaming_sdrstate AS state
  JOIN roaming_sdr AS sdr ON sdr.id = state.id AND sdr.sender_id = state.sender_id
  JOIN partners_roamingagreement AS agreement
    ON agreement.id = state.agreement_id AND agreement.counter_records <> 'NONE'
  LEFT JOIN roaming_evse AS evse
    ON evse.cso_id = sdr.seller_id AND evse.evse_id = sdr.evse_id
   AND evse.starts_at <= sdr.started_at
   AND (evse.ends_at IS NULL OR sdr.started_at < evse.ends_at)
 WHERE state.state IN ('DELIVERED', 'DISPUTED', 'ACCEPTED')
   AND sdr.buyer_id IS NOT NULL
   AND sdr.credits_sdr_id = ''
   AND state.ended_at >= %(from_at)s::timestamptz - interval '1 day'
   AND state.ended_at < %(until_at)s::timestamptz + interval '1 day'
   AND NOT EXISTS (SELECT FROM roaming_match AS match
                    WHERE match.record_id = sdr.id AND match.is_current
                      AND match.outcome IN ('MATCHED', 'MATCHED_TOLERANCE', 'MISMATCH'))
