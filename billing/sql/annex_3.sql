-- The SDR annex in its third form, with taxes, tariff version, parking time and invoice: every
-- cleared record of a window, once for each partner that it concerns.
-- Grain:      one CSV row per partner and record, after the partner's id as a first column that
--             the reader cuts off.
-- Parameters: window_id; settlement_id, whose taxes and invoices are told; as_of, the instant of
--             issue; partner_id (NULL: of all partners); digits of the window's currency.
-- Promise:    the same rows give the same bytes, whenever and however often: order and spelling
--             are fixed here. Statements freeze the hash, so a change of form is a new file.
--             What came after as_of (an invoice that was reported, a new price) is not told.
--             A record taxed in parts has their categories, rates and invoices with / between.
--             No contract id. Text from outside never starts a spreadsheet formula.
COPY (
    WITH owner AS (
        SELECT owner.time_zone, owner.model = 'CCP' AS is_ccp, win.supply_starts_at,
               (SELECT id FROM partners_partner WHERE is_clearing_house) AS house_id
          FROM billing_clearingwindow AS win
          JOIN partners_settlementgroup AS owner ON owner.id = win.group_id
         WHERE win.id = %(window_id)s
    ), sides AS (
        SELECT seller_partner_id AS partner_id,
               CASE WHEN seller_partner_id = buyer_partner_id THEN 'OWN' ELSE 'SOLD' END
                   AS direction,
               CASE WHEN owner.is_ccp THEN 'BOUGHT' ELSE 'DIRECT' END AS leg,
               seller_partner_id AS supplier_id,
               CASE WHEN owner.is_ccp THEN owner.house_id ELSE buyer_partner_id END AS customer_id,
               cleared.*
          FROM billing_clearedsdr AS cleared
         CROSS JOIN owner
         WHERE window_id = %(window_id)s
           AND (%(partner_id)s::uuid IS NULL OR seller_partner_id = %(partner_id)s::uuid)
         UNION ALL
        SELECT buyer_partner_id, 'BOUGHT',
               CASE WHEN owner.is_ccp THEN 'SOLD' ELSE 'DIRECT' END,
               CASE WHEN owner.is_ccp THEN owner.house_id ELSE seller_partner_id END,
               buyer_partner_id, cleared.*
          FROM billing_clearedsdr AS cleared
         CROSS JOIN owner
         WHERE window_id = %(window_id)s AND seller_partner_id <> buyer_partner_id
           AND (%(partner_id)s::uuid IS NULL OR buyer_partner_id = %(partner_id)s::uuid)
    ), taxed AS (
        SELECT DISTINCT supply.supplier_id, supply.customer_id, supply.price_basis,
               supply.is_credit, decided.of ->> 'kind' AS kind,
               coalesce(decided.of ->> 'charge_country', '') AS country, tax_date.day::date AS day,
               supply.category, supply.rate
          FROM billing_taxedsupply AS supply
         CROSS JOIN LATERAL jsonb_array_elements(supply.evidence) AS decided (of)
         CROSS JOIN LATERAL jsonb_array_elements_text(decided.of -> 'tax_dates') AS tax_date (day)
         WHERE supply.settlement_id = %(settlement_id)s AND supply.window_id = %(window_id)s
           AND NOT supply.is_service
    ), parts AS (
        SELECT side.id, side.direction, taxed.category, taxed.rate, min(part.place) AS place
          FROM sides AS side
         CROSS JOIN owner
         CROSS JOIN LATERAL (
            VALUES (1, 'ELECTRICITY',
                    CASE WHEN side.commission_beneficiary = 'BUYER' THEN side.payout_minor
                         ELSE side.claim_minor END - side.parking_minor - side.reservation_minor),
                   (2, 'PARKING', side.parking_minor),
                   (3, 'RESERVATION', side.reservation_minor)
         ) AS part (place, kind, amount)
          JOIN taxed
            ON taxed.supplier_id = side.supplier_id AND taxed.customer_id = side.customer_id
           AND taxed.price_basis = side.price_basis
           AND taxed.is_credit = (side.claim_minor < 0 OR side.energy_kwh < 0)
           AND taxed.kind = part.kind AND taxed.country = side.charge_country_code
           AND taxed.day = (side.ended_at AT TIME ZONE owner.time_zone)::date
         WHERE part.amount <> 0
         GROUP BY side.id, side.direction, taxed.category, taxed.rate
    ), taxes AS (
        SELECT id, direction,
               string_agg(category, '/' ORDER BY place, category, rate) AS categories,
               string_agg(trim_scale(rate)::text, '/' ORDER BY place, category, rate) AS rates
          FROM parts
         GROUP BY id, direction
    ), invoices AS (
        SELECT stands.sdr_id, stands.leg,
               string_agg(DISTINCT invoice.number, '/' ORDER BY invoice.number) AS numbers
          FROM billing_invoice AS invoice
          JOIN billing_invoicedsdr AS stands ON stands.invoice_id = invoice.id
         WHERE invoice.settlement_id = %(settlement_id)s AND invoice.document_id IS NOT NULL
           AND invoice.created_at <= %(as_of)s
         GROUP BY stands.sdr_id, stands.leg
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
           CASE WHEN side.ended_at < owner.supply_starts_at THEN 'true' ELSE 'false' END AS is_late,
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
           CASE WHEN side.corrects_id IS NULL THEN 'false' ELSE 'true' END AS is_correction,
           taxes.categories AS vat_category,
           taxes.rates AS vat_rate,
           rated.version AS tariff_version,
           trim_scale(round(coalesce(
               item.parking_h * 60,
               extract(epoch FROM sdr.ended_at - sdr.charging_ended_at) / 60
           ), 2)) AS parking_minutes,
           regexp_replace(invoices.numbers, E'^[=+@\t\r\n-]', E'''\\&') AS invoice_number,
           CASE WHEN invoices.numbers IS NOT NULL THEN NULL
                WHEN side.direction = 'OWN' THEN 'OWN_NETWORK'
                WHEN NOT side.is_billed THEN 'NOT_BILLED'
                WHEN taxes.categories IS NULL THEN 'NOT_TAXED_HERE'
                ELSE 'ISSUED_LATER' END AS invoice_note
      FROM sides AS side
      JOIN roaming_sdr AS sdr ON sdr.sender_id = side.sender_id AND sdr.id = coalesce(side.corrects_id, side.id)
     CROSS JOIN owner
      JOIN partners_party AS seller ON seller.id = side.seller_id
      JOIN partners_party AS buyer ON buyer.id = side.buyer_id
      JOIN partners_roamingagreement AS agreement ON agreement.id = side.agreement_id
     CROSS JOIN LATERAL (
        SELECT sum(amount) FILTER (WHERE kind = 'ENERGY') AS energy,
               sum(amount) FILTER (WHERE kind = 'TIME') AS time,
               sum(amount) FILTER (WHERE kind = 'PARKING') AS parking,
               sum(amount) FILTER (WHERE kind = 'RESERVATION') AS reservation,
               sum(amount) FILTER (WHERE kind = 'FEE') AS fee,
               sum(quantity) FILTER (WHERE kind = 'PARKING') AS parking_h
          FROM unnest(sdr.item_kinds, sdr.item_amounts, sdr.item_quantities)
               AS item (kind, amount, quantity)
     ) AS item
      LEFT JOIN taxes ON taxes.id = side.id AND taxes.direction = side.direction
      LEFT JOIN invoices ON invoices.sdr_id = side.id AND invoices.leg = side.leg
      LEFT JOIN LATERAL (
        SELECT version.version
          FROM roaming_sdrrating AS rating
          JOIN roaming_tariffversion AS version ON version.id = rating.tariff_version_id
         WHERE rating.record_id = sdr.id AND rating.rated_at <= side.cleared_at
         ORDER BY rating.rating_version DESC
         LIMIT 1
     ) AS rated ON true
     ORDER BY side.partner_id, side.ended_at, side.id
) TO STDOUT WITH (FORMAT csv, DELIMITER ';', ENCODING 'UTF8')
