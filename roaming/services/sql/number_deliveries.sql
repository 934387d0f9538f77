-- Number the committed, unnumbered deliveries of one receiver.
-- Grain:      one row per delivery.
-- Parameters: receiver_id, last_sequence (of the receiver's locked counter row).
-- Holds:      gapless and unique per receiver while the counter row is locked.
UPDATE roaming_delivery AS delivery
   SET sequence = numbered.sequence
  FROM (SELECT id, %(last_sequence)s + row_number() OVER (ORDER BY id) AS sequence
          FROM roaming_delivery
         WHERE receiver_id = %(receiver_id)s AND sequence IS NULL) AS numbered
 WHERE delivery.id = numbered.id
