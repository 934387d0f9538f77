-- Tariffs that EVSEs name and that their CSO has not published, or has withdrawn.
-- Grain:      one row per CSO and tariff id, the most often named first.
-- Parameters: environment, csos (ids; empty: all), limit.
-- Promise:    ``total`` counts all such ids, whatever the limit. Case does not matter.
SELECT cso.country_code || '*' || cso.party_id AS cso,
       named.tariff_id,
       count(*) AS evses,
       count(*) OVER () AS total
  FROM roaming_locationevse AS evse
  JOIN partners_party AS cso ON cso.id = evse.cso_id
 CROSS JOIN unnest(evse.tariff_ids) AS named (tariff_id)
  LEFT JOIN roaming_tariff AS tariff
    ON tariff.seller_id = evse.cso_id
   AND upper(tariff.tariff_id) = upper(named.tariff_id)
   AND tariff.withdrawn_at IS NULL
 WHERE evse.status <> 'REMOVED'
   AND cso.environment = %(environment)s
   AND (cardinality(%(csos)s::uuid[]) = 0 OR evse.cso_id = ANY (%(csos)s::uuid[]))
   AND tariff.id IS NULL
 GROUP BY cso.country_code, cso.party_id, named.tariff_id
 ORDER BY count(*) DESC, cso, named.tariff_id
 LIMIT %(limit)s
