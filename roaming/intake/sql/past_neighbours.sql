-- Sessions on the EVSEs and of the contracts of one chunk of past records, near the chunk's days,
-- with the moment each came in and ended: who looks back decides which lived at that moment.
-- Grain:      one row per record and wanted key; the reader drops doubles.
-- Parameters: wanted, oldest, last_batch, environment.
-- Promise:    the same records as neighbours.sql gave at the time, as long as at most 200 share an
--             EVSE and window (50 a contract and window); no credits, nothing rejected at intake.
SELECT near.*, died.at, link.linked_at, killer.batch_id, killer.position
  FROM json_to_recordset(%(wanted)s::json)
       AS wanted (evse_id text, pseudonym text, since timestamptz, until timestamptz)
 CROSS JOIN LATERAL (
    (SELECT d.seller_id, d.sender_id, d.sdr_id, d.service_session_id, d.replaces_sdr_id,
            d.evse_id, d.pseudonym, d.started_at, d.ended_at, d.energy_kwh, d.meter_id,
            d.meter_end_kwh, d.id, d.batch_id, d.position
       FROM roaming_sdr AS d
      WHERE d.evse_id = wanted.evse_id AND d.evse_id <> ''
        AND d.started_at BETWEEN wanted.since AND wanted.until
        AND d.id >= clearinghouse_uuid_floor(%(oldest)s)
        AND d.batch_id <= %(last_batch)s
        AND d.environment = %(environment)s
        AND d.credits_sdr_id = '' AND NOT d.rejected_at_intake
      ORDER BY d.started_at DESC
      LIMIT 200)
    UNION ALL
    (SELECT d.seller_id, d.sender_id, d.sdr_id, d.service_session_id, d.replaces_sdr_id,
            d.evse_id, d.pseudonym, d.started_at, d.ended_at, d.energy_kwh, d.meter_id,
            d.meter_end_kwh, d.id, d.batch_id, d.position
       FROM roaming_sdr AS d
      WHERE d.pseudonym = wanted.pseudonym AND d.pseudonym <> ''
        AND d.started_at BETWEEN wanted.since AND wanted.until
        AND d.id >= clearinghouse_uuid_floor(%(oldest)s)
        AND d.batch_id <= %(last_batch)s
        AND d.environment = %(environment)s
        AND d.credits_sdr_id = '' AND NOT d.rejected_at_intake
      ORDER BY d.started_at DESC
      LIMIT 50)
 ) AS near
  LEFT JOIN LATERAL (
    SELECT event.at
      FROM roaming_sdrevent AS event
     WHERE event.record_id = near.id AND event.sender_id = near.sender_id
       AND event.to_state IN ('REJECTED', 'WITHDRAWN', 'SUPERSEDED')
 ) AS died ON true
  LEFT JOIN roaming_sdrlink AS link
    ON link.original_id = near.id AND link.linked_at = died.at
  LEFT JOIN roaming_sdr AS killer ON killer.id = link.record_id
