-- Locations without a place, or far from where their country's other locations are.
-- Grain:      one row per location.
-- Parameters: environment, csos (ids; empty: all), degrees (how far is too far), limit.
-- Promise:    ``total`` counts all such locations, whatever the limit.
WITH middle AS (
    SELECT country_code,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY latitude) AS latitude,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY longitude) AS longitude
      FROM roaming_location
     WHERE environment = %(environment)s
       AND latitude IS NOT NULL
     GROUP BY country_code
)
SELECT cso.country_code || '*' || cso.party_id AS cso,
       place.location_id,
       place.country_code,
       place.latitude,
       place.longitude,
       count(*) OVER () AS total
  FROM roaming_location AS place
  JOIN partners_party AS cso ON cso.id = place.cso_id
  LEFT JOIN middle ON middle.country_code = place.country_code
 WHERE place.environment = %(environment)s
   AND place.removed_at IS NULL
   AND (cardinality(%(csos)s::uuid[]) = 0 OR place.cso_id = ANY (%(csos)s::uuid[]))
   AND (place.latitude IS NULL
        OR abs(place.latitude - middle.latitude) > %(degrees)s
        OR abs(place.longitude - middle.longitude) > %(degrees)s)
 ORDER BY cso, place.location_id
 LIMIT %(limit)s
