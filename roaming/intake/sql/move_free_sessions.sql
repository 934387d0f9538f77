-- Free the sessions of records that were withdrawn or superseded: another record may bill them.
-- Grain:      one row per record moved.
-- Parameters: ids, to_state.
DELETE FROM roaming_sessionkey
 WHERE record_id = ANY (%(ids)s::uuid[])
   AND %(to_state)s IN ('WITHDRAWN', 'SUPERSEDED', 'REJECTED')
