-- A place for one chunk of new records, gone at commit.
-- Grain:      one row per new record.
-- Holds:      the columns of roaming_sdr, and beside them what the other tables need.
CREATE TEMPORARY TABLE intake_stage ON COMMIT DROP AS
SELECT id, sender_id, seller_id, buyer_id, mandate_id, environment, batch_id, position,
       attempt, rejected_at_intake, payload_sha256, received_at, sdr_id, cso_code, csp_code,
       service_session_id, split_no, charging_session_id, transaction_id, evse_id,
       evse_id_received, pseudonym, credential_type, authorization_method,
       authorization_reference, tariff_id, started_at, ended_at, charging_started_at,
       charging_ended_at, issued_at, energy_kwh, meter_id, meter_start_kwh, meter_end_kwh,
       location_country, location_name, location_city, connector_type, current_type,
       max_power_kw, currency, claim_amount, item_kinds, item_quantities, item_unit_prices,
       item_amounts, period_started_at, period_energy_kwh, period_duration_s,
       credits_sdr_id, replaces_sdr_id, rules_version, not_applicable,
       NULL::uuid AS state_buyer_id, NULL::uuid AS agreement_id, NULL::text AS state,
       NULL::text[] AS path, NULL::boolean AS takes_session, NULL::text AS actor,
       NULL::text AS reason, NULL::text AS raw_sha256, NULL::bytea AS encrypted_payload
  FROM roaming_sdr
  WITH NO DATA
