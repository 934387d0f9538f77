"""What came in too much: how far it pays a debt, and which debts it is offered for.

Integer minor units of one currency; days are those of the group.
"""

from collections.abc import Iterable
from datetime import date

from billing.rules.bank_facts import Debt


def pays(free_minor: int, open_minor: int) -> int:
    """How much of a debt it pays: as far as it reaches, never more than is open, never below 0."""
    return max(0, min(free_minor, open_minor))


def offered(free_minor: int, debts: Iterable[Debt], *, today: date) -> list[tuple[Debt, int]]:
    """Debts that are due (on their day already), the oldest first, each as far as it reaches."""
    found = []
    for debt in sorted(debts, key=lambda one: (one.due_on, one.key)):
        if debt.due_on <= today and (minor := pays(free_minor, debt.open_minor)):
            found.append((debt, minor))
            free_minor -= minor
    return found
