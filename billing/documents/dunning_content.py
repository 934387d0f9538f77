"""What a dunning letter says, frozen when it is issued; rendered from this alone."""

from datetime import date, datetime
from typing import Literal

import msgspec

from billing.documents.content import Company, read_as


class OverdueItem(msgspec.Struct, frozen=True, kw_only=True):
    """One statement that was not paid in time, in minor units; what is disputed is left out.

    ``interest_minor`` is what has accrued until the letter, asked for or not.
    """

    statement: str
    due_date: date
    days_late: int
    open_minor: int
    interest_minor: int = 0


class DunningContent(msgspec.Struct, frozen=True, kw_only=True):
    """One letter to a partner about what it did not pay, at the level that was reached.

    ``charged_minor`` is interest and lump sum that were posted and not paid. ``pay_to`` is the
    account of the house, "" where it has none in that currency; ``reference`` what to quote.
    """

    version: Literal[1] = 1
    number: str
    environment: Literal["TEST", "LIVE"]
    language: str = "en"
    issued_at: datetime
    time_zone: str
    currency: str
    level: Literal["FRIENDLY", "FIRST", "SECOND", "DRAW", "EXCLUSION"]
    house: Company
    partner: Company
    items: list[OverdueItem]
    charged_minor: int = 0
    lump_sum_minor: int = 0
    reference: str = ""
    pay_to: str = ""
    pay_to_holder: str = ""

    @property
    def total_minor(self) -> int:
        """What is asked for: what is open, and what was charged for its lateness."""
        return sum(item.open_minor for item in self.items) + self.charged_minor


def dunning_to_json(content: DunningContent) -> dict:
    """Plain JSON values, as the database keeps them."""
    return msgspec.to_builtins(content)


def dunning_from_json(values: dict) -> DunningContent:
    """Return the content that ``dunning_to_json`` wrote.

    :raises UnreadableContent: a field is missing or of another kind, or the version is unknown.
    """
    return read_as(DunningContent, values, "dunning letter")
