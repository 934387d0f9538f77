-- Live sessions on the EVSEs and of the contracts of one chunk, near in time to its own.
-- Grain: one row per record and wanted window; the reader drops doubles.
-- Parameters: evses, contracts, oldest, environment, is_past (the dead by now too), more.
-- Promise: on an EVSE all that ran in the window, whenever they began, and the last 20 that ended
-- in the month before it; of a contract all that began in its window. A window that thousands
-- share is cut to its latest 2,000. Only records of the same environment; no credits. A record
-- cannot be received before it started, so the ids' own time prunes older partitions.
-- The state is asked row by row: at a month's start no statistics tell the planner that a join
-- by hash would read all states for every window.
WITH wanted_evses AS (
    SELECT * FROM json_to_recordset(%(evses)s::json)
        AS wanted (evse_id text, since timestamptz, until timestamptz)
), wanted_contracts AS (
    SELECT * FROM json_to_recordset(%(contracts)s::json)
        AS wanted (pseudonym text, since timestamptz, until timestamptz)
)
SELECT near.*
  FROM wanted_evses AS wanted
 CROSS JOIN LATERAL (
    (SELECT d.seller_id, d.sender_id, d.sdr_id, d.service_session_id, d.split_no, d.replaces_sdr_id,
            d.authorization_reference, d.evse_id, d.pseudonym, d.started_at, d.ended_at,
            d.energy_kwh, d.meter_id, d.meter_end_kwh, d.id
       FROM roaming_sdr AS d
      WHERE d.evse_id = wanted.evse_id AND d.evse_id <> ''
        AND d.ended_at > wanted.since AND d.ended_at < wanted.until + interval '7 days'
        AND d.started_at < wanted.until
        AND d.id >= clearinghouse_uuid_floor(%(oldest)s)
        AND d.environment = %(environment)s
        AND d.credits_sdr_id = '' AND NOT d.rejected_at_intake
        AND (%(is_past)s OR (SELECT state.state FROM roaming_sdrstate AS state WHERE state.id = d.id)
             NOT IN ('REJECTED', 'WITHDRAWN', 'SUPERSEDED'))
      ORDER BY d.ended_at DESC
      LIMIT 2000 * %(more)s)
    UNION ALL
    (SELECT d.seller_id, d.sender_id, d.sdr_id, d.service_session_id, d.split_no, d.replaces_sdr_id,
            d.authorization_reference, d.evse_id, d.pseudonym, d.started_at, d.ended_at,
            d.energy_kwh, d.meter_id, d.meter_end_kwh, d.id
       FROM roaming_sdr AS d
      WHERE d.evse_id = wanted.evse_id AND d.evse_id <> ''
        AND d.ended_at <= wanted.since AND d.ended_at > wanted.since - interval '30 days'
        AND d.id >= clearinghouse_uuid_floor(%(oldest)s)
        AND d.environment = %(environment)s
        AND d.credits_sdr_id = '' AND NOT d.rejected_at_intake
        AND (%(is_past)s OR (SELECT state.state FROM roaming_sdrstate AS state WHERE state.id = d.id)
             NOT IN ('REJECTED', 'WITHDRAWN', 'SUPERSEDED'))
      ORDER BY d.ended_at DESC
      LIMIT 20 * %(more)s)
 ) AS near
UNION ALL
SELECT near.*
  FROM wanted_contracts AS wanted
 CROSS JOIN LATERAL (
    SELECT d.seller_id, d.sender_id, d.sdr_id, d.service_session_id, d.split_no, d.replaces_sdr_id,
           d.authorization_reference, d.evse_id, d.pseudonym, d.started_at, d.ended_at,
           d.energy_kwh, d.meter_id, d.meter_end_kwh, d.id
      FROM roaming_sdr AS d
     WHERE d.pseudonym = wanted.pseudonym AND d.pseudonym <> ''
       AND d.started_at BETWEEN wanted.since AND wanted.until
       AND d.id >= clearinghouse_uuid_floor(%(oldest)s)
       AND d.environment = %(environment)s
       AND d.credits_sdr_id = '' AND NOT d.rejected_at_intake
       AND (%(is_past)s OR (SELECT state.state FROM roaming_sdrstate AS state WHERE state.id = d.id)
             NOT IN ('REJECTED', 'WITHDRAWN', 'SUPERSEDED'))
     ORDER BY d.started_at DESC
     LIMIT 2000 * %(more)s
 ) AS near
