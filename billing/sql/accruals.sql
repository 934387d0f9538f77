-- What was delivered and not settled yet, as it was known at an instant.
-- Grain:      one row per supply month, seller, buyer (partners), currency, price basis and standing;
--             with each: one row per record.
-- Parameters: as_of; environment; currencies (text[]) with the digits (int[]) of each; time_zone of
--             records without an agreement; each; after_id and limit (NULL: all); partner_id,
--             supply_month, seller_id, buyer_id, currency and standing (NULL: any).
-- Promise:    only what carries an instant until as_of counts: events, clearings, issued
--             settlements, disputes, credits, ratings; so the rows are the same whenever it is run.
--             A record counts at what it was cleared at, else at what clearing would make of it. A
--             record and its credit that are both uncleared cancel each other. What is not billed,
--             of one's own network or settled directly is left out. Held records are told to their
--             seller only. Twin: rules.accruals.accrued.
WITH unit AS (
    SELECT * FROM unnest(%(currencies)s::text[], %(digits)s::int[]) AS unit (currency, digits)
), known AS (
    SELECT sdr.id, sdr.seller_id, sdr.ended_at, sdr.currency, sdr.claim_amount,
           coalesce(sdr.credits_sdr_id <> '', false) AS is_credit, event.to_state,
           CASE WHEN event.to_state = 'HELD' THEN sdr.buyer_id ELSE state.buyer_id END AS buyer_id,
           CASE WHEN event.to_state <> 'HELD' THEN state.agreement_id END AS agreement_id
      FROM roaming_sdr AS sdr
      JOIN roaming_sdrstate AS state ON state.sender_id = sdr.sender_id AND state.id = sdr.id
      JOIN LATERAL (
        SELECT step.to_state
          FROM roaming_sdrevent AS step
         WHERE step.record_id = sdr.id AND step.sender_id = sdr.sender_id AND step.at <= %(as_of)s
         ORDER BY step.version DESC LIMIT 1
     ) AS event ON true
     WHERE sdr.environment = %(environment)s
       AND sdr.claim_amount IS NOT NULL
       AND event.to_state NOT IN ('REJECTED', 'WITHDRAWN', 'SUPERSEDED')
), accrued AS (
    SELECT known.id, seller.partner_id AS seller_id, buyer.partner_id AS buyer_id,
           coalesce(agreement.price_basis, '') AS price_basis,
           date_trunc('month', known.ended_at AT TIME ZONE coalesce(owner.time_zone,
                                                                    %(time_zone)s))::date AS month,
           known.currency,
           CASE WHEN known.to_state IN ('HELD', 'DISPUTED') THEN known.to_state
                WHEN known.to_state <> 'ACCEPTED' THEN 'OPEN'
                WHEN cleared.id IS NULL
                     AND EXISTS (SELECT FROM roaming_dispute AS dispute
                                  WHERE dispute.record_id = known.id
                                    AND dispute.opened_at <= %(as_of)s
                                    AND (dispute.closed_at IS NULL
                                         OR dispute.closed_at > %(as_of)s)) THEN 'DISPUTED'
                ELSE 'ACCEPTED' END AS standing,
           coalesce(cleared.claim_minor,
                    CASE WHEN house.total IS NULL
                         THEN round(known.claim_amount * 10::numeric ^ unit.digits)
                         ELSE CASE WHEN known.is_credit THEN -1 ELSE 1 END
                              * round(house.total * 10::numeric ^ unit.digits) END) AS claim
      FROM known
      JOIN unit ON unit.currency = known.currency
      LEFT JOIN partners_roamingagreement AS agreement ON agreement.id = known.agreement_id
      LEFT JOIN partners_settlementgroup AS owner ON owner.id = agreement.group_id
      LEFT JOIN partners_partyownership AS seller
        ON seller.party_id = known.seller_id AND seller.starts_at <= known.ended_at
       AND (seller.ends_at IS NULL OR seller.ends_at > known.ended_at)
      LEFT JOIN partners_partyownership AS buyer
        ON buyer.party_id = known.buyer_id AND buyer.starts_at <= known.ended_at
       AND (buyer.ends_at IS NULL OR buyer.ends_at > known.ended_at)
      LEFT JOIN billing_clearedsdr AS cleared
        ON cleared.seller_id = known.seller_id AND cleared.id = known.id
       AND cleared.cleared_at <= %(as_of)s
      LEFT JOIN LATERAL (
        SELECT CASE agreement.price_basis WHEN 'INCL_TAX' THEN rating.total_incl_tax
                                          ELSE rating.total_excl_tax END AS total
          FROM roaming_sdrrating AS rating
         WHERE agreement.rating = 'HOUSE' AND rating.currency = agreement.currency
           AND rating.rated_at <= %(as_of)s
           AND rating.record_id = coalesce(
                   (SELECT link.original_id FROM roaming_sdrlink AS link
                     WHERE link.record_id = known.id AND link.kind = 'CREDIT'), known.id)
         ORDER BY rating.rating_version DESC LIMIT 1
     ) AS house ON true
     WHERE agreement.mode IS DISTINCT FROM 'DIRECT'
       AND seller.partner_id IS DISTINCT FROM buyer.partner_id
       AND NOT EXISTS (SELECT FROM billing_settlement AS settled
                        WHERE settled.window_id = cleared.window_id
                          AND settled.state = 'ISSUED' AND settled.issued_at <= %(as_of)s)
       AND NOT (cleared.id IS NULL
                AND EXISTS (SELECT FROM roaming_sdrlink AS link
                             WHERE link.original_id = known.id AND link.kind = 'CREDIT'
                               AND link.linked_at <= %(as_of)s))
       AND NOT EXISTS (SELECT FROM roaming_sdrlink AS link
                         LEFT JOIN billing_clearedsdr AS original
                           ON original.seller_id = known.seller_id
                          AND original.id = link.original_id
                          AND original.cleared_at <= %(as_of)s
                        WHERE link.record_id = known.id AND link.kind = 'CREDIT'
                          AND original.id IS NULL)
     UNION ALL
    SELECT cleared.id, cleared.seller_partner_id, cleared.buyer_partner_id, cleared.price_basis,
           cleared.supply_month, cleared.currency, 'CORRECTION', cleared.claim_minor
      FROM billing_clearedsdr AS cleared
     WHERE cleared.corrects_id IS NOT NULL
       AND cleared.environment = %(environment)s
       AND cleared.seller_partner_id <> cleared.buyer_partner_id
       AND cleared.cleared_at <= %(as_of)s
       AND NOT EXISTS (SELECT FROM billing_settlement AS settled
                        WHERE settled.window_id = cleared.window_id
                          AND settled.state = 'ISSUED' AND settled.issued_at <= %(as_of)s)
)
SELECT to_char(month, 'YYYY-MM') AS supply_month, seller_id, buyer_id, currency, price_basis,
       standing, CASE WHEN %(each)s THEN id END AS record_id,
       count(*) AS sdrs, sum(claim)::bigint AS claim_minor
  FROM accrued
 WHERE (%(partner_id)s::uuid IS NULL OR seller_id = %(partner_id)s::uuid
        OR buyer_id = %(partner_id)s::uuid AND standing <> 'HELD')
   AND (%(supply_month)s::text IS NULL OR to_char(month, 'YYYY-MM') = %(supply_month)s::text)
   AND (%(seller_id)s::uuid IS NULL OR seller_id = %(seller_id)s::uuid)
   AND (%(buyer_id)s::uuid IS NULL OR buyer_id = %(buyer_id)s::uuid)
   AND (%(currency)s::text IS NULL OR currency = %(currency)s::text)
   AND (%(standing)s::text IS NULL OR standing = %(standing)s::text)
   AND (%(after_id)s::uuid IS NULL OR id > %(after_id)s::uuid)
 GROUP BY 1, 2, 3, 4, 5, 6, 7
 ORDER BY 7, 1, 2, 3, 4, 5, 6
 LIMIT %(limit)s
