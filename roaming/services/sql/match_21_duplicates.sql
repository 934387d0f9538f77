-- Tell the counter-records that say again what an earlier one of the same CSP says.
-- Grain:      one row per repeated counter-record.
-- Parameters: start_s.
-- Holds:      the earlier one has the smaller id and the same session or authorization, and starts
--             within start_s seconds; the parts of a split session do not. The first of all is named.
-- Beware:     two joins, not one with OR: that compared every record with every other.
INSERT INTO match_pair (counter_id, step, told, duplicate_of_id)
SELECT id, 0, 'DUPLICATE', min(earlier_id::text)::uuid
  FROM (SELECT counter.id, earlier.id AS earlier_id
          FROM match_counter AS counter
          JOIN match_counter AS earlier
            ON earlier.csp_id = counter.csp_id AND earlier.cso_id = counter.cso_id
           AND earlier.service_session_id = counter.service_session_id
           AND earlier.id < counter.id
           AND abs(extract(epoch FROM earlier.started_at - counter.started_at)) <= %(start_s)s
         WHERE counter.is_open AND counter.service_session_id <> ''
         UNION ALL
        SELECT counter.id, earlier.id
          FROM match_counter AS counter
          JOIN match_counter AS earlier
            ON earlier.csp_id = counter.csp_id AND earlier.cso_id = counter.cso_id
           AND earlier.authorization_reference = counter.authorization_reference
           AND earlier.id < counter.id
           AND abs(extract(epoch FROM earlier.started_at - counter.started_at)) <= %(start_s)s
         WHERE counter.is_open AND counter.authorization_reference <> '') AS repeated
 GROUP BY id
