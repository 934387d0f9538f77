"""Ratings as rows: what our price of each record was, kept for both sides."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from clearinghouse.uuid7 import uuid7_at
from roaming.rules.sdr_price import OwnPrice

RATING_COLUMNS = (
    "id record_id rating_version tariff_version_id currency total_excl_tax total_incl_tax"
    " difference is_within_tolerance components trace reason rated_at"
).split()


class NewRating(NamedTuple):
    """A rating to be kept; a version after the first has a reason."""

    record_id: UUID
    own: OwnPrice
    version: int = 1
    reason: str = ""


def write_ratings(cursor, ratings: Iterable[NewRating], *, rated_at: datetime) -> None:
    """Write them by COPY, inside the caller's transaction."""
    rows = [_row(one, rated_at) for one in ratings]
    if not rows:
        return
    with cursor.copy(f"COPY roaming_sdrrating ({', '.join(RATING_COLUMNS)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _row(one: NewRating, rated_at: datetime) -> tuple:
    rated = one.own.rated
    return (
        uuid7_at(rated_at),
        one.record_id,
        one.version,
        one.own.version_id,
        rated.currency,
        rated.total_excl_tax,
        rated.total_incl_tax,
        rated.difference,
        rated.is_within_tolerance,
        msgspec.json.encode(rated.components).decode(),
        msgspec.json.encode(rated.trace).decode(),
        one.reason[:200],
        rated_at,
    )
