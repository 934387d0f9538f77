"""What a balance confirmation says, frozen when it is issued; rendered from this alone."""

from datetime import date, datetime
from typing import Literal

import msgspec

from billing.documents.content import Company, read_as


class AccountLine(msgspec.Struct, frozen=True, kw_only=True):
    """One account of the partner in our books; + the partner gets, − it pays, in minor units."""

    code: str
    balance_minor: int


class BalanceContent(msgspec.Struct, frozen=True, kw_only=True):
    """Our books with one partner in one currency as of an instant, and what we ask of it.

    ``balance_minor`` is the sum of ``lines``; ``held`` stands beside it: deposits and prefunds.
    """

    version: Literal[1] = 1
    number: str
    environment: Literal["TEST", "LIVE"]
    language: str = "en"
    issued_at: datetime
    as_of: datetime
    time_zone: str
    currency: str
    house: Company
    partner: Company
    balance_minor: int
    lines: list[AccountLine]
    held: list[AccountLine]
    answer_until_date: date


def balance_to_json(content: BalanceContent) -> dict:
    """Plain JSON values, as the database keeps them."""
    return msgspec.to_builtins(content)


def balance_from_json(values: dict) -> BalanceContent:
    """Return the content that ``balance_to_json`` wrote.

    :raises UnreadableContent: a field is missing or of another kind, or the version is unknown.
    """
    return read_as(BalanceContent, values, "balance confirmation")
