"""What can be measured by itself, in the order of ``make bench``."""

RATING = "rating"
AUTHORIZATIONS = "authorizations"
ALL_PARTS = ["intake", "clearing", "matching", "posting", "documents", RATING, AUTHORIZATIONS]
