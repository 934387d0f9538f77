"""Until when the record of a session that is over is awaited, by the agreement of its two sides.

The readable twin of ``roaming/services/sql/sessions_unbilled.sql``.
"""

from datetime import datetime, timedelta

# Where nothing was agreed: by then most CSOs have sent it, and after that nobody waits any more.
USUAL_DAYS = 3
LONGEST_DAYS = 90


def is_missing(
    *,
    over_at: datetime,
    now: datetime,
    mode: str | None,
    warn_after_days: int | None,
    refuse_after_days: int | None,
) -> bool:
    """Should the record have come by ``now``, and could it still be taken?

    ``mode`` and days are those of the agreement at session start; None: there is none, or it does
    not say. Of a pair that settles directly no record is awaited.
    """
    if mode == "DIRECT":
        return False
    late = timedelta(days=USUAL_DAYS if warn_after_days is None else warn_after_days)
    refused = timedelta(days=LONGEST_DAYS if refuse_after_days is None else refuse_after_days)
    return over_at + late <= now < over_at + refused
