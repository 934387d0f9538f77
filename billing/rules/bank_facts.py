"""What matching of a bank statement knows, and what it finds. Minor units of one currency."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """One payment on the account: above zero it came in. ``account`` and ``name``: the other side.

    ``is_itemised`` is false for a batch of which the bank does not say the parts.
    """

    key: UUID
    amount_minor: int
    end_to_end_id: str = ""
    payment_information_id: str = ""
    references: tuple[str, ...] = ()
    remittance: str = ""
    account: str = ""
    name: str = ""
    is_return: bool = False
    is_charge: bool = False
    is_itemised: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """What a partner has to pay by one position, and by which words a payment names it.

    ``open_minor`` is zero where it is paid: a second payment for it is then an overpayment.
    ``collected_minor`` came in under ``end_to_end_ids`` and may be returned.
    """

    key: UUID
    partner: UUID
    open_minor: int
    due_on: date
    references: tuple[str, ...] = ()
    end_to_end_ids: tuple[str, ...] = ()
    collected_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """A payout that was sent to the bank; ``is_booked`` when it left, ``is_returned`` when back."""

    key: UUID
    partner: UUID
    amount_minor: int
    end_to_end_id: str
    payment_information_id: str = ""
    account: str = ""
    is_booked: bool = False
    is_returned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What is open, and whose account is whose: IBAN to partner, and the partners' names."""

    debts: tuple[Debt, ...] = ()
    payouts: tuple[Payout, ...] = ()
    accounts: dict[str, UUID]
    names: dict[UUID, str]


class Use(StrEnum):
    """What a share of a payment is."""

    PAY_IN = "PAY_IN"
    PAY_IN_RETURNED = "PAY_IN_RETURNED"
    PAYOUT_BOOKED = "PAYOUT_BOOKED"
    PAYOUT_RETURNED = "PAYOUT_RETURNED"
    OVERPAID = "OVERPAID"
    CHARGE = "CHARGE"


class Step(StrEnum):
    """By which step of the ladder a payment was matched."""

    END_TO_END = "END_TO_END"
    PAYMENT_FILE = "PAYMENT_FILE"
    REFERENCE = "REFERENCE"
    ACCOUNT_AND_AMOUNT = "ACCOUNT_AND_AMOUNT"
    RULE = "RULE"


class Why(StrEnum):
    """Why a person has to look."""

    UNKNOWN_PAYER = "UNKNOWN_PAYER"
    AMOUNT_FITS_NOTHING = "AMOUNT_FITS_NOTHING"
    AMOUNT_DIFFERS = "AMOUNT_DIFFERS"
    ACCOUNT_DIFFERS = "ACCOUNT_DIFFERS"
    UNKNOWN_PAYOUT = "UNKNOWN_PAYOUT"
    UNKNOWN_RETURN = "UNKNOWN_RETURN"
    NOT_ITEMISED = "NOT_ITEMISED"


class Share(NamedTuple):
    """A part of a payment, signed as the payment is: ``target`` is a debt or a payout, or none."""

    use: Use
    target: UUID | None
    partner: UUID | None
    amount_minor: int


class Suggestion(NamedTuple):
    """What a payment may be for, for a person to decide; ``reasons`` are words, best first."""

    target: UUID
    partner: UUID
    amount_minor: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """Σ of the shares is the payment."""

    key: UUID
    step: Step
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmatched:
    key: UUID
    why: Why
    suggestions: tuple[Suggestion, ...] = ()


class WrittenOff(NamedTuple):
    """What is missing of a debt, or of a payout that came back, and is let go by rule."""

    target: UUID
    partner: UUID
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    matched: tuple[Matched, ...]
    unmatched: tuple[Unmatched, ...]
    written_off: tuple[WrittenOff, ...]
