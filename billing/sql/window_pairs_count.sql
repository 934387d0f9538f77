-- How many pairs of parties, with their owners at service end, a window has.
-- Grain:      one row.
-- Parameters: window_id.
-- Promise:    a window without a record has zero.
SELECT count(*)
  FROM (SELECT FROM billing_clearedsdr
         WHERE window_id = %(window_id)s
         GROUP BY seller_id, buyer_id, seller_partner_id, buyer_partner_id) AS pair
