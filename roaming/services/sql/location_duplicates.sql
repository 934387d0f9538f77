-- EVSE ids that are told more than once among EVSEs that are not removed.
-- Grain:      one row per EVSE id, the most often told first.
-- Parameters: environment, csos (ids; empty: all), limit.
-- Promise:    ``total`` counts all such ids, whatever the limit.
SELECT evse.evse_id,
       count(*) AS told,
       count(DISTINCT evse.cso_id) AS csos,
       count(DISTINCT evse.status) AS statuses,
       array_agg(DISTINCT place.location_id ORDER BY place.location_id) AS locations,
       count(*) OVER () AS total
  FROM roaming_locationevse AS evse
  JOIN roaming_location AS place ON place.id = evse.location_id
 WHERE evse.evse_id <> ''
   AND evse.status <> 'REMOVED'
   AND place.environment = %(environment)s
   AND (cardinality(%(csos)s::uuid[]) = 0 OR evse.cso_id = ANY (%(csos)s::uuid[]))
 GROUP BY evse.evse_id
HAVING count(*) > 1
 ORDER BY count(*) DESC, evse.evse_id
 LIMIT %(limit)s
