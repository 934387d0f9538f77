"""A bank's file in our words, whatever version of camt it came in.

Money is integer minor units of the account's currency, signed from the account's side: what came in
is above zero, what went out below. Dates are the bank's calendar days.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

# Bank transaction codes (ISO 20022 external list) by which a bank books a payment that came back,
# also where it leaves out the reversal indicator and the reason.
RETURN_CODES = frozenset({"RRTN", "RPCR", "UPDD", "PRDD"})
# German banks: 108 and 109 returned direct debit, 159 returned transfer (DK transaction codes).
GERMAN_RETURN_CODES = frozenset({"108", "109", "159"})


class NotImportable(ValueError):
    """The file is refused as a whole. ``code`` is stable, ``detail`` says where and what to do."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A side of a payment as the bank names it; what it does not say is empty."""

    name: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One payment inside an entry, with its share of the entry's money.

    ``index`` counts from 0 within the entry. ``charges_minor`` (zero or above) was kept back by the
    bank and is already taken off (pay-in) or put on top (payout). ``references`` are the structured
    ones (ISO 11649 ``RF…``, invoice numbers), ``remittance`` the free text.
    """

    index: int
    amount_minor: int
    charges_minor: int = 0
    end_to_end_id: str = ""
    payment_information_id: str = ""
    transaction_id: str = ""
    mandate_id: str = ""
    references: tuple[str, ...] = ()
    remittance: str = ""
    debtor: Party = Party()
    creditor: Party = Party()
    return_reason: str = ""
    is_return: bool = False

    @property
    def counterparty(self) -> Party:
        """The other side: the payer of what came in, the payee of what went out.

        A return keeps the sides of the payment that it takes back, so they are the other way round.
        """
        return self.debtor if (self.amount_minor > 0) != self.is_return else self.creditor


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a statement; ``movements`` add up to it exactly.

    ``reference`` is the bank's own (AcctSvcrRef), or a hash over what the bank wrote where it gives
    none; equal ones of a statement are numbered. ``is_money`` is false for what is not booked yet,
    which is zero where it is announced in another currency.
    ``payments`` is how many the bank says it holds: where it does not itemise them, or not so that
    they add up, there is one movement over the whole and ``is_itemised`` is false.
    """

    place: int
    reference: str
    has_bank_reference: bool
    amount_minor: int
    status: str
    is_reversal: bool
    booked_on: date | None
    value_on: date | None
    bank_code: str
    information: str
    payments: int
    is_itemised: bool
    movements: tuple[Movement, ...]

    @property
    def is_money(self) -> bool:
        return self.status == "BOOK"


@dataclass(frozen=True, slots=True, kw_only=True)
class BankStatement:
    """A statement (053), report (052) or notification (054) of one account.

    ``account`` is its IBAN, or the bank's own number where it gives no IBAN. Balances are ``None``
    where the bank gives none. ``number`` counts statements of the account, from the bank.
    """

    account: str
    currency: str
    identification: str
    number: int | None
    legal_number: int | None
    page: int
    is_last_page: bool
    opening_minor: int | None
    closing_minor: int | None
    entries: tuple[Entry, ...]

    @property
    def booked(self) -> Iterator[Entry]:
        return (entry for entry in self.entries if entry.is_money)

    @property
    def credit_minor(self) -> int:
        """What came in."""
        return sum(entry.amount_minor for entry in self.booked if entry.amount_minor > 0)

    @property
    def debit_minor(self) -> int:
        """What went out, zero or above."""
        return -sum(entry.amount_minor for entry in self.booked if entry.amount_minor < 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BankFile:
    """``kind`` is camt.052, camt.053 or camt.054, ``version`` two digits, the hash of the bytes."""

    kind: str
    version: str
    message_id: str
    sha256: str
    statements: tuple[BankStatement, ...]
