-- Open the accounts that the transfers of a window need and that are missing.
-- Grain:      one row per partner of the window (1300; CCP: 1200 and 2100) and per account of the
--             house (4100; CCP: 4000 and 5000).
-- Parameters: window_id, house_id, is_ccp; ids (UUIDs, at least one per row).
-- Promise:    an account is one per code, partner, currency, environment and country.
WITH side AS (
    SELECT DISTINCT side.partner_id, cleared.currency, cleared.environment
      FROM billing_clearedsdr AS cleared
     CROSS JOIN LATERAL (VALUES (seller_partner_id), (buyer_partner_id)) AS side (partner_id)
     WHERE cleared.window_id = %(window_id)s
), needed AS (
    SELECT code, partner_id, currency, environment
      FROM side
     CROSS JOIN unnest(CASE WHEN %(is_ccp)s THEN ARRAY['1200', '2100'] ELSE ARRAY['1300'] END)
                AS code
     UNION
    SELECT code, %(house_id)s::uuid, currency, environment
      FROM side
     CROSS JOIN unnest(CASE WHEN %(is_ccp)s THEN ARRAY['4000', '4100', '5000']
                            ELSE ARRAY['4100'] END) AS code
), numbered AS (
    SELECT needed.*, row_number() OVER (ORDER BY partner_id, code) AS place FROM needed
)
INSERT INTO billing_account
      (id, code, partner_id, currency, environment, country_code)
SELECT id.id, code, partner_id, currency, environment, ''
  FROM numbered
  JOIN unnest(%(ids)s::uuid[]) WITH ORDINALITY AS id (id, place) USING (place)
 ORDER BY partner_id, code
    ON CONFLICT DO NOTHING
