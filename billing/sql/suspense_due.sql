-- Disputes whose suspense is to be posted: opened and not posted, or closed and not taken back.
-- Grain:      one row per dispute and kind, SUSPENSE before SUSPENSE_END.
-- Parameters: currencies (text[]) with the digits (int[]) of each.
-- Promise:    only disputes over a record that was not cleared when its suspense was posted: what
--             is cleared is in a position already. The amount is what clearing would make of the
--             record: its claim, or our newest price where that is agreed on, rounded as there. Own
--             network owes nothing. What was posted is taken back as posted.
WITH posted AS (
    SELECT event_key, kind, amount_minor, transfer.currency, transfer.environment,
           debit.partner_id AS buyer_partner_id, credit.partner_id AS seller_partner_id
      FROM billing_transfer AS transfer
      JOIN billing_account AS debit ON debit.id = debit_account_id
      JOIN billing_account AS credit ON credit.id = credit_account_id
     WHERE kind = 'SUSPENSE'
), opened AS (
    SELECT dispute.id, buyer.partner_id AS buyer_partner_id,
           seller.partner_id AS seller_partner_id, agreement.currency, dispute.environment,
           CASE WHEN house.total IS NULL OR sdr.claim_amount <= 0
                THEN round(sdr.claim_amount * 10::numeric ^ unit.digits)
                ELSE round(house.total * 10::numeric ^ unit.digits) END::bigint AS amount_minor
      FROM roaming_dispute AS dispute
      JOIN roaming_sdrstate AS state ON state.id = dispute.record_id
      JOIN roaming_sdr AS sdr ON sdr.sender_id = state.sender_id AND sdr.id = state.id
      JOIN partners_roamingagreement AS agreement
        ON agreement.id = state.agreement_id AND agreement.mode <> 'DIRECT'
       AND agreement.currency = sdr.currency
      JOIN unnest(%(currencies)s::text[], %(digits)s::int[]) AS unit (currency, digits)
        ON unit.currency = agreement.currency
      JOIN partners_partyownership AS seller
        ON seller.party_id = state.seller_id AND seller.starts_at <= state.ended_at
       AND (seller.ends_at IS NULL OR seller.ends_at > state.ended_at)
      JOIN partners_partyownership AS buyer
        ON buyer.party_id = state.buyer_id AND buyer.starts_at <= state.ended_at
       AND (buyer.ends_at IS NULL OR buyer.ends_at > state.ended_at)
      LEFT JOIN LATERAL (
        SELECT CASE agreement.price_basis WHEN 'INCL_TAX' THEN rating.total_incl_tax
                                          ELSE rating.total_excl_tax END AS total
          FROM roaming_sdrrating AS rating
         WHERE agreement.rating = 'HOUSE' AND rating.currency = agreement.currency
           AND sdr.claim_amount IS NOT NULL AND rating.record_id = state.id
         ORDER BY rating.rating_version DESC LIMIT 1
     ) AS house ON true
     WHERE dispute.closed_at IS NULL
       AND state.state IN ('DISPUTED', 'ACCEPTED')
       AND seller.partner_id <> buyer.partner_id
       AND NOT EXISTS (SELECT FROM billing_clearedsdr AS cleared
                        WHERE cleared.seller_id = state.seller_id AND cleared.id = state.id)
       AND NOT EXISTS (SELECT FROM posted WHERE event_key = 'dispute:' || dispute.id)
)
SELECT id, 'SUSPENSE' AS kind, buyer_partner_id, seller_partner_id, currency, environment,
       amount_minor
  FROM opened WHERE amount_minor > 0
 UNION ALL
SELECT dispute.id, 'SUSPENSE_END', posted.buyer_partner_id, posted.seller_partner_id,
       posted.currency, posted.environment, posted.amount_minor
  FROM posted
  JOIN roaming_dispute AS dispute ON posted.event_key = 'dispute:' || dispute.id
 WHERE dispute.closed_at IS NOT NULL
   AND NOT EXISTS (SELECT FROM billing_transfer AS ended
                    WHERE ended.event_key = posted.event_key AND ended.kind = 'SUSPENSE_END')
 ORDER BY 2, 1
