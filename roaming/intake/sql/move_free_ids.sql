-- Free the ids of records whose rejection is numbered: a corrected record may use them.
-- Grain:      one row per rejected record.
-- Parameters: ids.
DELETE FROM roaming_sdrkey AS live
 USING roaming_rejectedkey AS rejected
 WHERE rejected.record_id = live.record_id AND live.record_id = ANY (%(ids)s::uuid[])
