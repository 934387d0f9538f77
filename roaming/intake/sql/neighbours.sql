-- Live sessions on the EVSEs and of the contracts of one chunk, near the chunk's days.
-- Grain: one row per record and wanted key; the reader drops doubles.
-- Parameters: wanted, oldest, environment, is_past (those that are dead by now too), more.
-- Promise: at most 30 rows per EVSE and window, 10 per contract and window, newest first; only
-- records of the same environment; no credits. A record cannot be received before it started,
-- so the ids' own time prunes older partitions.
SELECT near.*
  FROM json_to_recordset(%(wanted)s::json)
       AS wanted (evse_id text, pseudonym text, since timestamptz, until timestamptz)
 CROSS JOIN LATERAL (
    (SELECT d.seller_id, d.sender_id, d.sdr_id, d.service_session_id, d.replaces_sdr_id,
            d.evse_id, d.pseudonym, d.started_at, d.ended_at, d.energy_kwh, d.meter_id,
            d.meter_end_kwh, d.id
       FROM roaming_sdr AS d
       JOIN roaming_sdrstate AS s ON s.id = d.id
      WHERE d.evse_id = wanted.evse_id AND d.evse_id <> ''
        AND d.started_at BETWEEN wanted.since AND wanted.until
        AND d.id >= clearinghouse_uuid_floor(%(oldest)s)
        AND d.environment = %(environment)s
        AND d.credits_sdr_id = '' AND NOT d.rejected_at_intake
        AND (%(is_past)s OR s.state NOT IN ('REJECTED', 'WITHDRAWN', 'SUPERSEDED'))
      ORDER BY d.started_at DESC
      LIMIT 30 * %(more)s)
    UNION ALL
    (SELECT d.seller_id, d.sender_id, d.sdr_id, d.service_session_id, d.replaces_sdr_id,
            d.evse_id, d.pseudonym, d.started_at, d.ended_at, d.energy_kwh, d.meter_id,
            d.meter_end_kwh, d.id
       FROM roaming_sdr AS d
       JOIN roaming_sdrstate AS s ON s.id = d.id
      WHERE d.pseudonym = wanted.pseudonym AND d.pseudonym <> ''
        AND d.started_at BETWEEN wanted.since AND wanted.until
        AND d.id >= clearinghouse_uuid_floor(%(oldest)s)
        AND d.environment = %(environment)s
        AND d.credits_sdr_id = '' AND NOT d.rejected_at_intake
        AND (%(is_past)s OR s.state NOT IN ('REJECTED', 'WITHDRAWN', 'SUPERSEDED'))
      ORDER BY d.started_at DESC
      LIMIT 10 * %(more)s)
 ) AS near
