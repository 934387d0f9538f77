-- How many pairs of parties, with their owners at service end, a window has, and how many partners.
-- Grain:      one row.
-- Parameters: window_id.
-- Promise:    a window without a record has zero of both.
WITH pair AS (
    SELECT seller_partner_id, buyer_partner_id
      FROM billing_clearedsdr
     WHERE window_id = %(window_id)s
     GROUP BY seller_id, buyer_id, seller_partner_id, buyer_partner_id
)
SELECT (SELECT count(*) FROM pair),
       (SELECT count(*)
          FROM (SELECT seller_partner_id FROM pair
                 UNION
                SELECT buyer_partner_id FROM pair) AS partner)
