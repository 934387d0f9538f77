-- Sessions that are over, and no record of them came in the time agreed.
-- Grain:      one row per CSO, CSP, owner of the CSO and day (UTC) on which they were over.
-- Parameters: now, since (no session told before it is looked at), usual_days, longest_days (where
--             the agreement does not say when a record is late, and when it is refused),
--             counted_from: sessions over since then are told too when no record can come any more.
-- Holds:      a session whose record was taken back or credited was billed once; pairs that settle
--             directly send none. The twin of the times is roaming/rules/unbilled.py.
WITH over AS (
    SELECT session.id, session.cso_id, session.csp_id,
           coalesce(session.ended_at, session.updated_at) AS over_at,
           coalesce(session.started_at, session.updated_at) AS started_at
      FROM roaming_servicesession AS session
     WHERE session.state = 'COMPLETED' AND session.csp_id IS NOT NULL
       AND session.updated_at > %(since)s AND session.updated_at <= %(now)s
)
SELECT over.cso_id, over.csp_id, owned.partner_id, timezone('UTC', over.over_at)::date AS day,
       count(*) FILTER (WHERE late.is_awaited), min(over.over_at) FILTER (WHERE late.is_awaited),
       count(*)
  FROM over
  LEFT JOIN LATERAL
       (SELECT version.mode, version.warn_after_days, version.refuse_after_days
          FROM partners_roamingagreement AS version
         WHERE version.seller_id = over.cso_id AND version.buyer_id = over.csp_id
           AND version.service_class = 'CHARGING' AND version.in_force_at IS NOT NULL
           AND version.starts_at <= over.started_at
           AND (version.ends_at IS NULL OR over.started_at < version.ends_at)
         ORDER BY version.mode = 'DIRECT', version.starts_at DESC, version.id
         LIMIT 1) AS agreed ON true
  LEFT JOIN partners_partyownership AS owned
    ON owned.party_id = over.cso_id AND owned.starts_at <= over.over_at
   AND (owned.ends_at IS NULL OR owned.ends_at > over.over_at)
 CROSS JOIN LATERAL
       (SELECT over.over_at > %(now)s::timestamptz
               - make_interval(days => coalesce(agreed.refuse_after_days, %(longest_days)s)::int)
               AS is_awaited) AS late
 WHERE agreed.mode IS DISTINCT FROM 'DIRECT'
   AND over.over_at <= %(now)s::timestamptz
       - make_interval(days => coalesce(agreed.warn_after_days, %(usual_days)s)::int)
   AND (late.is_awaited OR over.over_at >= %(counted_from)s)
   AND NOT EXISTS
       (SELECT FROM roaming_sessionalias AS named
          JOIN roaming_sessionkey AS live
            ON live.cso_id = over.cso_id AND live.session_id = named.alias
         WHERE named.session_id = over.id AND named.party_id = over.cso_id)
   AND NOT EXISTS
       (SELECT FROM roaming_sessionalias AS named
          JOIN roaming_sdr AS sdr
            ON sdr.seller_id = over.cso_id AND sdr.service_session_id = named.alias
           AND sdr.ended_at >= over.over_at - interval '2 days'
           AND sdr.ended_at <= over.over_at + interval '2 days'
          JOIN roaming_sdrstate AS state ON state.id = sdr.id AND state.state <> 'REJECTED'
         WHERE named.session_id = over.id AND named.party_id = over.cso_id)
 GROUP BY over.cso_id, over.csp_id, owned.partner_id, day
