"""What the pages of the bank say of payments, exceptions and suggestions."""

from collections.abc import Iterable
from uuid import UUID

from billing.admin.amounts import amount
from billing.admin.close import name_of
from billing.models import Allocation, BankEntry, BankMatch, Payment, Position
from partners.admin.story import link
from partners.models import Partner

WHY = {
    "UNKNOWN_PAYER": "The payer's account is nobody's, and no reference of ours is named.",
    "AMOUNT_FITS_NOTHING": "The payer is known, but the amount fits none of its debts.",
    "AMOUNT_DIFFERS": "It names a payment of ours, but of another amount.",
    "ACCOUNT_DIFFERS": "It names a payout of ours, but went to another account. Ask the bank now.",
    "UNKNOWN_PAYOUT": "It left the bank, and no payment that we sent explains it.",
    "UNKNOWN_RETURN": "Something came back that is no payment of ours.",
    "NOT_ITEMISED": "The bank booked a batch in one sum and does not say its parts. Import the"
    " notification (camt.054) that itemises it, or decide on the sum.",
    "ACCOUNT_UNKNOWN": "The account is not entered as one of the clearing house. Enter it among the"
    " bank accounts of the clearing house: it is matched within the hour.",
    "OVERPAID": "It is booked on 2890: more than was owed, or for nothing that is open. Pay it"
    " back, or agree with the partner what it is for.",
    "OVERPAID_AND_OWES": "It is booked on 2890, and the partner owes since: set it against the"
    " debt, or pay it back.",
    "PAYOUT_RETURNED": "It is booked, and what was to be paid is PAYABLE again. Ask the partner for"
    " its bank account; a payout to the new one ends this task.",
}
TASKS = ("OVERPAID", "OVERPAID_AND_OWES", "PAYOUT_RETURNED")
TITLES = {
    "UNKNOWN_PAYER": "Unknown payer",
    "AMOUNT_FITS_NOTHING": "Amount fits nothing",
    "AMOUNT_DIFFERS": "Another amount",
    "ACCOUNT_DIFFERS": "Another account",
    "UNKNOWN_PAYOUT": "Unknown payment out",
    "UNKNOWN_RETURN": "Unknown return",
    "NOT_ITEMISED": "Batch without parts",
    "ACCOUNT_UNKNOWN": "Account not ours",
    "OVERPAID": "Paid too much",
    "OVERPAID_AND_OWES": "Paid too much, owes since",
    "PAYOUT_RETURNED": "Payout came back",
}
REASONS = {"ACCOUNT": "same account", "AMOUNT": "same amount", "NAME": "same name", "DUE": "is due"}
STATE_TONES = {"NEW": "info", "MATCHED": "success", "EXCEPTION": "warning", "SET_ASIDE": ""}


def money_of(entry: BankEntry) -> str:
    """Signed from the account's side."""
    return amount(entry.amount_minor if entry.is_credit else -entry.amount_minor, entry.currency)


def counterparty_of(entry: BankEntry) -> str:
    return entry.counterparty_name or entry.counterparty_account or "not named by the bank"


def said_by(entry: BankEntry) -> str:
    """What the payer or the bank wrote."""
    parts = (entry.creditor_reference, entry.end_to_end_id, entry.remittance)
    return " · ".join(part for part in parts if part) or "—"


def suggestion_rows(suggestions: Iterable[dict], currency: str) -> list[tuple[object, ...]]:
    """For what it may be, whose, how much of it, and what speaks for it."""
    found = list(suggestions)
    partners = Partner.objects.in_bulk([UUID(one["partner"]) for one in found])
    keys = {kind: [one["target"] for one in found if one["kind"] == kind] for kind in _TARGETS}
    rows: dict[str, dict] = {
        "position": Position.objects.select_related("settlement__window__group").in_bulk(
            keys["position"]
        ),
        "payment": Payment.objects.in_bulk(keys["payment"]),
    }
    return [
        (
            _target(rows[one["kind"]].get(UUID(one["target"]))),
            str(partners.get(UUID(one["partner"]), "—")),
            amount(one["amount_minor"], currency),
            ", ".join(REASONS[reason] for reason in one["reasons"]),
        )
        for one in found
    ]


_TARGETS = ("position", "payment")


def _target(row: Position | Payment | None) -> object:
    if isinstance(row, Position):
        return link(row, name_of(row.settlement.window))
    return link(row) if row is not None else "—"


def match_rows(entry: BankEntry) -> list[tuple[object, ...]]:
    """What each part of a payment was for, and what was posted."""
    rows = entry.matches.select_related(
        "partner", "position__settlement__window__group", "payment", "transfer"
    ).order_by("pk")
    return [
        (
            row.get_purpose_display(),
            row.partner or "—",
            _target(row.position) if row.position else link(row.payment) if row.payment else "—",
            amount(row.amount_minor, entry.currency),
            link(row.transfer, "transfer") if row.transfer else "not posted",
            f"{row.get_rule_display()}, {row.matched_by}",
        )
        for row in rows
    ]


MATCH_HEADERS = ("For", "Partner", "Of", "Amount", "Posted", "By")
SUGGESTION_HEADERS = ("May be for", "Partner", "Amount", "Because")


def purposes_of(entry: BankEntry) -> str:
    """What it was for, in a word or two; the list has read the matches already."""
    names = dict(BankMatch.Purpose.choices)
    return ", ".join(sorted({names[row.purpose] for row in entry.matches.all()})) or "—"


def position_rows(position: Position) -> list[tuple[object, ...]]:
    """What moved on the bank account for a position, oldest first; then what 2890 paid of it."""
    currency = position.settlement.currency
    matches = position.bank_matches.select_related("entry", "transfer").order_by("pk")
    told: list[tuple[object, ...]] = [
        (
            row.entry.booked_date or "—",
            row.get_purpose_display(),
            link(row.entry, money_of(row.entry)),
            amount(row.amount_minor, row.entry.currency),
            link(row.transfer, "transfer") if row.transfer else "not posted",
        )
        for row in matches
    ]
    for one in Allocation.objects.filter(position=position).select_related("transfer"):
        day, by = one.allocated_at.date(), f"2890, by {one.allocated_by}"
        minor = amount(one.amount_minor, currency)
        told.append((day, "Set against 2890", by, minor, link(one.transfer, "transfer")))
    return told


POSITION_HEADERS = ("Booked", "For", "Payment", "Of it for this", "Posted")
