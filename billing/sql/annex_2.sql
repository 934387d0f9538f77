-- The SDR annex in its second form, with site, supply month and what the record corrects: every
-- cleared record of a window, once for each partner that it concerns.
-- Grain:      one CSV row per partner and record, after the partner's id as a first column that
--             the reader cuts off.
-- Parameters: window_id; partner_id (NULL: of all partners); digits of the window's currency.
-- Promise:    the same rows give the same bytes, whenever and however often: order and spelling
--             are fixed here. Statements freeze the hash, so a change of form is a new file.
--             No contract id. Text from outside never starts a spreadsheet formula.
COPY (
    WITH sides AS (
        SELECT seller_partner_id AS partner_id,
               CASE WHEN seller_partner_id = buyer_partner_id THEN 'OWN' ELSE 'SOLD' END
                   AS direction,
               cleared.*
          FROM billing_clearedsdr AS cleared
         WHERE window_id = %(window_id)s
         UNION ALL
        SELECT buyer_partner_id, 'BOUGHT', cleared.*
          FROM billing_clearedsdr AS cleared
         WHERE window_id = %(window_id)s AND seller_partner_id <> buyer_partner_id
    )
    SELECT side.partner_id,
           regexp_replace(sdr.sdr_id, E'^[=+@\t\r\n-]', E'''\\&') AS sdr_id,
           regexp_replace(nullif(sdr.service_session_id, ''), E'^[=+@\t\r\n-]', E'''\\&'),
           seller.country_code || '*' || seller.party_id AS cso,
           buyer.country_code || '*' || buyer.party_id AS csp,
           side.direction,
           regexp_replace(
               coalesce(nullif(sdr.evse_id, ''), nullif(sdr.evse_id_received, '')),
               E'^[=+@\t\r\n-]', E'''\\&'
           ) AS evse_id,
           nullif(sdr.pseudonym, '') AS pseudonym,
           to_char(sdr.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'),
           to_char(sdr.ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'),
           trim_scale(side.energy_kwh),
           trim_scale(item.energy),
           trim_scale(item.time),
           trim_scale(item.parking),
           trim_scale(item.reservation),
           trim_scale(item.fee),
           round(side.claim_minor / 10::numeric ^ %(digits)s, %(digits)s),
           round(side.commission_minor / 10::numeric ^ %(digits)s, %(digits)s),
           round(side.payout_minor / 10::numeric ^ %(digits)s, %(digits)s),
           side.currency,
           agreement.price_basis,
           agreement.acceptance,
           regexp_replace(nullif(sdr.location_name, ''), E'^[=+@\t\r\n-]', E'''\\&') AS site,
           regexp_replace(nullif(sdr.location_city, ''), E'^[=+@\t\r\n-]', E'''\\&') AS city,
           regexp_replace(nullif(sdr.location_country, ''), E'^[=+@\t\r\n-]', E'''\\&') AS country,
           to_char(coalesce(side.supply_month, side.ended_at AT TIME ZONE owner.time_zone), 'YYYY-MM')
               AS supply_month,
           CASE WHEN side.ended_at < win.supply_starts_at THEN 'true' ELSE 'false' END AS is_late,
           regexp_replace(
               nullif(sdr.authorization_method, ''), E'^[=+@\t\r\n-]', E'''\\&'
           ) AS authorization_method,
           regexp_replace(nullif(sdr.tariff_id, ''), E'^[=+@\t\r\n-]', E'''\\&') AS tariff_id,
           trim_scale(round(
               extract(epoch FROM sdr.charging_ended_at - sdr.charging_started_at) / 60, 2
           )) AS charging_minutes,
           regexp_replace(
               nullif(sdr.credits_sdr_id, ''), E'^[=+@\t\r\n-]', E'''\\&'
           ) AS credits_sdr_id,
           CASE WHEN side.corrects_id IS NULL THEN 'false' ELSE 'true' END AS is_correction
      FROM sides AS side
      JOIN roaming_sdr AS sdr ON sdr.sender_id = side.sender_id AND sdr.id = coalesce(side.corrects_id, side.id)
      JOIN billing_clearingwindow AS win ON win.id = side.window_id
      JOIN partners_settlementgroup AS owner ON owner.id = win.group_id
      JOIN partners_party AS seller ON seller.id = side.seller_id
      JOIN partners_party AS buyer ON buyer.id = side.buyer_id
      JOIN partners_roamingagreement AS agreement ON agreement.id = side.agreement_id
     CROSS JOIN LATERAL (
        SELECT sum(amount) FILTER (WHERE kind = 'ENERGY') AS energy,
               sum(amount) FILTER (WHERE kind = 'TIME') AS time,
               sum(amount) FILTER (WHERE kind = 'PARKING') AS parking,
               sum(amount) FILTER (WHERE kind = 'RESERVATION') AS reservation,
               sum(amount) FILTER (WHERE kind = 'FEE') AS fee
          FROM unnest(sdr.item_kinds, sdr.item_amounts) AS item (kind, amount)
     ) AS item
     WHERE %(partner_id)s::uuid IS NULL OR side.partner_id = %(partner_id)s::uuid
     ORDER BY side.partner_id, side.ended_at, side.id
) TO STDOUT WITH (FORMAT csv, DELIMITER ';', ENCODING 'UTF8')
