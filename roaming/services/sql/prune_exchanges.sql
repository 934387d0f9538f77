-- Delete one portion of the exchanges that are older than they are kept.
-- Grain:      one row per exchange.
-- Parameters: before, limit.
-- Promise:    short locks; what another process is deleting is left to it.
DELETE FROM roaming_exchange
 WHERE id IN (SELECT id
                FROM roaming_exchange
               WHERE asked_at < %(before)s
               ORDER BY asked_at
               LIMIT %(limit)s
                 FOR UPDATE SKIP LOCKED)
