-- Write the records, once and for all.
-- Grain:      one row per new record.
INSERT INTO roaming_sdr
      (id, sender_id, seller_id, buyer_id, mandate_id, environment, batch_id, position,
       attempt, rejected_at_intake, payload_sha256, received_at, sdr_id, cso_code, csp_code,
       service_session_id, split_no, charging_session_id, transaction_id, evse_id,
       evse_id_received, pseudonym, credential_type, authorization_method,
       authorization_reference, tariff_id, started_at, ended_at, charging_started_at,
       charging_ended_at, issued_at, energy_kwh, meter_id, meter_start_kwh, meter_end_kwh,
       location_country, location_name, location_city, connector_type, current_type,
       max_power_kw, currency, claim_amount, item_kinds, item_quantities, item_unit_prices,
       item_amounts, period_started_at, period_energy_kwh, period_duration_s,
       credits_sdr_id, replaces_sdr_id, rules_version, not_applicable)
SELECT id, sender_id, seller_id, buyer_id, mandate_id, environment, batch_id, position,
       attempt, rejected_at_intake, payload_sha256, received_at, sdr_id, cso_code, csp_code,
       service_session_id, split_no, charging_session_id, transaction_id, evse_id,
       evse_id_received, pseudonym, credential_type, authorization_method,
       authorization_reference, tariff_id, started_at, ended_at, charging_started_at,
       charging_ended_at, issued_at, energy_kwh, meter_id, meter_start_kwh, meter_end_kwh,
       location_country, location_name, location_city, connector_type, current_type,
       max_power_kw, currency, claim_amount, item_kinds, item_quantities, item_unit_prices,
       item_amounts, period_started_at, period_energy_kwh, period_duration_s,
       credits_sdr_id, replaces_sdr_id, rules_version, not_applicable
  FROM intake_stage
 ORDER BY id
