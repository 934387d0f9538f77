-- The SDR annex: every cleared record of a window, once for each partner that it concerns.
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
           agreement.acceptance
      FROM sides AS side
      JOIN roaming_sdr AS sdr ON sdr.sender_id = side.sender_id AND sdr.id = coalesce(side.corrects_id, side.id)
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
