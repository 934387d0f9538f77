-- Make the table of what the ladder finds.
-- Grain:      one row per pair, or per side that stays alone.
-- Parameters: none.
CREATE TEMPORARY TABLE match_pair
    (record_id uuid UNIQUE, counter_id uuid UNIQUE, step smallint NOT NULL, told text NOT NULL,
     duplicate_of_id uuid)
    ON COMMIT DROP
