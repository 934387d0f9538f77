"""Balance confirmations as partners read and answer them."""

from datetime import datetime
from typing import Annotated, Literal, cast
from uuid import UUID

import msgspec

from billing.models import BalanceConfirmation

State = Literal["ASKED", "CONFIRMED", "DIFFERS"]
Text = Annotated[str, msgspec.Meta(max_length=2000, pattern=r"^[^\x00]*$")]
Minor = Annotated[int, msgspec.Meta(ge=-(2**53) + 1, le=2**53 - 1)]


class BalanceAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """You agree, or you hold another balance and say why."""

    agrees: bool
    own_balance_minor: Minor | None = None
    text: Text = ""


class BalanceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A balance that you were asked about, and your answer."""

    confirmation_id: UUID
    number: str
    currency: str
    as_of: datetime
    issued_at: datetime
    balance_minor: int
    state: State
    own_balance_minor: int | None
    text: str
    answered_by: str
    answered_at: datetime | None
    pdf: str | None


class BalancePage(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first. ``next`` is the address of the next page, null on the last one."""

    results: list[BalanceRow]
    next: str | None


def row_of(row, *, pdf: str | None) -> BalanceRow:
    """One of ``confirmations_of``."""
    return BalanceRow(
        confirmation_id=row.pk,
        number=row.document.number,
        currency=row.currency,
        as_of=row.as_of,
        issued_at=row.document.issued_at,
        balance_minor=row.balance_minor,
        state=cast(State, row.state),
        own_balance_minor=row.own_balance_minor,
        text=row.answer,
        answered_by=row.answered_by,
        answered_at=row.answered_at,
        pdf=pdf,
    )


States = tuple(BalanceConfirmation.State.values)
