-- A place for one chunk of new records, gone at commit.
-- Grain:      one row per new record.
-- Holds:      what keys, states, events and deliveries are made of; the buyer, the agreement and
--             the session of live records only.
CREATE TEMPORARY TABLE intake_stage (
    id uuid, rejected boolean, seller_id uuid, sdr_id text, payload_sha256 text, attempt integer,
    service_session_id text, split_no integer, takes_session boolean, buyer_id uuid,
    agreement_id uuid, state text, path text[], reason text, ended_at timestamptz, accept_by_at timestamptz
) ON COMMIT DROP
