"""How much is measured: in full, or just enough to show that the measuring itself works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """``rounds`` are counted; one more warms up. Loops are measured on fewer records and scaled."""

    rounds: int = 3
    batch: int = 10_000
    cleared: int = 50_000
    cleared_by_loop: int = 400
    matched: int = 20_000
    matched_by_loop: int = 300
    # The ledger: so many sellers have so many buyers each, and each pair these records.
    sellers: int = 100
    buyers: int = 100
    records_of_pair: int = 3
    # Records behind a statement, of which so many go into a WeasyPrint table.
    annexed: int = 100_000
    tabled: int = 200
    invoice_lines: int = 1_000
    # Slow variants warm up on few.
    warm_up: int = 500


FULL = Sizes()
SMALL = Sizes(
    rounds=1,
    batch=40,
    cleared=60,
    cleared_by_loop=20,
    matched=60,
    matched_by_loop=20,
    sellers=4,
    buyers=3,
    annexed=40,
    tabled=5,
    invoice_lines=20,
    warm_up=20,
)
