-- Keep the registry that rules read in step with what a CSO tells of its locations.
-- Grain:      one row per EVSE id of the given locations that carries the CSO's own prefix.
-- Parameters: cso_id, prefix (e.g. DE*NLX*), locations, since (commissioned, where nobody says).
-- Promise:    an entry that the CSO sent itself is never touched. Of several EVSEs with one id the
--             newest that is not removed is believed. The entry has the id of the EVSE it was read
--             off first: known since then.
WITH named AS (
    SELECT DISTINCT evse_id
      FROM roaming_locationevse
     WHERE location_id = ANY (%(locations)s)
       AND starts_with(evse_id, %(prefix)s)
), told AS (
    SELECT DISTINCT ON (evse.evse_id)
           evse.id, evse.evse_id, place.location_id, place.country_code, place.time_zone,
           round(place.latitude, 6) AS latitude, round(place.longitude, 6) AS longitude,
           evse.current_type, evse.connector_types, evse.max_power_kw
      FROM named
      JOIN roaming_locationevse AS evse ON evse.evse_id = named.evse_id AND evse.evse_id <> ''
      JOIN roaming_location AS place ON place.id = evse.location_id
     WHERE evse.cso_id = %(cso_id)s
     ORDER BY evse.evse_id, evse.status = 'REMOVED', evse.updated_at DESC, evse.id
), corrected AS (
    UPDATE roaming_evse AS entry
       SET location_id = told.location_id, country_code = told.country_code,
           time_zone = told.time_zone, latitude = told.latitude, longitude = told.longitude,
           current_type = told.current_type, connector_types = told.connector_types,
           max_power_kw = told.max_power_kw
      FROM told
     WHERE entry.cso_id = %(cso_id)s
       AND entry.evse_id = told.evse_id
       AND entry.is_from_location
       AND (entry.location_id, entry.country_code, entry.time_zone, entry.latitude,
            entry.longitude, entry.current_type, entry.connector_types, entry.max_power_kw)
           IS DISTINCT FROM (told.location_id, told.country_code, told.time_zone, told.latitude,
                             told.longitude, told.current_type, told.connector_types,
                             told.max_power_kw)
)
INSERT INTO roaming_evse (
       id, cso_id, evse_id, location_id, country_code, time_zone, latitude, longitude,
       current_type, connector_types, max_power_kw, starts_at, is_from_location)
SELECT id, %(cso_id)s, evse_id, location_id, country_code, time_zone, latitude, longitude,
       current_type, connector_types, max_power_kw, %(since)s, true
  FROM told
 WHERE NOT EXISTS (SELECT
                     FROM roaming_evse AS entry
                    WHERE entry.cso_id = %(cso_id)s
                      AND entry.evse_id = told.evse_id)
 ORDER BY evse_id
    ON CONFLICT DO NOTHING
