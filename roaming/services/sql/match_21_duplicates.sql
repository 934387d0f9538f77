-- Tell the counter-records that say again what an earlier one of the same CSP says.
-- Grain:      one row per repeated counter-record.
-- Parameters: start_s.
-- Holds:      the earlier one has the smaller id and the same session or authorization, and starts
--             within start_s seconds; the parts of a split session do not.
-- Beware:     two joins, not one with OR: that compared every record with every other.
INSERT INTO match_pair (counter_id, step, told)
SELECT counter.id, 0, 'DUPLICATE'
  FROM match_counter AS counter
  JOIN match_counter AS earlier
    ON earlier.csp_id = counter.csp_id AND earlier.cso_id = counter.cso_id
   AND earlier.service_session_id = counter.service_session_id
   AND earlier.id < counter.id
   AND abs(extract(epoch FROM earlier.started_at - counter.started_at)) <= %(start_s)s
 WHERE counter.is_open AND counter.service_session_id <> ''
 UNION
SELECT counter.id, 0, 'DUPLICATE'
  FROM match_counter AS counter
  JOIN match_counter AS earlier
    ON earlier.csp_id = counter.csp_id AND earlier.cso_id = counter.cso_id
   AND earlier.authorization_reference = counter.authorization_reference
   AND earlier.id < counter.id
   AND abs(extract(epoch FROM earlier.started_at - counter.started_at)) <= %(start_s)s
 WHERE counter.is_open AND counter.authorization_reference <> ''
