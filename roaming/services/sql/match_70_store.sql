-- Store what was found, both values and the tolerance beside it.
-- Grain:      one row per pair, or per side that stays alone.
-- Parameters: run_id, now.
-- Holds:      a side stands in one current match; ids are UUIDv7 of now.
INSERT INTO roaming_match
      (id, run_id, environment, seller_id, buyer_id, agreement_id, record_id, counter_id,
       duplicate_of_id, outcome, step, differences, sdr_energy_kwh, counter_energy_kwh,
       energy_tolerance_kwh, sdr_amount, counter_amount, amount_tolerance, start_difference_s,
       end_difference_s, time_tolerance_s, ended_at, matched_at, is_current)
SELECT (lpad(to_hex(floor(extract(epoch FROM %(now)s::timestamptz) * 1000)::bigint), 12, '0')
        || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid,
       %(run_id)s, environment, seller_id, buyer_id, agreement_id, record_id, counter_id,
       duplicate_of_id, outcome, step, differences, sdr_energy_kwh, counter_energy_kwh,
       energy_tolerance_kwh, sdr_amount, counter_amount, amount_tolerance, start_difference_s,
       end_difference_s, time_s, ended_at, %(now)s, true
  FROM match_found
