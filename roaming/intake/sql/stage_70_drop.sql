-- Clear the place away: a caller's longer transaction may take in another chunk.
DROP TABLE intake_stage
