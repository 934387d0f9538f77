-- Turn every accepted record of a group that is not cleared yet into whole minor units.
-- Grain:      one row per SDR; in the order of ids, so that two runs wait and never deadlock.
-- Parameters: group_id, run_id, cleared_at; currency of the group and its digits.
-- Promise:    each record once, however often it runs: anti-join and primary key. Rounded once,
--             half away from zero (round(numeric)); payout = round(claim × (1 − rate)). The window
--             is the earliest open one whose supply period ends after the service. The caller holds
--             the group row, so no window closes meanwhile. What has no owner, window or the
--             group's currency stays uncleared: see uncleared_sdrs.sql. A record and its credit
--             that are both uncleared cancel each other and are never cleared; a credit of a cleared
--             record is, with its sign, energy too. What is in dispute waits, and what a
--             buyer at its exposure limit bought.
WITH open_window AS MATERIALIZED (
    SELECT id, supply_ends_at AS until_at,
           lag(supply_ends_at, 1, '-infinity') OVER (ORDER BY supply_ends_at) AS from_at
      FROM billing_clearingwindow
     WHERE group_id = %(group_id)s AND state = 'OPEN'
)
INSERT INTO billing_clearedsdr
      (id, seller_id, buyer_id, seller_partner_id, buyer_partner_id, sender_id, environment,
       agreement_id, window_id, run_id, currency, is_billed, energy_kwh, claim_minor,
       commission_rate, commission_minor, payout_minor, commission_beneficiary, rounding,
       parking_minor, reservation_minor, charge_country_code, price_basis, supply_month,
       ended_at, cleared_at)
SELECT state.id, state.seller_id, state.buyer_id, seller.partner_id, buyer.partner_id,
       state.sender_id, state.environment, agreement.id, open_window.id, %(run_id)s,
       agreement.currency, sdr.claim_amount IS NOT NULL,
       CASE WHEN sdr.credits_sdr_id <> '' THEN -abs(sdr.energy_kwh) ELSE sdr.energy_kwh END,
       money.claim,
       agreement.commission_rate, money.claim - money.payout, money.payout,
       agreement.commission_beneficiary, 'HALF_UP',
       sign(money.claim) * part.parking, sign(money.claim) * part.reservation,
       sdr.location_country, agreement.price_basis,
       date_trunc('month', state.ended_at AT TIME ZONE %(time_zone)s)::date,
       state.ended_at, %(cleared_at)s
  FROM partners_roamingagreement AS agreement
  JOIN roaming_sdrstate AS state ON state.agreement_id = agreement.id
                                AND state.state = 'ACCEPTED'
                                AND state.environment = agreement.environment
  JOIN roaming_sdr AS sdr ON sdr.sender_id = state.sender_id AND sdr.id = state.id
  JOIN open_window ON state.ended_at >= open_window.from_at
                  AND state.ended_at < open_window.until_at
  JOIN partners_partyownership AS seller
    ON seller.party_id = state.seller_id AND seller.starts_at <= state.ended_at
   AND (seller.ends_at IS NULL OR seller.ends_at > state.ended_at)
  JOIN partners_partyownership AS buyer
    ON buyer.party_id = state.buyer_id AND buyer.starts_at <= state.ended_at
   AND (buyer.ends_at IS NULL OR buyer.ends_at > state.ended_at)
  LEFT JOIN LATERAL (
    -- Where our price is agreed on, the newest rating counts; a credit takes back its original's.
    SELECT CASE WHEN sdr.credits_sdr_id <> '' THEN -1 ELSE 1 END AS sign,
           CASE agreement.price_basis WHEN 'INCL_TAX' THEN rating.total_incl_tax
                                      ELSE rating.total_excl_tax END AS total
      FROM roaming_sdrrating AS rating
     WHERE agreement.rating = 'HOUSE' AND rating.currency = agreement.currency
       AND sdr.claim_amount IS NOT NULL
       AND rating.record_id = coalesce(
               (SELECT link.original_id FROM roaming_sdrlink AS link
                 WHERE link.record_id = state.id AND link.kind = 'CREDIT'), state.id)
     ORDER BY rating.rating_version DESC LIMIT 1
 ) AS house ON true
 CROSS JOIN LATERAL (
    SELECT CASE WHEN house.total IS NULL
                THEN round(coalesce(sdr.claim_amount, 0) * 10::numeric ^ %(digits)s)
                ELSE house.sign * round(house.total * 10::numeric ^ %(digits)s) END AS claim
 ) AS rounded
 CROSS JOIN LATERAL (
    SELECT rounded.claim, round(rounded.claim * (1 - agreement.commission_rate)) AS payout
 ) AS money
 CROSS JOIN LATERAL (
    SELECT least(abs(money.claim), parking.amount) AS parking,
           least(abs(money.claim) - least(abs(money.claim), parking.amount),
                 parking.reservation) AS reservation
      FROM (SELECT round(coalesce(sum(abs(amount)) FILTER (WHERE kind = 'PARKING'), 0)
                         * 10::numeric ^ %(digits)s) AS amount,
                   round(coalesce(sum(abs(amount)) FILTER (WHERE kind = 'RESERVATION'), 0)
                         * 10::numeric ^ %(digits)s) AS reservation
              FROM unnest(sdr.item_kinds, sdr.item_amounts) AS item (kind, amount)) AS parking
 ) AS part
 WHERE agreement.group_id = %(group_id)s
   AND agreement.mode <> 'DIRECT'
   AND agreement.currency = %(currency)s
   AND (sdr.currency = agreement.currency OR sdr.claim_amount IS NULL)
   AND NOT (coalesce(sdr.claim_amount, 0) > 0
            AND EXISTS (SELECT FROM billing_exposureblock AS block
                         WHERE block.group_id = agreement.group_id
                           AND block.partner_id = buyer.partner_id
                           AND block.lifted_at IS NULL))
   AND NOT EXISTS (SELECT FROM roaming_dispute AS dispute
                    WHERE dispute.record_id = state.id AND dispute.closed_at IS NULL)
   AND NOT EXISTS (SELECT FROM roaming_sdrlink AS link
                    WHERE link.original_id = state.id AND link.kind = 'CREDIT')
   AND NOT EXISTS (SELECT FROM roaming_sdrlink AS link
                     LEFT JOIN billing_clearedsdr AS original
                       ON original.seller_id = state.seller_id AND original.id = link.original_id
                    WHERE link.record_id = state.id AND link.kind = 'CREDIT'
                      AND original.id IS NULL)
   AND NOT EXISTS (SELECT FROM billing_clearedsdr AS cleared
                    WHERE cleared.seller_id = state.seller_id AND cleared.id = state.id)
 ORDER BY state.id
    ON CONFLICT (seller_id, id) DO NOTHING
