"""What can be measured by itself, in the order of ``make bench``."""

RATING = "rating"
ALL_PARTS = ["intake", "clearing", "matching", "posting", "documents", RATING]
