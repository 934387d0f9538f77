-- Accepted records of a group that its last clearing run had to leave, by reason.
-- Grain:      one row per reason.
-- Parameters: group_id, currency.
-- Promise:    after clear_sdrs.sql in the same transaction these are all accepted records of the
--             group that are not cleared, but for those in dispute and those that a credit cancels.
SELECT CASE WHEN agreement.currency <> %(currency)s
              OR (sdr.currency <> agreement.currency AND sdr.claim_amount IS NOT NULL)
            THEN 'OTHER_CURRENCY'
            WHEN seller.partner_id IS NULL THEN 'SELLER_WITHOUT_OWNER'
            WHEN buyer.partner_id IS NULL THEN 'BUYER_WITHOUT_OWNER'
            WHEN EXISTS (SELECT FROM billing_exposureblock AS block
                          WHERE block.group_id = agreement.group_id
                            AND block.partner_id = buyer.partner_id
                            AND block.lifted_at IS NULL) THEN 'BUYER_AT_ITS_LIMIT'
            ELSE 'WITHOUT_WINDOW' END AS reason,
       count(*) AS sdrs
  FROM partners_roamingagreement AS agreement
  JOIN roaming_sdrstate AS state ON state.agreement_id = agreement.id
                                AND state.state = 'ACCEPTED'
                                AND state.environment = agreement.environment
  JOIN roaming_sdr AS sdr ON sdr.sender_id = state.sender_id AND sdr.id = state.id
  LEFT JOIN partners_partyownership AS seller
    ON seller.party_id = state.seller_id AND seller.starts_at <= state.ended_at
   AND (seller.ends_at IS NULL OR seller.ends_at > state.ended_at)
  LEFT JOIN partners_partyownership AS buyer
    ON buyer.party_id = state.buyer_id AND buyer.starts_at <= state.ended_at
   AND (buyer.ends_at IS NULL OR buyer.ends_at > state.ended_at)
 WHERE agreement.group_id = %(group_id)s
   AND agreement.mode <> 'DIRECT'
   AND NOT EXISTS (SELECT FROM billing_clearedsdr AS cleared
                    WHERE cleared.seller_id = state.seller_id AND cleared.id = state.id)
   AND NOT EXISTS (SELECT FROM roaming_dispute AS dispute
                    WHERE dispute.record_id = state.id AND dispute.closed_at IS NULL)
   AND NOT EXISTS (SELECT FROM roaming_sdrlink AS link
                    WHERE link.original_id = state.id AND link.kind = 'CREDIT')
   AND NOT EXISTS (SELECT FROM roaming_sdrlink AS link
                     LEFT JOIN billing_clearedsdr AS original
                       ON original.seller_id = state.seller_id AND original.id = link.original_id
                    WHERE link.record_id = state.id AND link.kind = 'CREDIT'
                      AND original.id IS NULL)
 GROUP BY 1
