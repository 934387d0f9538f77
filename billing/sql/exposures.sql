-- What each member of a group may come to owe, part by part.
-- Grain:      one row per partner with a contract that joins the group now.
-- Parameters: group_id, now, digits (of the currency), is_ccp.
-- Promise:    minor units, none below zero. cleared: what it bought in windows not yet issued; CCP
--             takes what it sold off. unpaid: its debts of issued settlements, VAT and fees in, and
--             those exchanged into the currency of the group that no issued settlement holds.
--             waiting: accepted or delivered, not cleared. received: half of what is held or in
--             validation. Weights of finance.md 4.8. Twin: rules.exposure.exposure_of.
WITH member AS (
    SELECT contract.partner_id, contract.exposure_cap_minor AS cap
      FROM partners_groupmembership AS membership
      JOIN partners_participationcontract AS contract ON contract.id = membership.contract_id
     WHERE membership.group_id = %(group_id)s AND contract.starts_at <= %(now)s
       AND (contract.ends_at IS NULL OR contract.ends_at > %(now)s)
), not_issued AS (
    SELECT win.id FROM billing_clearingwindow AS win
     WHERE win.group_id = %(group_id)s
       AND NOT EXISTS (SELECT FROM billing_settlement AS settlement
                        WHERE settlement.window_id = win.id AND settlement.state = 'ISSUED')
), cleared AS (
    SELECT side.partner_id, sum(side.amount) AS amount
      FROM billing_clearedsdr AS row
      JOIN not_issued ON not_issued.id = row.window_id
     CROSS JOIN LATERAL (
        SELECT CASE WHEN commission_beneficiary = 'BUYER' THEN payout_minor
                    ELSE claim_minor END AS owed) AS money
     CROSS JOIN LATERAL (
        VALUES (buyer_partner_id, money.owed),
               (seller_partner_id, CASE WHEN %(is_ccp)s THEN -money.owed ELSE 0 END)
     ) AS side (partner_id, amount)
     WHERE seller_partner_id <> buyer_partner_id
     GROUP BY 1
), unpaid AS (
    SELECT debt.partner_id, sum(greatest(0, debt.amount)) AS amount
      FROM (
    SELECT position.partner_id, carried_on_minor + exchanged_on_minor - net_minor AS amount
      FROM billing_position AS position
      JOIN billing_settlement AS settlement ON settlement.id = position.settlement_id
      JOIN billing_clearingwindow AS win ON win.id = settlement.window_id
     WHERE win.group_id = %(group_id)s AND settlement.state = 'ISSUED' AND win.state <> 'SETTLED'
     UNION ALL
    SELECT exchanged.partner_id, -exchanged.to_minor
      FROM billing_currencyexchange AS exchanged
      JOIN billing_settlement AS source ON source.id = exchanged.settlement_id
      LEFT JOIN billing_settlement AS taking ON taking.id = exchanged.taken_in_id
     WHERE exchanged.to_group_id = %(group_id)s AND source.state = 'ISSUED'
       AND taking.state IS DISTINCT FROM 'ISSUED'
           ) AS debt
     GROUP BY 1
), standing AS (
    SELECT owner.partner_id,
           sum(sdr.claim_amount) FILTER (WHERE state.state IN ('DELIVERED', 'ACCEPTED')) AS waiting,
           sum(sdr.claim_amount) FILTER (
               WHERE state.state IN ('RECEIVED', 'HELD', 'VALIDATED', 'RATED')) AS received
      FROM partners_roamingagreement AS agreement
      JOIN roaming_sdrstate AS state ON state.agreement_id = agreement.id
       AND state.state IN ('DELIVERED', 'ACCEPTED', 'RECEIVED', 'HELD', 'VALIDATED', 'RATED')
      JOIN roaming_sdr AS sdr ON sdr.sender_id = state.sender_id AND sdr.id = state.id
      JOIN partners_partyownership AS owner
        ON owner.party_id = state.buyer_id AND owner.starts_at <= state.ended_at
       AND (owner.ends_at IS NULL OR owner.ends_at > state.ended_at)
     WHERE agreement.group_id = %(group_id)s
       AND NOT EXISTS (SELECT FROM billing_clearedsdr AS cleared
                        WHERE cleared.seller_id = state.seller_id AND cleared.id = state.id)
     GROUP BY 1
)
SELECT member.partner_id, member.cap,
       greatest(0, coalesce(cleared.amount, 0))::bigint AS cleared_minor,
       coalesce(unpaid.amount, 0)::bigint AS unpaid_minor,
       greatest(0, round(coalesce(standing.waiting, 0) * 10::numeric ^ %(digits)s))::bigint
           AS waiting_minor,
       greatest(0, round(coalesce(standing.received, 0) / 2 * 10::numeric ^ %(digits)s))::bigint
           AS received_minor
  FROM member
  LEFT JOIN cleared USING (partner_id)
  LEFT JOIN unpaid USING (partner_id)
  LEFT JOIN standing USING (partner_id)
 ORDER BY member.partner_id
