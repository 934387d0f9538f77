-- What the seller's other tariffs cost a buyer where a new one is to begin: each price list once.
-- Grain:      one row per price list, the newest first, with one of its versions and how many of
--             the tariffs have it; one row without a version where none counts.
-- Parameters: seller_id, currency, tariff_id (the new one), buyer_id, at, spared and limit (which
--             of the tariffs, the newest first), names (fields of a tariff that price nothing).
-- Promise:    of each tariff the version that counts for the buyer at that time, and no other.
WITH others AS (
    SELECT id
      FROM roaming_tariff
     WHERE seller_id = %(seller_id)s AND currency = %(currency)s AND id <> %(tariff_id)s
     ORDER BY id DESC
    OFFSET %(spared)s LIMIT %(limit)s
), counting AS (
    SELECT told.id, md5((told.content - %(names)s::text[])::text) AS prices
      FROM others
     CROSS JOIN LATERAL (
           SELECT version.id, version.content
             FROM roaming_tariffversion AS version
             LEFT JOIN roaming_tariffnotice AS notice
               ON notice.version_id = version.id AND notice.buyer_id = %(buyer_id)s
            WHERE version.tariff_id = others.id AND version.unusable_reason = ''
              AND coalesce(notice.counts_from_at, version.valid_from_at) <= %(at)s
            ORDER BY version.version DESC LIMIT 1) AS told
), priced AS (
    SELECT (array_agg(id ORDER BY id DESC))[1] AS id, count(*) AS tariffs
      FROM counting
     GROUP BY prices
)
SELECT (SELECT count(*) FROM others) AS looked_at, priced.id, priced.tariffs
  FROM (SELECT 1) AS one
  LEFT JOIN priced ON true
 ORDER BY priced.id DESC
