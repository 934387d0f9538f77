-- The active invoices whose records are taken back by the credits of a credit note to be.
-- Grain:      one row per credit note and invoice, in the order of their numbers.
-- Parameters: asked (as in invoiced_sdrs.sql; invoice_id is that of the credit note to be),
--             time_zone.
-- Promise:    a credit finds its original by its link, a correction by what it corrects.
WITH asked AS (
    SELECT *
      FROM jsonb_to_recordset(%(asked)s::jsonb)
        AS row (invoice_id uuid, window_id uuid, seller_id uuid, buyer_id uuid, leg text,
                price_basis text, is_credit boolean, kind text, country text, day date)
), credits AS (
    SELECT DISTINCT asked.invoice_id, asked.leg, asked.kind,
           coalesce(cleared.corrects_id, link.original_id) AS original_id
      FROM billing_clearedsdr AS cleared
      JOIN asked
        ON asked.window_id = cleared.window_id
       AND (asked.seller_id IS NULL OR asked.seller_id = cleared.seller_partner_id)
       AND (asked.buyer_id IS NULL OR asked.buyer_id = cleared.buyer_partner_id)
       AND asked.price_basis = cleared.price_basis
       AND asked.country = cleared.charge_country_code
       AND asked.day = (cleared.ended_at AT TIME ZONE %(time_zone)s)::date
      LEFT JOIN roaming_sdrlink AS link ON link.record_id = cleared.id AND link.kind = 'CREDIT'
     WHERE asked.is_credit AND (cleared.claim_minor < 0 OR cleared.energy_kwh < 0)
       AND cleared.seller_partner_id <> cleared.buyer_partner_id
)
SELECT DISTINCT credits.invoice_id, invoice.id, invoice.number, invoice.issue_date
  FROM credits
  JOIN billing_invoicedsdr AS stands
    ON stands.sdr_id = credits.original_id AND stands.leg = credits.leg
   AND stands.kind = credits.kind AND stands.released_at IS NULL
  JOIN billing_invoice AS invoice ON invoice.id = stands.invoice_id
 ORDER BY credits.invoice_id, invoice.issue_date, invoice.number
