"""CCP: what a partner owes and is owed of one settlement is set off, for the smaller side.

Afterwards its result stands on one account alone: 1200 where it pays, 2100 where it gets.
"""


def set_off(receivable_minor: int, payable_minor: int) -> int:
    """What goes from 2100 (debit) to 1200 (credit); below zero it goes the other way.

    ``receivable_minor``: what the settlement left on 1200 as a debit, ``payable_minor`` what it
    left on 2100 as a credit; either may be below zero, as where an adjustment credits 1200.
    """
    return min(receivable_minor, payable_minor)
