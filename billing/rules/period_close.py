"""The way of a clearing window from open to paid, as steps that staff work off.

Nothing is decided here: each step reads what the services say already. A step that must be done by
a person names the next act; one that the clock does says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Standing(StrEnum):
    """How a step stands."""

    DONE = "DONE"
    NOW = "NOW"  # a person has something to do
    RUNNING = "RUNNING"  # the clock or a bank does it
    LATER = "LATER"  # a step before it comes first


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The facts of one window. Counts are records, documents or positions; ``None``: no settlement.

    ``cleared_at``: when clearing last went through what was accepted. ``waits_for_second``: the
    release was asked for. ``is_paid_elsewhere``: partners pay each other (INSTRUCTION_ONLY), the
    house sees no payment. ``unpaid``: positions that owe and have not paid; ``not_final``:
    of which a payment could still be taken back. ``unpaid_out``: positions of partners that get
    money for which no payment is on its way; ``at_bank``: those whose payment left us and is not
    booked by the bank.
    """

    now: datetime
    supply_ends_at: datetime
    closes_at: datetime
    is_open: bool
    held: int
    disputed: int
    cleared_at: datetime | None
    failed_proofs: int
    has_settlement: bool
    open_objections: int
    waits_for_second: bool
    is_issued: bool
    statements: int
    rendered: int
    blocked_supplies: int
    blocked_invoices: int
    is_paid_elsewhere: bool
    unpaid: int
    not_final: int
    draft_files: int
    unpaid_out: int
    at_bank: int
    is_locked: bool


@dataclass(frozen=True, slots=True)
class Step:
    """``key`` leads to the place where it is done."""

    key: str
    name: str
    standing: Standing
    text: str


def steps(known: Known) -> list[Step]:
    """Every step in order; the first that is not DONE is where the window stands."""
    return [*_before_closing(known), *_settling(known), *_paying(known)]


def _before_closing(known: Known) -> Iterator[Step]:
    over = known.now >= known.supply_ends_at
    yield Step(
        "supply",
        "Supply period over",
        Standing.DONE if over else Standing.RUNNING,
        "" if over else "Sessions that end in the period still come in.",
    )
    yield _counted(
        known,
        "holds",
        "Held records seen to",
        known.held,
        "held: correct or release them, or they go into the next window",
    )
    yield _counted(
        known,
        "disputes",
        "Disputes answered",
        known.disputed,
        "in dispute: what is open at the closing stays out of the positions",
    )
    yield _cleared(known)
    yield _counted(
        known,
        "proofs",
        "Nothing is lost (conservation)",
        known.failed_proofs,
        "proofs differ: closing is refused until they hold",
    )
    is_due = over and known.now >= known.closes_at
    yield Step(
        "close",
        "Closed",
        (Standing.NOW if is_due else Standing.LATER) if known.is_open else Standing.DONE,
        "The clock closes it on its closing day; by hand it is closed above."
        if known.is_open
        else "",
    )


def _counted(known: Known, key: str, name: str, n: int, told: str) -> Step:
    """What should be none before the window closes; afterwards it is of the next one."""
    if not n or not known.is_open:
        return Step(key, name, Standing.DONE, "")
    return Step(key, name, Standing.NOW, f"{n:,} {told}.")


def _cleared(known: Known) -> Step:
    name = "Accepted records cleared"
    if not known.is_open:
        return Step("cleared", name, Standing.DONE, "")
    if known.cleared_at is None or known.cleared_at < known.supply_ends_at:
        return Step("cleared", name, Standing.RUNNING, "Clearing runs every hour.")
    return Step("cleared", name, Standing.DONE, f"Last run {known.cleared_at:%Y-%m-%d %H:%M} UTC.")


def _settling(known: Known) -> Iterator[Step]:
    if not known.has_settlement:
        for key, name in (
            ("objections", "Objections answered"),
            ("release", "Released by two persons"),
            ("statements", "Statements issued"),
            ("invoices", "Invoices issued"),
        ):
            yield Step(key, name, Standing.LATER, "")
        return
    objected = known.open_objections
    yield Step(
        "objections",
        "Objections answered",
        Standing.NOW if objected else Standing.DONE,
        f"{objected:,} wait for an answer." if objected else "",
    )
    yield Step("release", "Released by two persons", *_release(known))
    missing = known.statements - known.rendered
    yield Step(
        "statements",
        "Statements issued",
        _then(known.is_issued, Standing.RUNNING if missing else Standing.DONE),
        f"{missing:,} of {known.statements:,} are being made." if missing else "",
    )
    blocked = known.blocked_supplies + known.blocked_invoices
    yield Step(
        "invoices",
        "Invoices issued",
        _then(known.is_issued, Standing.NOW if blocked else Standing.DONE),
        f"{known.blocked_supplies:,} supplies and {known.blocked_invoices:,} invoices are blocked."
        if blocked
        else "",
    )


def _release(known: Known) -> tuple[Standing, str]:
    if known.is_issued:
        return Standing.DONE, ""
    if known.open_objections:
        return Standing.LATER, "Waits for the objections."
    if known.waits_for_second:
        return Standing.NOW, "Asked for: a second person looks at it and releases it."
    return Standing.NOW, "Check the figures and ask for it."


def _paying(known: Known) -> Iterator[Step]:
    if known.is_paid_elsewhere:
        told = "Partners pay each other as instructed; the house sees no payment."
        yield Step("payments", "Paid", _then(known.is_issued, Standing.DONE), told)
    else:
        yield Step(
            "pay_in",
            "Debtors have paid",
            _then(known.is_issued, Standing.RUNNING if known.unpaid else Standing.DONE),
            f"Open positions: {known.unpaid:,}. Import the bank's statements, dun what is late."
            if known.unpaid and known.is_issued
            else "",
        )
        yield Step("payments", "Creditors are paid", *_paid_out(known))
    yield Step(
        "lock",
        "Books of the month locked",
        Standing.DONE if known.is_locked else _then(known.is_issued, Standing.NOW),
        ""
        if known.is_locked or not known.is_issued
        else "Ask for the lock; a second person sets it.",
    )


def _paid_out(known: Known) -> tuple[Standing, str]:
    if not known.is_issued:
        return Standing.LATER, ""
    if known.draft_files:
        return (
            Standing.NOW,
            f"Payment files that wait for approval or export: {known.draft_files:,}.",
        )
    if known.unpaid_out and known.unpaid:
        return Standing.LATER, "No payout before its pay-ins are final."
    if known.unpaid_out and known.not_final:
        return (
            Standing.RUNNING,
            "What came in can still be taken back; no payout before it is final.",
        )
    if known.unpaid_out:
        return Standing.NOW, f"Positions that get money: {known.unpaid_out:,}. Prepare their file."
    if known.at_bank:
        return (
            Standing.RUNNING,
            f"Payments left for the bank: {known.at_bank:,}. Import its statement.",
        )
    return Standing.DONE, ""


def _then(is_reached: bool, standing: Standing) -> Standing:
    return standing if is_reached else Standing.LATER
