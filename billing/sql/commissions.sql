-- What each seller's owner owes the house as commission of a window.
-- Grain:      one row per owner of a seller at service end with a commission.
-- Parameters: window_id.
-- Promise:    a commission for the buyer is no fee. Twin: rules.netting.ClearedRow.fee_minor.
SELECT seller_partner_id, sum(commission_minor)::bigint
  FROM billing_clearedsdr
 WHERE window_id = %(window_id)s AND commission_beneficiary <> 'BUYER'
 GROUP BY 1
HAVING bool_or(commission_minor <> 0)
 ORDER BY 1
