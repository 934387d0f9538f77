-- Settled records of a filter as they count now: what they were cleared at, or corrected to last.
-- Grain:      one row per record cleared into a window of the group whose settlement is issued.
-- Parameters: group_id; seller_id, buyer_id, ends_from, ends_until, record_ids, tariff_id and
--             tariff_version (NULL: any).
-- Promise:    credits and credited records are left out: their history ends in themselves. Of a
--             tariff are the records that name it, and those that it priced in any rating; of a
--             version of it those that this version priced, whatever prices them now.
SELECT cleared.id, cleared.seller_partner_id, cleared.buyer_partner_id,
       coalesce(last.claim_minor, cleared.claim_minor),
       coalesce(last.payout_minor, cleared.payout_minor),
       cleared.commission_rate, cleared.commission_beneficiary, cleared.currency
  FROM billing_clearedsdr AS cleared
  JOIN billing_settlement AS settlement
    ON settlement.window_id = cleared.window_id AND settlement.state = 'ISSUED'
  JOIN billing_clearingwindow AS win ON win.id = cleared.window_id
  LEFT JOIN LATERAL (
        SELECT item.new_claim_minor AS claim_minor, replacement.payout_minor
          FROM billing_correctionitem AS item
          JOIN billing_clearedsdr AS replacement
            ON replacement.seller_id = cleared.seller_id AND replacement.id = item.replacement_id
         WHERE item.record_id = cleared.id
         ORDER BY item.id DESC LIMIT 1) AS last ON true
 WHERE win.group_id = %(group_id)s
   AND cleared.corrects_id IS NULL AND cleared.is_billed AND cleared.claim_minor > 0
   AND (%(seller_id)s::uuid IS NULL OR cleared.seller_id = %(seller_id)s::uuid)
   AND (%(buyer_id)s::uuid IS NULL OR cleared.buyer_id = %(buyer_id)s::uuid)
   AND (%(ends_from)s::timestamptz IS NULL OR cleared.ended_at >= %(ends_from)s::timestamptz)
   AND (%(ends_until)s::timestamptz IS NULL OR cleared.ended_at < %(ends_until)s::timestamptz)
   AND (%(record_ids)s::uuid[] IS NULL OR cleared.id = ANY (%(record_ids)s::uuid[]))
   AND (%(tariff_id)s::text IS NULL
        OR EXISTS (SELECT FROM roaming_sdrrating AS rating
                     JOIN roaming_tariffversion AS version ON version.id = rating.tariff_version_id
                     JOIN roaming_tariff AS tariff ON tariff.id = version.tariff_id
                    WHERE rating.record_id = cleared.id
                      AND lower(tariff.tariff_id) = lower(%(tariff_id)s::text)
                      AND (%(tariff_version)s::int IS NULL
                           OR version.version = %(tariff_version)s::int))
        OR %(tariff_version)s::int IS NULL
           AND EXISTS (SELECT FROM roaming_sdr AS sdr
                        WHERE sdr.sender_id = cleared.sender_id AND sdr.id = cleared.id
                          AND lower(sdr.tariff_id) = lower(%(tariff_id)s::text)))
   AND NOT EXISTS (SELECT FROM roaming_sdrlink AS link
                    WHERE link.original_id = cleared.id AND link.kind = 'CREDIT')
 ORDER BY cleared.id
