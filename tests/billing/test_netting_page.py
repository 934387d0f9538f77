"""docs/algorithms/netting.md, with VAT and fees: each figure computed, each column added up."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from billing.rules.conversion import EcbRates, convert_positions
from billing.rules.default import Cover, unwind, waterfall
from billing.rules.fees.window import fees_of_window
from billing.rules.instructions import instructions
from billing.rules.multilateral import bilateral, positions_of, with_least_payment
from clearinghouse.money import from_minor_units, to_minor_units
from tests.billing.fee_makers import (
    A,
    B,
    C,
    members,
    three_partners_components,
    three_partners_records,
)
from tests.billing.three_partners import (
    HOUSE,
    NAMES,
    energy_documents,
    energy_obligations,
    fee_documents,
    named,
    obligations,
)
from tests.clearinghouse.algorithm_tables import rows_under

PAGE = "netting.md"
DOCUMENTS = ("Seller", "Buyer", "SDRs", "Without VAT", "Category", "VAT", "With VAT")
FEES = (
    "Partner",
    "1 % of sales",
    "0.02 a record",
    "Month",
    "Fees without VAT",
    "Category",
    "VAT",
    "Fees with VAT",
)
POSITIONS = ("Partner", "Sold", "Bought", "Energy", "Fees", "Position")
PAIRS = ("Debtor", "Creditor", "Left between the two")
PAYMENTS = ("Payer", "Payee", "Payment")
LEAST = ("Partner", "Carried in", "Net", "Paid", "Carried out")
UNWOUND = ("Partner", "Before", "Claims on C", "After")
CLAIMS = ("Debtor", "Creditor", "Claim outside the window")
POTS = ("Pot", "Available", "Drawn", "Left")
CONVERTED = ("Partner", "Kronor", "Exact euros", "Euros")
IDS = {name: id_ for id_, name in NAMES.items()}


def cents(written: str) -> int:
    amount = Decimal(written.replace(",", "") or "0")
    assert amount == amount.quantize(Decimal("0.01")), written
    return to_minor_units(amount, currency="EUR")


def euros(minor: int) -> str:
    return f"{from_minor_units(minor, currency='EUR'):,f}"


def printed(columns: tuple[str, ...]) -> list[tuple[str, ...]]:
    return rows_under(PAGE, columns=columns)


@pytest.mark.parametrize(
    "columns", [DOCUMENTS, FEES, POSITIONS, PAIRS, PAYMENTS, LEAST, UNWOUND, POTS]
)
def test_every_column_of_figures_adds_up(columns):
    *rows, total = printed(columns)

    assert total[0] == "sum"
    for number, name in enumerate(columns):
        if total[number] and number:
            assert sum(cents(row[number]) for row in rows) == cents(total[number]), name


def test_documents_are_those_of_the_rules():
    counts = Counter((record.seller, record.buyer) for record in three_partners_records())
    computed = [
        (
            NAMES[seller],
            NAMES[buyer],
            str(counts[seller, buyer]),
            euros(line.excl_tax_minor),
            line.category,
            euros(line.vat_minor),
            euros(line.incl_tax_minor),
        )
        for (seller, buyer), line in energy_documents().items()
    ]

    assert printed(DOCUMENTS)[:-1] == sorted(computed)


def test_fees_are_those_of_the_rules():
    lines = fees_of_window(
        three_partners_components(),
        records=three_partners_records(),
        memberships=members(A, B, C),
    )
    amounts = {(line.payer, line.component.kind): line.amount_minor for line in lines}
    computed = [
        (
            NAMES[partner],
            *(euros(amounts[partner, kind]) for kind in ("BP_OF_AMOUNT", "PER_SDR", "MONTHLY")),
            euros(line.excl_tax_minor),
            line.category,
            euros(line.vat_minor),
            euros(line.incl_tax_minor),
        )
        for partner, line in fee_documents().items()
    ]

    assert printed(FEES)[:-1] == sorted(computed)


def test_positions_are_those_of_the_rules():
    sold: Counter = Counter()
    bought: Counter = Counter()
    for buyer, seller, amount in energy_obligations():
        sold[seller] += amount
        bought[buyer] += amount
    energy, whole = positions_of(energy_obligations()), positions_of(obligations())
    computed = [
        (
            NAMES[partner],
            *map(
                euros,
                (
                    sold[partner],
                    bought[partner],
                    energy.get(partner, 0),
                    energy.get(partner, 0) - whole[partner],
                    whole[partner],
                ),
            ),
        )
        for partner in (A, B, C, HOUSE)
    ]

    assert printed(POSITIONS)[:-1] == computed


def test_payments_between_two_are_those_of_the_rules():
    computed = [
        (debtor, creditor, euros(amount))
        for debtor, creditor, amount in named(bilateral(energy_obligations()))
    ]

    assert printed(PAIRS)[:-1] == computed


def test_instructions_are_those_of_the_rules():
    computed = [
        (payer, payee, euros(amount))
        for payer, payee, amount in named(instructions(positions_of(obligations())))
    ]

    assert printed(PAYMENTS)[:-1] == computed


def test_what_is_carried_is_what_the_rule_carries():
    *rows, _sum = printed(LEAST)
    lines = with_least_payment(
        {IDS[row[0]]: cents(row[2]) for row in rows},
        house=HOUSE,
        carried_in={IDS[row[0]]: cents(row[1]) for row in rows},
    )

    assert [row[:1] + row[3:] for row in rows] == [
        (NAMES[line.partner], euros(line.paid_minor), euros(line.carried_out_minor))
        for line in lines
    ]


def test_the_unwind_is_that_of_the_rule():
    before, found = positions_of(obligations()), unwind(obligations(), defaulter=C)
    claims: Counter = Counter(positions_of(found.claims))
    computed = [
        (
            NAMES[partner],
            *map(euros, (before[partner], claims[partner], found.positions[partner])),
        )
        for partner in (A, B, HOUSE)
    ]

    assert printed(UNWOUND)[:-1] == computed
    assert printed(CLAIMS) == [
        (debtor, creditor, euros(amount)) for debtor, creditor, amount in named(found.claims)
    ]


def test_the_waterfall_is_that_of_the_rule():
    *rows, total = printed(POTS)
    found = waterfall(cents(total[2]), [Cover(row[0], cents(row[1])) for row in rows])

    assert found.uncovered_minor == 0
    assert [row[:1] + row[2:] for row in rows] == [
        (draw.name, euros(draw.drawn_minor), euros(draw.left_minor)) for draw in found.draws
    ]
    assert cents(total[2]) == -positions_of(obligations())[C]


def test_the_conversion_is_that_of_the_rule():
    *rows, residue, total = printed(CONVERTED)
    kronor = {IDS[row[0]]: cents(row[1]) for row in rows}
    rates = EcbRates(date(2026, 10, 30), {"SEK": Decimal("10.9")})
    found = convert_positions({"SEK": kronor}, to_currency="EUR", rates=rates)

    for name, minor, exact, converted in rows:
        assert euros(found.positions[IDS[name]]) == converted
        assert f"{Decimal(cents(minor)) / Decimal(1090):.6f}" == exact
    assert euros(found.residue_minor["SEK"]) == residue[3]
    assert sum(cents(row[3]) for row in (*rows, residue)) == cents(total[3]) == 0
    assert sum(kronor.values()) == cents(total[1]) == 0
