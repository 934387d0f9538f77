-- Compare both sides of each pair under the agreement's tolerances.
-- Grain:      one row per pair, or per side that stays alone.
-- Parameters: defaults (tolerances as JSON), timed_kinds.
-- Holds:      the same as roaming/rules/matching.py, its slow twin: grades 0 equal, 1 within
--             tolerance, 2 between, 3 off.
CREATE TEMPORARY TABLE match_found ON COMMIT DROP AS
WITH limits AS MATERIALIZED
     (SELECT tolerances,
             (tolerances ->> 'energy_kwh')::numeric AS energy_kwh,
             (tolerances ->> 'energy_fraction')::numeric AS energy_fraction,
             (tolerances ->> 'energy_off_kwh')::numeric AS energy_off_kwh,
             (tolerances ->> 'energy_off_fraction')::numeric AS energy_off_fraction,
             (tolerances ->> 'amount')::numeric AS amount,
             (tolerances ->> 'amount_fraction')::numeric AS amount_fraction,
             (tolerances ->> 'amount_off')::numeric AS amount_off,
             (tolerances ->> 'amount_off_fraction')::numeric AS amount_off_fraction,
             (tolerances ->> 'time_equal_s')::numeric AS time_equal_s,
             (tolerances ->> 'time_s')::numeric AS time_s
        FROM (SELECT DISTINCT tolerances FROM match_sdr) AS distinct_tolerances),
     side AS
     (SELECT pair.record_id, pair.counter_id, pair.step, pair.told,
             pair.duplicate_of_id,
             coalesce(sdr.environment, counter.environment) AS environment,
             coalesce(sdr.seller_id, counter.cso_id) AS seller_id,
             coalesce(sdr.buyer_id, counter.csp_id) AS buyer_id,
             coalesce(sdr.agreement_id, counter.agreement_id) AS agreement_id,
             coalesce(sdr.ended_at, counter.ended_at) AS ended_at,
             sdr.energy_kwh AS sdr_energy_kwh, counter.energy_kwh AS counter_energy_kwh,
             sdr.amount AS sdr_amount, counter.amount AS counter_amount,
             greatest(limits.energy_kwh, round(abs(sdr.energy_kwh) * limits.energy_fraction, 6))
                 AS energy_tolerance_kwh,
             greatest(limits.energy_off_kwh,
                      round(abs(sdr.energy_kwh) * limits.energy_off_fraction, 6)) AS energy_off_kwh,
             greatest(limits.amount, round(abs(sdr.amount) * limits.amount_fraction, 6))
                 AS amount_tolerance,
             greatest(limits.amount_off, round(abs(sdr.amount) * limits.amount_off_fraction, 6))
                 AS amount_off,
             limits.time_equal_s, limits.time_s,
             trunc(extract(epoch FROM counter.started_at - sdr.started_at)) AS start_difference_s,
             trunc(extract(epoch FROM counter.ended_at - sdr.ended_at)) AS end_difference_s,
             sdr.item_kinds && %(timed_kinds)s::varchar[] AS is_timed,
             sdr.evse_id <> counter.evse_id AND '' NOT IN (sdr.evse_id, counter.evse_id)
                 AS evse_differs,
             sdr.pseudonym <> counter.pseudonym AND '' NOT IN (sdr.pseudonym, counter.pseudonym)
                 AS contract_differs,
             sdr.currency <> counter.currency AND '' NOT IN (sdr.currency, counter.currency)
                 AS currency_differs,
             sdr.tariff_id <> counter.tariff_id AND '' NOT IN (sdr.tariff_id, counter.tariff_id)
                 AS tariff_differs
        FROM match_pair AS pair
        LEFT JOIN match_sdr AS sdr ON sdr.id = pair.record_id
        LEFT JOIN match_counter AS counter ON counter.id = pair.counter_id
        LEFT JOIN limits ON limits.tolerances = sdr.tolerances),
     graded AS
     (SELECT side.*,
             CASE WHEN sdr_energy_kwh IS NULL OR counter_energy_kwh IS NULL
                       OR round(sdr_energy_kwh, 3) = round(counter_energy_kwh, 3) THEN 0
                  WHEN abs(sdr_energy_kwh - counter_energy_kwh) <= energy_tolerance_kwh THEN 1
                  WHEN abs(sdr_energy_kwh - counter_energy_kwh) <= energy_off_kwh THEN 2
                  ELSE 3 END AS energy,
             CASE WHEN sdr_amount IS NULL OR counter_amount IS NULL OR currency_differs
                       OR round(sdr_amount, 2) = round(counter_amount, 2) THEN 0
                  WHEN abs(sdr_amount - counter_amount) <= amount_tolerance THEN 1
                  WHEN abs(sdr_amount - counter_amount) <= amount_off THEN 2
                  ELSE 3 END AS amount,
             CASE WHEN abs(start_difference_s) <= time_equal_s THEN 0
                  WHEN abs(start_difference_s) <= time_s THEN 1
                  WHEN is_timed THEN 3 ELSE 2 END AS start_at,
             CASE WHEN abs(end_difference_s) <= time_equal_s THEN 0
                  WHEN abs(end_difference_s) <= time_s THEN 1
                  WHEN is_timed THEN 3 ELSE 2 END AS end_at
        FROM side),
     worst AS
     (SELECT graded.*,
             greatest(energy, amount, start_at, end_at,
                      CASE WHEN evse_differs OR contract_differs OR currency_differs
                                OR tariff_differs AND amount > 0 THEN 3 ELSE 0 END) AS worst
        FROM graded)
SELECT worst.*,
       CASE WHEN told <> 'PAIR' THEN told
            WHEN worst = 3 THEN 'MISMATCH'
            WHEN worst = 0 THEN 'MATCHED'
            ELSE 'MATCHED_TOLERANCE' END AS outcome,
       CASE WHEN record_id IS NULL OR counter_id IS NULL THEN '{}'::varchar[]
            ELSE array_remove(ARRAY[CASE WHEN energy > 1 THEN 'energy' END,
                                    CASE WHEN amount > 1 THEN 'amount' END,
                                    CASE WHEN start_at > 1 THEN 'start' END,
                                    CASE WHEN end_at > 1 THEN 'end' END,
                                    CASE WHEN evse_differs THEN 'evse' END,
                                    CASE WHEN contract_differs THEN 'contract' END,
                                    CASE WHEN currency_differs THEN 'currency' END,
                                    CASE WHEN tariff_differs AND amount > 0 THEN 'tariff' END]
                              ::varchar[], NULL) END AS differences
  FROM worst
