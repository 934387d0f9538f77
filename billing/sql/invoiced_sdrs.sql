-- What each cleared record brings to an invoice: one row per record and kind.
-- Grain:      record × leg × kind; a record whose kind nobody asked for is left out.
-- Parameters: asked (JSON rows: invoice_id, window_id, seller_id and buyer_id (NULL: any), leg,
--             price_basis, is_credit, kind, country, day), time_zone.
-- Promise:    Σ amount of an invoice is its net (its gross where prices include tax) but for price
--             reductions of its pair, signed as cleared. Twin: rules.invoicing.records.
INSERT INTO billing_invoicedsdr (invoice_id, sdr_id, leg, kind, amount_minor)
WITH asked AS (
    SELECT *
      FROM jsonb_to_recordset(%(asked)s::jsonb)
        AS row (invoice_id uuid, window_id uuid, seller_id uuid, buyer_id uuid, leg text,
                price_basis text, is_credit boolean, kind text, country text, day date)
), owed AS (
    SELECT id, window_id, seller_partner_id, buyer_partner_id, charge_country_code, price_basis,
           (ended_at AT TIME ZONE %(time_zone)s)::date AS day,
           claim_minor < 0 OR energy_kwh < 0 AS is_credit,
           CASE WHEN commission_beneficiary = 'BUYER' THEN payout_minor
                ELSE claim_minor END AS owed,
           parking_minor, reservation_minor
      FROM billing_clearedsdr
     WHERE window_id IN (SELECT window_id FROM asked)
       AND seller_partner_id <> buyer_partner_id
)
SELECT asked.invoice_id, owed.id, asked.leg, part.kind, part.amount
  FROM owed
 CROSS JOIN LATERAL (VALUES ('ELECTRICITY', owed - parking_minor - reservation_minor),
                            ('PARKING', parking_minor),
                            ('RESERVATION', reservation_minor)) AS part (kind, amount)
  JOIN asked
    ON asked.window_id = owed.window_id
   AND (asked.seller_id IS NULL OR asked.seller_id = owed.seller_partner_id)
   AND (asked.buyer_id IS NULL OR asked.buyer_id = owed.buyer_partner_id)
   AND asked.price_basis = owed.price_basis
   AND asked.is_credit = owed.is_credit
   AND asked.kind = part.kind
   AND asked.country = owed.charge_country_code
   AND asked.day = owed.day
 WHERE part.amount <> 0 OR part.kind = 'ELECTRICITY'
 ORDER BY owed.id, asked.leg, part.kind
