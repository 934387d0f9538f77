-- Open the accounts that the transfers of a window need and that are missing.
-- Grain:      one row per partner of the window (1300), and the income of the house (4100).
-- Parameters: window_id, house_id; ids (UUIDs, at least one per row).
-- Promise:    an account is one per code, partner, currency and environment.
WITH needed AS (
    SELECT DISTINCT '1300' AS code, side.partner_id, cleared.currency, cleared.environment
      FROM billing_clearedsdr AS cleared
     CROSS JOIN LATERAL (VALUES (seller_partner_id), (buyer_partner_id)) AS side (partner_id)
     WHERE cleared.window_id = %(window_id)s
     UNION
    SELECT '4100', %(house_id)s::uuid, currency, environment
      FROM billing_clearedsdr
     WHERE window_id = %(window_id)s
), numbered AS (
    SELECT needed.*, row_number() OVER (ORDER BY partner_id, code) AS place FROM needed
)
INSERT INTO billing_account (id, code, partner_id, currency, environment, country_code)
SELECT id.id, code, partner_id, currency, environment, ''
  FROM numbered
  JOIN unnest(%(ids)s::uuid[]) WITH ORDINALITY AS id (id, place) USING (place)
 ORDER BY partner_id, code
    ON CONFLICT DO NOTHING
