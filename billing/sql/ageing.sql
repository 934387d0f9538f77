-- What is open of issued positions, by how long it is past due.
-- Grain:      one row per partner, currency and side (PAYS: the partner owes it; GETS: it is owed).
-- Parameters: today; environment; partner_id (NULL: any); as_of (NULL: as it stands now).
-- Promise:    five buckets that add up to what is open: not due (or without a day), 1 to 30, 31 to
--             60, 61 to 90 and more days past due. What is settled in full is left out. As of an
--             instant: what was issued by then, less what was settled by then; each change of what
--             is settled has an event with its amount.
--             Twin: rules.ageing.aged.
WITH money AS (
    SELECT position_id, due_minor, due_date,
           settled_minor - coalesce((
               SELECT sum(event.amount_minor)
                 FROM billing_positionevent AS event
                WHERE event.position_id = now.position_id AND event.at > %(as_of)s::timestamptz
           ), 0)::bigint AS settled_minor
      FROM billing_positionstate AS now
), open AS (
    SELECT position.partner_id, settlement.currency,
           CASE WHEN money.due_minor < 0 THEN 'PAYS' ELSE 'GETS' END AS side,
           abs(money.due_minor) - money.settled_minor AS amount,
           coalesce(%(today)s::date - money.due_date, 0) AS days
      FROM money
      JOIN billing_position AS position ON position.id = money.position_id
      JOIN billing_settlement AS settlement ON settlement.id = position.settlement_id
      JOIN partners_partner AS partner ON partner.id = position.partner_id
     WHERE settlement.environment = %(environment)s
       AND NOT partner.is_clearing_house
       AND abs(money.due_minor) > money.settled_minor
       AND (%(as_of)s::timestamptz IS NULL OR settlement.issued_at <= %(as_of)s::timestamptz)
       AND (%(partner_id)s::uuid IS NULL OR position.partner_id = %(partner_id)s::uuid)
)
SELECT partner_id, currency, side, count(*) AS items,
       coalesce(sum(amount) FILTER (WHERE days < 1), 0)::bigint AS not_due_minor,
       coalesce(sum(amount) FILTER (WHERE days BETWEEN 1 AND 30), 0)::bigint AS to_30_minor,
       coalesce(sum(amount) FILTER (WHERE days BETWEEN 31 AND 60), 0)::bigint AS to_60_minor,
       coalesce(sum(amount) FILTER (WHERE days BETWEEN 61 AND 90), 0)::bigint AS to_90_minor,
       coalesce(sum(amount) FILTER (WHERE days > 90), 0)::bigint AS over_90_minor
  FROM open
 GROUP BY 1, 2, 3
 ORDER BY 2, 3, 1
