-- Number the committed, unnumbered deliveries of one receiver.
-- Grain:      one row per delivery.
-- Parameters: receiver_id, last_sequence (of the receiver's locked counter row).
-- Holds:      gapless and unique per receiver while the counter row is locked.
-- Beware:     the ids are gathered once, into an array. Joined as a subquery they were gathered
--             again per row wherever the statistics said that the table was empty.
UPDATE roaming_delivery AS delivery
   SET sequence = %(last_sequence)s + numbered.place
  FROM unnest(ARRAY(SELECT id
                      FROM roaming_delivery
                     WHERE receiver_id = %(receiver_id)s AND sequence IS NULL
                     ORDER BY created_at, subject_version, id)) WITH ORDINALITY AS numbered (id, place)
 WHERE delivery.id = numbered.id
