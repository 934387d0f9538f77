-- The cleared records of a window as far as fees look at them.
-- Grain:      one row per cleared SDR.
-- Parameters: window_id, time_zone.
-- Promise:    the columns are the fields of rules.fees.facts.FeeRecord. A credit counts for the
--             month of its own service end, which is its original's. Late: cleared into a window
--             that began after the service had ended. Twin: rules.cleared.fee_record_of.
SELECT cleared.id, seller_partner_id AS seller, buyer_partner_id AS buyer,
       (ended_at AT TIME ZONE %(time_zone)s)::date AS service_date,
       CASE WHEN commission_beneficiary = 'BUYER' THEN payout_minor ELSE claim_minor END
           AS amount_minor,
       energy_kwh,
       claim_minor < 0 OR energy_kwh < 0 AS is_credit,
       ended_at < win.supply_starts_at AND corrects_id IS NULL AS is_late,
       false AS is_house_fault,
       corrects_id IS NOT NULL AND claim_minor >= 0 AS is_correction
  FROM billing_clearedsdr AS cleared
  JOIN billing_clearingwindow AS win ON win.id = cleared.window_id
 WHERE cleared.window_id = %(window_id)s
 ORDER BY cleared.id
