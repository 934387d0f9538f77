"""Each named constraint of what is exchanged into another currency, broken once."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from billing.models import CurrencyExchange, Position
from partners.queries import clearing_house
from tests.billing.exchanging import a_position, a_settlement_in, an_exchange, exchange_into
from tests.makers import nordlicht, partner_of, voltaire

pytestmark = pytest.mark.django_db


def refused(name: str):
    return pytest.raises(DatabaseError, match=name)


def at_once(act) -> None:
    """Do it and check what is deferred, as a commit would."""
    with transaction.atomic():
        act()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.fixture
def people():
    return partner_of(nordlicht()), partner_of(voltaire())


@pytest.fixture
def source():
    return a_settlement_in("CHF")


def an_exchange_of(source, partner, **changes):
    return an_exchange(source, partner, 100, None, **changes)


@pytest.mark.violates("position_is_exchanged_once")
def test_a_position_is_exchanged_once(source, people):
    with refused("position_is_exchanged_once"), transaction.atomic():
        an_exchange_of(source, people[0])
        an_exchange_of(source, people[0])


@pytest.mark.violates("exchange_has_two_currencies")
def test_of_two_currencies(source, people):
    with refused("exchange_has_two_currencies"), transaction.atomic():
        an_exchange_of(source, people[0], to_currency="CHF")


@pytest.mark.violates("exchange_rates_are_positive")
@pytest.mark.parametrize("side", ["from_per_euro", "to_per_euro"])
def test_at_rates_above_zero(source, people, side):
    with refused("exchange_rates_are_positive"), transaction.atomic():
        an_exchange_of(source, people[0], **{side: Decimal(0)})


@pytest.mark.violates("exchange_keeps_the_direction")
def test_who_gets_does_not_pay(source, people):
    with refused("exchange_keeps_the_direction"), transaction.atomic():
        an_exchange_of(source, people[0], to_minor=-1)


@pytest.mark.violates("position_is_exchanged_whole_or_not")
def test_a_position_is_not_exchanged_in_part(source, people):
    with refused("position_is_exchanged_whole_or_not"), transaction.atomic():
        a_position(source, people[0], 100, exchanged_on_minor=99)


@pytest.mark.violates("exchanged_amounts_sum_to_zero")
def test_what_one_takes_along_another_brings(source, people):
    def exchange_of_one():
        a_position(source, people[0], 100)
        a_position(source, people[1], -100, exchanged_on_minor=0)

    with refused("exchanges 100 on"):
        at_once(exchange_of_one)


@pytest.mark.violates("exchange_adds_up_to_nothing")
@pytest.mark.parametrize("changes", [{"from_minor": -99}, {"to_minor": -99}, {"residue_minor": 1}])
def test_it_adds_up_in_both_currencies(source, people, changes):
    def exchange_both():
        for partner, minor in zip(people, (100, -100), strict=True):
            a_position(source, partner, minor)
        an_exchange_of(source, people[0])
        an_exchange(source, people[1], -100, None, **changes)

    with refused("by exchange"):
        at_once(exchange_both)


@pytest.mark.violates("exchange_adds_up_to_nothing")
def test_it_is_what_was_due(source, people):
    def exchange_more():
        for partner, minor in zip(people, (100, -100), strict=True):
            a_position(source, partner, minor)
            an_exchange(source, partner, 2 * minor, None)

    with refused("2 rows are not its positions"):
        at_once(exchange_more)


@pytest.mark.violates("position_holds_what_was_exchanged")
def test_a_position_holds_what_came(people):
    taking = a_settlement_in("EUR")
    exchange_into(taking, {people[0]: 100, people[1]: -100})

    def net():
        for partner, minor in zip(people, (99, -99), strict=True):
            Position.objects.create(
                settlement=taking,
                partner=partner,
                receivable_minor=0,
                payable_minor=0,
                fees_minor=0,
                exchanged_minor=minor,
                net_minor=minor,
            )

    with refused("does not hold what was exchanged"):
        at_once(net)


@pytest.mark.violates("exchange_is_held_once")
class TestEvidence:
    @pytest.fixture
    def rows(self, people):
        waiting = a_settlement_in("EUR")
        source = exchange_into(waiting, {people[0]: 100, clearing_house(): -100})
        return CurrencyExchange.objects.filter(settlement=source)

    @pytest.mark.parametrize(
        "changes",
        [{"to_minor": 7}, {"rate_date": date(2026, 1, 1)}, {"to_per_euro": Decimal(2)}],
    )
    def test_figures_stay(self, rows, changes):
        with refused("is evidence"), transaction.atomic():
            rows.update(**changes)

    def test_it_is_held_by_a_calculated_settlement_of_the_other_group_alone(self, rows):
        holder = rows.first().taken_in
        with refused("is evidence"), transaction.atomic():
            rows.update(taken_in=rows.first().settlement)
        rows.update(taken_in=None)
        with refused("is evidence"), transaction.atomic():
            rows.update(taken_in=rows.first().settlement)
        rows.update(taken_in=holder)

    def test_what_an_issued_settlement_holds_it_keeps(self, people):
        issued = a_settlement_in("EUR", state="ISSUED")
        source = exchange_into(issued, {people[0]: 100, clearing_house(): -100})

        with refused("is evidence"), transaction.atomic():
            source.exchanges.update(taken_in=None)

    @pytest.mark.parametrize("statement", ["DELETE FROM {table}", "TRUNCATE {table} CASCADE"])
    def test_nothing_goes(self, rows, statement):
        table = CurrencyExchange._meta.db_table
        told = "evidence|append-only|permission denied"
        with refused(told), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format(table=table))
        assert rows.count() == 2
