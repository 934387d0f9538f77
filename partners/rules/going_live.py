"""What a party must have before it goes live, by its role and by how it is connected.

A step counts when a person confirmed it with evidence, and the fact behind it still holds.
"""

from collections.abc import Collection
from dataclasses import dataclass

EVERYBODY = ("REGISTER_EXTRACT", "OWNERS_SCREENED")
# Who is settled: a VAT number that nobody asked the register about is none (finance.md §5).
WHO_IS_SETTLED = ("VAT_CHECKED", "CONTRACT_SIGNED", "BANK_ACCOUNT")
GONE = ("SUSPENDED", "LEAVING", "CLOSED")
NOBODY = "NOBODY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """``owner_state`` is ``NOBODY`` where it has no owner. ``confirmed``: items with a step
    that stands. ``suppliers``: other partners whose systems serve the party, ``unmandated`` those
    of them without its owner's mandate.
    """

    role: str
    owner_state: str
    confirmed: Collection[str]
    has_checked_vat: bool
    has_contract: bool
    has_bank_account: bool
    suppliers: Collection[str]
    unmandated: Collection[str]
    is_certifiable: bool
    is_certified: bool


@dataclass(frozen=True, slots=True)
class Lack:
    """An item that is not there; ``todo`` is a sentence for the person who sees to it."""

    item: str
    todo: str


def required(known: Known) -> tuple[str, ...]:
    """The items that this party needs, in the order in which they are worked off."""
    items = EVERYBODY if known.role == "DATA" else (*EVERYBODY, *WHO_IS_SETTLED)
    if known.suppliers:
        items = (*items, "MANDATE_ON_FILE")
    if known.is_certifiable:
        items = (*items, "CERTIFIED")
    return items


def lacking_fact(item: str, known: Known) -> str:
    """What to do before a person can confirm the item; "" where its fact is there."""
    todos = {
        "VAT_CHECKED": not known.has_checked_vat
        and "Ask VIES or the national register about its VAT number, and note the answer's number"
        " under the partner's tax registrations.",
        "CONTRACT_SIGNED": not known.has_contract
        and "Enter its participation contract, with a settlement group.",
        "BANK_ACCOUNT": not known.has_bank_account and "Enter the account it is paid on.",
        "MANDATE_ON_FILE": bool(known.unmandated)
        and f"Enter the owner's mandate for {', '.join(sorted(known.unmandated))}.",
        "CERTIFIED": not known.is_certified
        and "Run the conformance cases against its test system until none fails, and keep the"
        " report.",
    }
    return todos.get(item) or ""


def lacks(known: Known) -> list[Lack]:
    """Every item that is not there yet; empty where the party may go live."""
    found = []
    if known.owner_state == NOBODY:
        found.append(Lack("OWNER", "It belongs to nobody today: enter its owner."))
    elif known.owner_state == "PROSPECT":
        found.append(Lack("OWNER", "Its owner is a PROSPECT: begin its onboarding first."))
    elif known.owner_state in GONE:
        found.append(Lack("OWNER", f"Its owner is {known.owner_state}: nothing of it goes live."))
    for item in required(known):
        todo = lacking_fact(item, known)
        if not todo and item not in known.confirmed:
            todo = "Confirm it, and name the evidence."
        if todo:
            found.append(Lack(item, todo))
    return found
