-- The days of receipt (UTC) of records to which something happened since the last preparation.
-- Grain:      one row per day.
-- Parameters: since: events from then on; first, last: days that are prepared at all.
-- Promise:    the day is that of the record's UUIDv7, whose first 48 bits are milliseconds.
SELECT DISTINCT (timezone('UTC', to_timestamp(
           ('x' || left(translate(event.record_id::text, '-', ''), 12))::bit(48)::bigint / 1000.0
       )))::date AS day
  FROM roaming_sdrevent AS event
 WHERE event.at >= %(since)s
   AND event.record_id >= clearinghouse_uuid_floor(timezone('UTC', %(first)s::timestamp))
   AND event.record_id < clearinghouse_uuid_floor(timezone('UTC', %(last)s::timestamp + interval '1 day'))
 ORDER BY day
