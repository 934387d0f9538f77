"""The books as of an instant: the same before and after whatever is posted later."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from billing.models import LedgerHorizon, LedgerSeal, Transfer
from billing.queries_books import book_lines
from billing.rules.books import (
    BookAccount,
    Posted,
    balances,
    open_items,
    partner_balances,
    trial_balance,
)
from billing.services import cover, sealing
from billing.services.closing import close_window
from clearinghouse.locks import Lock, take
from tests import makers
from tests.billing.stories import NOVEMBER_ENDS_AT, Story, World, a_world, tell
from tests.billing.test_clearing_beside_closing import (
    InThread,
    wait_until_somebody_waits_for_a_lock,
)
from tests.examples import asked_of_the_database
from tests.makers import NOON, later, partner_of
from tests.roaming.partner_systems import PartnerSystem

LIVE = {"environment": "LIVE"}


def a_settled_world() -> World:
    """Nordlicht sold Voltaire for 10.00; the commission is a tenth."""
    world = a_world()
    tell(world, Story(Decimal("10.00")))
    close_window(world.group, now=NOON)
    return world


def close_december(world: World, claim: str) -> None:
    tell(world, Story(Decimal(claim), ended_at=NOVEMBER_ENDS_AT))
    close_window(world.group, now=later(days=60))


def told(*arguments: str) -> dict:
    out = StringIO()
    call_command("trial_balance", "--json", *arguments, stdout=out)
    return json.loads(out.getvalue())


def as_of(instant: datetime) -> tuple[str, str]:
    return "--as-of", instant.isoformat()


@pytest.mark.django_db
class TestTrialBalance:
    def test_is_zero_and_names_every_account(self):
        a_settled_world()
        sealing.seal(now=NOON)

        found = told(*as_of(NOON))

        voltaire, nordlicht = (partner_of(getattr(makers, n)()) for n in ("voltaire", "nordlicht"))
        accounts = {
            (row["code"], row["partner"]): row["balance_minor"] for row in found["accounts"]
        }
        assert accounts["1300", str(voltaire.pk)] == 1000
        assert accounts["1300", str(nordlicht.pk)] == -900
        assert sum(accounts.values()) == 0
        assert found["totals"] == {"EUR": {"debit_minor": 1100, "credit_minor": 1100}}

    def test_is_the_same_whenever_it_is_run(self):
        world = a_settled_world()
        sealing.seal(now=NOON)
        before = told(*as_of(NOON))

        # A later month, a posting dated back, and a sealing whose clock goes wrong.
        close_december(world, "99.00")
        cover.pay_in(
            partner_of(makers.voltaire()),
            cover.PREFUND,
            amount_minor=500,
            currency="EUR",
            environment="LIVE",
            reference="back-dated",
            now=later(days=-30),
        )
        assert sealing.seal(now=later(days=-40)) > 0

        assert told(*as_of(NOON)) == before
        assert told() != before

    def test_does_not_show_what_is_not_sealed(self):
        sealing.seal(now=later(hours=-1))
        a_settled_world()

        assert told(*as_of(later(hours=-1)))["accounts"] == []

    @pytest.mark.parametrize("written", ["yesterday", "2026-11-15T12:00:00"])
    def test_refuses_what_is_no_instant(self, written):
        with pytest.raises(CommandError, match="write 2027"):
            call_command("trial_balance", "--as-of", written)

    def test_refuses_an_instant_that_a_sealing_may_still_reach(self):
        with pytest.raises(CommandError, match="Nothing was sealed"):
            call_command("trial_balance")
        sealing.seal(now=NOON)

        with pytest.raises(CommandError, match="not complete as of"):
            told(*as_of(later(seconds=1)))
        sealing.seal(now=later(seconds=1))
        told(*as_of(later(seconds=1)))


@pytest.mark.django_db
class TestHorizon:
    def test_moves_forward_where_the_clock_goes_back(self):
        a_settled_world()
        sealing.seal(now=NOON)
        before = LedgerHorizon.objects.get().complete_until_at

        sealing.seal(now=later(days=-1))

        after = LedgerHorizon.objects.get().complete_until_at
        assert NOON <= before < after < later(seconds=1)

    @pytest.mark.violates("ledger_horizon_never_moves_back")
    @pytest.mark.parametrize(
        "statement",
        ["UPDATE billing_ledgerhorizon SET complete_until_at = complete_until_at - interval '1 s'",
         "DELETE FROM billing_ledgerhorizon"],
    )  # fmt: skip
    def test_is_never_moved_back(self, statement):
        sealing.seal(now=NOON)
        with (
            pytest.raises(Exception, match="were read"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

    @pytest.mark.violates("ledger_has_one_horizon")
    def test_is_one(self):
        sealing.seal(now=NOON)
        with pytest.raises(Exception, match="ledger_has_one_horizon"), transaction.atomic():
            LedgerHorizon.objects.create(id=2, complete_until_at=NOON)


@pytest.mark.django_db(transaction=True)
def test_a_sealing_in_flight_is_waited_for():
    """It has read its clock and dates its seals before the instant that is asked for."""
    sealing.seal(now=later(hours=-2))
    a_settled_world()

    with transaction.atomic():
        take(connection, Lock.SEALING)
        reader = InThread(lambda: book_lines(as_of=later(hours=-1), **LIVE))
        wait_until_somebody_waits_for_a_lock()
        sealing.seal(now=NOON)

    # Without the wait the instant would lie beyond the horizon, and be refused.
    assert reader.result() == book_lines(as_of=later(hours=-1), **LIVE)
    assert len(book_lines(as_of=NOON, **LIVE)) == 3


accounts = st.builds(
    BookAccount,
    st.sampled_from(["EUR", "CHF"]),
    st.sampled_from(["1300", "1390", "2390", "4100"]),
    st.uuids(version=4),
    st.just(""),
)
chart = st.lists(accounts, min_size=2, max_size=5, unique=True)


@st.composite
def ledgers(draw):
    of = draw(chart)
    return [
        Posted(debit, credit, None, draw(st.integers(1, 10_000)), draw(seals))
        for debit, credit in draw(st.lists(st.tuples(*[st.sampled_from(of)] * 2), max_size=20))
        if debit != credit and debit.currency == credit.currency
    ]


seals = st.none() | st.integers(0, 10).map(lambda n: later(minutes=n))


class TestRules:
    @given(ledgers(), st.integers(0, 10))
    def test_a_trial_balance_is_zero_in_each_currency(self, ledger, minute):
        found = trial_balance(balances(ledger, as_of=later(minutes=minute)))

        for currency in ("EUR", "CHF"):
            assert sum(r.balance_minor for r in found if r.account.currency == currency) == 0

    @given(ledgers(), ledgers(), st.integers(0, 10))
    def test_what_is_sealed_later_changes_nothing(self, ledger, more, minute):
        at = later(minutes=minute)
        later_ones = [one._replace(sealed_at=at + timedelta(microseconds=1)) for one in more]

        assert balances(ledger + later_ones, as_of=at) == balances(ledger, as_of=at)

    @given(ledgers())
    def test_open_items_add_up_to_positions(self, ledger):
        lines = balances(ledger, as_of=later(days=1))
        found = {(row.partner, row.currency): row.position_minor for row in partner_balances(lines)}

        for item in open_items(lines):
            found[item.account.partner, item.account.currency] -= item.open_minor
        assert not any(found.values())


@pytest.mark.django_db
@asked_of_the_database(20)
@given(claims=st.lists(st.tuples(st.integers(1, 9999), st.integers(0, 1), st.integers(0, 2))))
def test_the_statement_says_what_its_twin_says(claims):
    """Each claim is a story; those of the first sealing count, the later ones do not."""
    with transaction.atomic():
        compare_books(claims)
        transaction.set_rollback(True)


def compare_books(claims) -> None:
    world = a_world()
    stories = [Story(Decimal(n) / 100, seller=s, buyer=b) for n, s, b in claims]
    tell(world, *stories, Story(Decimal(1)))
    close_window(world.group, now=NOON)
    sealing.seal(now=NOON)
    tell(world, *[Story(Decimal(2), ended_at=NOVEMBER_ENDS_AT) for _ in stories], Story(Decimal(3)))
    close_window(world.group, now=later(days=60))
    sealing.seal(now=later(days=60))

    for instant in (NOON, later(days=60)):
        assert sorted(book_lines(as_of=instant, **LIVE), key=str) == sorted(
            balances(posted(), as_of=instant), key=str
        )


def posted() -> list[Posted]:
    sealed = dict(LedgerSeal.objects.values_list("transfer_id", "sealed_at"))
    rows = Transfer.objects.select_related("debit_account", "credit_account")
    return [
        Posted(
            _account(row.debit_account),
            _account(row.credit_account),
            row.window_id,
            row.amount_minor,
            sealed.get(row.pk),
        )
        for row in rows
    ]


def _account(account) -> BookAccount:
    return BookAccount(account.currency, account.code, account.partner_id, account.country_code)


@pytest.mark.django_db
class TestApi:
    POSITIONS, OPEN_ITEMS = "/api/v1/ledger/positions/", "/api/v1/ledger/open-items/"

    @pytest.fixture(autouse=True)
    def world(self):
        world = a_settled_world()
        sealing.seal(now=NOON)
        return world

    def test_tells_a_partner_what_it_gets(self):
        answer = PartnerSystem(makers.nordlicht()).get(self.POSITIONS, as_of=NOON.isoformat())

        assert answer.json()["results"] == [
            {"currency": "EUR", "position_minor": 900, "disputed_minor": 0}
        ]

    def test_tells_a_partner_what_it_owes_by_window(self, world):
        answer = PartnerSystem(makers.voltaire()).get(self.OPEN_ITEMS)

        (item,) = answer.json()["results"]
        assert (item["account"], item["open_minor"]) == ("1300", -1000)
        assert item["group"] == world.group.name

    def test_answers_the_same_after_later_postings(self, world):
        system = PartnerSystem(makers.nordlicht())
        before = [system.get(p, as_of=NOON.isoformat()).content for p in self.both]
        close_december(world, "7")
        sealing.seal(now=later(days=60))

        assert [system.get(p, as_of=NOON.isoformat()).content for p in self.both] == before
        assert system.get(self.POSITIONS).content != before[0]

    @property
    def both(self) -> tuple[str, str]:
        return self.POSITIONS, self.OPEN_ITEMS

    def test_a_stranger_sees_nothing(self):
        system = PartnerSystem(makers.laterne())

        for address in self.both:
            assert system.get(address).json()["results"] == []

    def test_refuses_what_it_cannot_answer_for_good(self):
        system = PartnerSystem(makers.nordlicht())

        for address in self.both:
            refused = system.get(address, as_of=later(days=900).isoformat())
            assert (refused.status_code, refused.json()["code"]) == (409, "BOOKS_NOT_COMPLETE")
            assert refused.headers["Retry-After"]
            for query in ({"as_of": "now"}, {"asof": NOON.isoformat()}):
                assert system.get(address, **query).status_code == 400
