"""When money may move: TARGET days of collections and payouts, and when what came in is final.

Defaults of the house: 14 calendar days of notice before a collection, unless a mandate agrees on
fewer; a B2B debit can come back until the third business day after its date, so it is final on the
fourth; a credit transfer is paid on from the business day after its receipt.
"""

from calendar import monthrange
from datetime import date, timedelta
from enum import StrEnum

from clearinghouse.periods import add_business_days, is_business_day

PRE_NOTICE_DAYS = 14
PAY_IN_DAYS = 10
B2B_SUBMISSION_BUSINESS_DAYS = 1
B2B_RETURN_BUSINESS_DAYS = 3
_FINAL_AFTER = {"SCT": 1, "SDD_B2B": B2B_RETURN_BUSINESS_DAYS + 1}
# A mandate that was not used for so long may not be used again.
MANDATE_MONTHS = 36
# A new account is paid no earlier than this many business days after the second person agreed.
COOLING_BUSINESS_DAYS = 3


class Channel(StrEnum):
    """How money came in."""

    SCT = "SCT"
    SDD_B2B = "SDD_B2B"


def settlement_date(day: date) -> date:
    """That day, or the next on which TARGET settles."""
    return day if is_business_day(day) else add_business_days(day, 1)


def pay_in_due_date(issued: date, days: int = PAY_IN_DAYS) -> date:
    """Until when a debtor pays by itself: so many calendar days after the day of issue."""
    return settlement_date(issued + timedelta(days=days))


def collection_date(
    announced: date, *, due: date, notice_days: int = PRE_NOTICE_DAYS, today: date
) -> date:
    """The first TARGET day on which may be collected what was announced (by the statement).

    Not before it is due, nor before the notice ran out, nor before the bank can take it: a file
    that leaves today is collected on the next business day at the earliest.

    :raises ValueError: the notice is below zero.
    """
    if notice_days < 0:
        raise ValueError(f"{notice_days} days of notice cannot be kept.")
    noticed = announced + timedelta(days=notice_days)
    return settlement_date(max(due, noticed, earliest_collection_date(today)))


def earliest_collection_date(today: date) -> date:
    """B2B debits are handed in on the business day before; today's file counts as today's."""
    return add_business_days(today, B2B_SUBMISSION_BUSINESS_DAYS)


def submission_date(collected: date) -> date:
    """The last day on which a B2B collection of that day is handed in."""
    return add_business_days(collected, -B2B_SUBMISSION_BUSINESS_DAYS)


def final_date(channel: str, booked: date) -> date:
    """The day from which on money booked on a day is final and may be paid on.

    :raises KeyError: no such channel; money of unknown kind is never final.
    """
    return add_business_days(booked, _FINAL_AFTER[channel])


def mandate_ends(signed: date, last_used: date | None) -> date:
    """The first day on which a mandate can no longer be used: 36 months after its last use."""
    since = last_used or signed
    years, month = divmod(since.month - 1 + MANDATE_MONTHS, 12)
    year, month = since.year + years, month + 1
    return date(year, month, min(since.day, monthrange(year, month)[1]))


def cooled_date(approved: date) -> date:
    """The first day on which a new bank account can take effect."""
    return add_business_days(approved, COOLING_BUSINESS_DAYS)
