"""docs/algorithms/clearing.md and netting.md: each figure computed, each column added up again."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from billing.rules.clearing import OpenWindow, figures_of, window_for
from billing.rules.netting import (
    CLEARING_HOUSE,
    ClearedRow,
    PairSum,
    pair_sums,
    positions,
    postings,
)
from clearinghouse.money import from_minor_units, to_minor_units
from clearinghouse.periods import closing_at, month_containing
from clearinghouse.uuid7 import new_uuid7
from tests.clearinghouse.algorithm_tables import PAGES, rows_under

CLEARING, NETTING = "clearing.md", "netting.md"
CURRENCY = "EUR"
NETTED_RATE = Decimal("0.01")


def cents(written: str) -> int:
    """Read ``1,000.00`` as 100000; more than two decimals would be a wrong page."""
    amount = Decimal(written.replace(",", ""))
    assert amount == amount.quantize(Decimal("0.01")), written
    return to_minor_units(amount, currency=CURRENCY)


def euros(minor: int) -> str:
    return f"{from_minor_units(minor, currency=CURRENCY):,f}"


class TestTableOfClaims:
    COLUMNS = (
        "SDR",
        "Exact claim",
        "Rate",
        "Claim (cents)",
        "Exact payout (cents)",
        "Payout (cents)",
        "Commission (cents)",
        "Billed",
    )

    def test_shares_each_claim_as_clearing_does(self):
        *records, _sum = rows_under(CLEARING, columns=self.COLUMNS)

        for name, exact, rate, claim, exact_payout, payout, commission, billed in records:
            figures = figures_of(
                Decimal(exact) if exact else None, currency=CURRENCY, rate=Decimal(rate)
            )
            printed = (int(claim), int(payout), int(commission), billed == "yes")
            assert (
                figures.claim_minor,
                figures.payout_minor,
                figures.commission_minor,
                figures.is_billed,
            ) == printed, name
            assert int(claim) * (1 - Decimal(rate)) == Decimal(exact_payout), name

    def test_adds_up(self):
        *records, total = rows_under(CLEARING, columns=self.COLUMNS)

        for column in (3, 5, 6):
            assert sum(int(row[column]) for row in records) == int(total[column])
        exact = sum(Decimal(row[4]) for row in records).normalize()
        page = (PAGES / CLEARING).read_text(encoding="utf-8")
        assert f"The exact payouts add up to {exact:f}, not to {total[5]}." in page

    def test_has_half_cents_and_an_unbilled_record(self):
        *records, _sum = rows_under(CLEARING, columns=self.COLUMNS)

        assert any(row[4].endswith(".5") for row in records)
        assert any(row[1].endswith("5") and len(row[1].partition(".")[2]) == 3 for row in records)
        assert any(row[-1] == "no" for row in records)


class TestTableOfWindows:
    WINDOWS = ("Supply period", "From", "Until, without", "Closes by calendar")
    RECORDS = ("Record", "Service end", "Cleared", "November closed", "Goes into")

    def windows(self) -> list[tuple[str, datetime, datetime, datetime]]:
        return [
            (title, *map(datetime.fromisoformat, instants))
            for title, *instants in rows_under(CLEARING, columns=self.WINDOWS)
        ]

    def test_has_the_periods_and_closing_days_of_the_calendar(self):
        for title, starts_at, ends_at, closes_at in self.windows():
            period = month_containing(starts_at)

            assert (period.starts_at, period.ends_at) == (starts_at, ends_at), title
            assert closing_at(period) == closes_at, title
            assert f"{starts_at:%B %Y}" == title

    def test_gives_each_record_the_window_of_the_rule(self):
        for name, *instants, expected in rows_under(CLEARING, columns=self.RECORDS):
            ended_at, cleared_at, november_closed_at = map(datetime.fromisoformat, instants)
            still_open = {}
            for title, _starts_at, ends_at, closes_at in self.windows():
                closed_at = november_closed_at if title == "November 2026" else closes_at
                if cleared_at < closed_at:
                    still_open[OpenWindow(id=new_uuid7(), supply_ends_at=ends_at)] = title

            assert ended_at <= cleared_at, name
            assert still_open[window_for(ended_at, still_open)] == expected, name


class Example:
    """The partners of the page, each with a seller and a buyer party."""

    def __init__(self):
        self.ids = {name: new_uuid7() for name in ("A", "B", "C", "House")}
        self.names = {id_: name for name, id_ in self.ids.items()}
        self.parties = {(name, side): new_uuid7() for name in "ABC" for side in ("seller", "buyer")}

    def row(self, seller: str, buyer: str, *, claim: int, beneficiary: str) -> ClearedRow:
        figures = figures_of(
            from_minor_units(claim, currency=CURRENCY), currency=CURRENCY, rate=NETTED_RATE
        )
        return ClearedRow(
            seller=self.parties[seller, "seller"],
            buyer=self.parties[buyer, "buyer"],
            seller_partner=self.ids[seller],
            buyer_partner=self.ids[buyer],
            claim_minor=figures.claim_minor,
            payout_minor=figures.payout_minor,
            beneficiary=beneficiary,
        )

    def records(self) -> list[ClearedRow]:
        """All 240 of the page, one by one."""
        return [
            self.row(seller, buyer, claim=cents(claim), beneficiary=beneficiary)
            for seller, buyer, sdrs, claim, _payout, _commission, beneficiary in rows_under(
                NETTING, columns=RECORDS
            )
            for _ in range(int(sdrs))
        ]

    def own_records(self) -> list[ClearedRow]:
        ((_a, _also_a, sdrs, claim, *_figures, beneficiary),) = rows_under(NETTING, columns=OWN)
        each = cents(claim) // int(sdrs)
        return [self.row("A", "A", claim=each, beneficiary=beneficiary) for _ in range(int(sdrs))]

    def credit(self) -> ClearedRow:
        return self.row("C", "A", claim=-1000, beneficiary=CLEARING_HOUSE)

    def transfers(self, rows: Iterable[ClearedRow]) -> Counter[tuple[str, ...]]:
        """As the page prints them: kind, accounts, amount, records."""

        def account(kind: str, partner) -> str:
            is_income = kind == "COMMISSION" and self.names[partner] == "House"
            return f"{self.names[partner]} {'4100' if is_income else '1300'}"

        return Counter(
            (
                posting.kind,
                account(posting.kind, posting.debit),
                account(posting.kind, posting.credit),
                euros(posting.amount_minor),
                str(posting.sdrs),
            )
            for posting in postings(rows, house=self.ids["House"])
        )

    def positions(self, rows: Iterable[ClearedRow]) -> list[tuple[str, ...]]:
        """As the page prints them, by name, with the sum of each column; before VAT."""
        found_positions = positions(rows, house=self.ids["House"])
        for found in found_positions:
            without = found._replace(
                vat_minor=0, fee_vat_minor=0, adjustments_minor=0, carried_minor=0
            )
            assert found == without
        lines = sorted(
            (
                self.names[found.partner],
                found.receivable_minor,
                found.payable_minor,
                found.fees_minor,
                found.net_minor,
            )
            for found in found_positions
        )
        sums = [sum(column) for column in zip(*(line[1:] for line in lines), strict=True)]
        assert sums[-1] == 0
        return [(name, *map(euros, figures)) for name, *figures in [*lines, ("sum", *sums)]]


RECORDS = (
    "Seller",
    "Buyer",
    "SDRs",
    "Claim each",
    "Payout each",
    "Commission each",
    "Beneficiary",
)
PAIRS = ("Seller", "Buyer", "SDRs", "Claim", "Payout", "Commission", "Owed", "Fee")
TRANSFERS = ("Kind", "Debit", "Credit", "Amount", "SDRs")
CREDIT_TRANSFERS = ("Kind", "Debit", "Credit", "Amount of the credit", "SDRs")
OWN = ("Seller", "Buyer", "SDRs", "Claim", "Commission", "Owed", "Fee", "Beneficiary")
WAYS = ("Way", "Payments", "Money moved")


def position_columns(net: str) -> tuple[str, ...]:
    return ("Partner", "Receivable", "Payable", "Fees", net)


class TestTablesOfNetting:
    def test_start_from_records_that_clearing_would_make(self):
        example = Example()

        for seller, buyer, _sdrs, claim, payout, commission, beneficiary in rows_under(
            NETTING, columns=RECORDS
        ):
            row = example.row(seller, buyer, claim=cents(claim), beneficiary=beneficiary)
            assert (row.payout_minor, row.claim_minor - row.payout_minor) == (
                cents(payout),
                cents(commission),
            ), (seller, buyer)

    def test_sum_each_pair(self):
        example = Example()
        rows = example.records()
        computed = pair_sums(rows)
        *pairs, _sum = rows_under(NETTING, columns=PAIRS)

        assert len(pairs) == len(computed) == 6
        for seller, buyer, sdrs, claim, payout, commission, owed, fee in pairs:
            of_pair = [
                row
                for row in rows
                if (row.seller_partner, row.buyer_partner)
                == (example.ids[seller], example.ids[buyer])
            ]
            (total,) = pair_sums(of_pair).values()
            assert total == PairSum(cents(owed), cents(fee), int(sdrs)), (seller, buyer)
            assert sum(row.claim_minor for row in of_pair) == cents(claim), (seller, buyer)
            assert sum(row.payout_minor for row in of_pair) == cents(payout), (seller, buyer)
            assert cents(claim) - cents(payout) == cents(commission), (seller, buyer)

    def test_add_up_the_pairs(self):
        *pairs, total = rows_under(NETTING, columns=PAIRS)

        assert sum(int(row[2]) for row in pairs) == int(total[2])
        for column in range(3, len(PAIRS)):
            assert sum(cents(row[column]) for row in pairs) == cents(total[column]), PAIRS[column]

    def test_post_what_the_ledger_posts(self):
        example = Example()
        *printed, total = rows_under(NETTING, columns=TRANSFERS)

        assert Counter(printed) == example.transfers(example.records())
        assert sum(cents(row[3]) for row in printed) == cents(total[3])

    def test_net_to_the_positions(self):
        example = Example()

        printed = rows_under(NETTING, columns=position_columns("Net"))
        assert printed == example.positions(example.records())

    def test_balance_the_accounts_to_the_positions(self):
        balances: Counter[str] = Counter()
        for _kind, debit, credit, amount, _sdrs in rows_under(NETTING, columns=TRANSFERS)[:-1]:
            balances[debit.split()[0]] -= cents(amount)
            balances[credit.split()[0]] += cents(amount)

        nets = rows_under(NETTING, columns=position_columns("Net"))[:-1]
        assert balances == {row[0]: cents(row[-1]) for row in nets}

    def test_move_less_money_with_each_way_of_netting(self):
        example = Example()
        owed: Counter[tuple[str, str]] = Counter()
        fees: Counter[str] = Counter()
        for pair, total in pair_sums(example.records()).items():
            seller, buyer = example.names[pair.seller_partner], example.names[pair.buyer_partner]
            owed[buyer, seller] += total.owed_minor
            fees[seller] += total.fee_minor
        single = [cents(row[3]) for row in rows_under(NETTING, columns=TRANSFERS)[:-1]]
        bilateral = [
            abs(owed[one, other] - owed[other, one]) for one, other in ("AB", "AC", "BC")
        ] + list(fees.values())
        nets = rows_under(NETTING, columns=position_columns("Net"))[:-1]
        # Those who owe pay in; what comes in is what goes out.
        paid_in = [-cents(row[-1]) for row in nets if cents(row[-1]) < 0]
        paid_out = [cents(row[-1]) for row in nets if cents(row[-1]) > 0]

        assert sum(paid_in) == sum(paid_out)
        assert rows_under(NETTING, columns=WAYS) == [
            ("every pair and fee by itself", str(len(single)), euros(sum(single))),
            (
                "bilateral: each two settle, fees apart",
                str(len(bilateral)),
                euros(sum(bilateral)),
            ),
            (
                "multilateral: one position per partner",
                str(len(paid_in) + len(paid_out) - 1),
                euros(sum(paid_in)),
            ),
        ]


class TestTablesOfOwnRecords:
    def test_owe_the_fee_alone(self):
        example = Example()
        ((_a, _also_a, sdrs, claim, commission, owed, fee, _to),) = rows_under(NETTING, columns=OWN)

        rows = example.own_records()
        (total,) = pair_sums(rows).values()
        assert total == PairSum(cents(owed), cents(fee), int(sdrs))
        assert sum(row.claim_minor for row in rows) == cents(claim)
        assert sum(row.claim_minor - row.payout_minor for row in rows) == cents(commission)

    def test_change_the_net_by_the_fee(self):
        example = Example()

        rows = [*example.records(), *example.own_records()]
        printed = rows_under(NETTING, columns=position_columns("Net, with A's own records"))
        assert printed == example.positions(rows)


class TestTablesOfACredit:
    def test_post_the_other_way(self):
        example = Example()

        printed = rows_under(NETTING, columns=CREDIT_TRANSFERS)
        assert Counter(printed) == example.transfers([example.credit()])

    def test_net_to_zero(self):
        example = Example()

        printed = rows_under(NETTING, columns=position_columns("Net, of the credit alone"))
        assert printed == example.positions([example.credit()])
