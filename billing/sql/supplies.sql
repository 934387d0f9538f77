-- What was supplied in a window, as fine as VAT looks at it.
-- Grain:      one row per owner of the seller and of the buyer at service end, day of service end
--             in the group's time zone, kind, country of charging, price basis, and whether of credits;
--             zeros left out.
-- Parameters: window_id, time_zone.
-- Promise:    Σ amount of a pair is what the buyer owes (claim, or payout where the commission is
--             the buyer's). Own network supplies nothing. Twin: rules.cleared.supplies_of.
WITH owed AS (
    SELECT seller_partner_id, buyer_partner_id, charge_country_code, price_basis, energy_kwh,
           (ended_at AT TIME ZONE %(time_zone)s)::date AS tax_date,
           CASE WHEN commission_beneficiary = 'BUYER' THEN payout_minor
                ELSE claim_minor END AS owed,
           parking_minor, reservation_minor,
           claim_minor < 0 OR energy_kwh < 0 AS is_credit
      FROM billing_clearedsdr
     WHERE window_id = %(window_id)s AND seller_partner_id <> buyer_partner_id
)
SELECT seller_partner_id, buyer_partner_id, tax_date, kind, charge_country_code, price_basis,
       count(*) FILTER (WHERE kind = 'ELECTRICITY') AS sdrs,
       sum(CASE WHEN kind = 'ELECTRICITY' THEN energy_kwh ELSE 0 END) AS energy_kwh,
       sum(amount)::bigint AS amount_minor,
       is_credit
  FROM owed
 CROSS JOIN LATERAL (VALUES ('ELECTRICITY', owed - parking_minor - reservation_minor),
                            ('PARKING', parking_minor),
                            ('RESERVATION', reservation_minor)) AS part (kind, amount)
 WHERE amount <> 0 OR kind = 'ELECTRICITY'
 GROUP BY 1, 2, 3, 4, 5, 6, is_credit
 ORDER BY 1, 2, 3, 4, 5, 6, is_credit
