"""What the house owes by reverse charge: decided per kind and day, frozen, and kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from billing.models import (
    DomesticReverseCharge,
    TaxedSupply,
    TaxRateUse,
    TaxTreatment,
    Transfer,
)
from billing.services import sealing, settling
from billing.services.closing import close_window
from partners.models import TaxRate
from partners.queries import clearing_house
from tests.billing.oracle_world import BUSINESS_DAY_3, BUSINESS_DAY_6, SINCE, a_record, an_oracle
from tests.billing.stories import Story, a_world, tell
from tests.billing.test_constraints_of_part_three import (
    JUNE,
    a_closing,
    again,
    rate,
    rate_use,
)
from tests.makers import NOON, take

NEXT_CLOSING = datetime(2027, 3, 8, 17, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def oracle():
    """A central counterparty in DE; A (NL) sells to C (NL), so A's supplies to it are AE in DE."""
    oracle = an_oracle(with_fees=False, model="CCP")
    DomesticReverseCharge.objects.create(
        country_code="DE", applies=False, source="oracle", from_date=date(2027, 1, 1)
    )
    return oracle


def german(kind: str = "ELECTRICITY") -> TaxRate:
    return TaxRate.objects.get(country_code="DE", kind=kind)


def sell(oracle, *, number: int, ended_at: datetime | None = None, **changes) -> None:
    if ended_at:
        started = ended_at - timedelta(minutes=50)
        changes |= {"started_at": started.isoformat(), "ended_at": ended_at.isoformat()}
    fields = a_record(oracle, "A", "C", number=number, cents=1000, **changes)
    (outcome,) = take(fields, sender=oracle.sellers["A"], received_at=BUSINESS_DAY_3)
    assert outcome.outcome == "accepted", outcome


def with_parking(cents: int) -> dict[str, object]:
    parked = str(Decimal(cents) / 100)
    energy = str(Decimal(1000 - cents) / 100)
    return {
        "items": [
            {"kind": "ENERGY", "quantity": "18.400", "amount": energy},
            {"kind": "PARKING", "quantity": "0.2", "amount": parked},
        ]
    }


def owed(oracle) -> list[tuple[str, int, int]]:
    """Rate, sum and posted tax of what the house owes."""
    supplies = TaxedSupply.objects.filter(category="AE", supplier=oracle.partners["A"])
    posted = dict(
        Transfer.objects.filter(kind="SELF_ASSESSED").values_list("event_key", "amount_minor")
    )
    return sorted(
        (str(one.self_assessed_rate), one.net_minor, posted.get(f"supply:{one.pk}", 0))
        for one in supplies
    )


def test_each_kind_has_its_rate(oracle):
    TaxTreatment.objects.create(
        country_code="NL", kind="PARKING", treatment="AS_ELECTRICITY", from_date=SINCE, source="law"
    )
    parking = german("PARKING")
    parking.rate = Decimal("0.07")
    parking.save()
    TaxRate.objects.filter(country_code="NL", kind="PARKING").update(rate="0.21")
    sell(oracle, number=1, **with_parking(300))

    close_window(oracle.group, now=BUSINESS_DAY_6)

    assert owed(oracle) == [("0.0700", 300, 21), ("0.1900", 700, 133)]
    sealing.seal(now=BUSINESS_DAY_6)
    assert sealing.verify().ok


def test_the_day_is_that_of_the_group_not_of_utc_nor_of_the_windows_end(oracle):
    """23:30 UTC of 15 January is the 16th in Berlin, the first day of another rate."""
    old = german()
    old.until_date = date(2027, 1, 16)
    old.save()
    TaxRate.objects.create(
        country_code="DE",
        kind="ELECTRICITY",
        rate=Decimal("0.16"),
        from_date=old.until_date,
        source="law",
    )
    for number, minute in ((1, 59), (2, 30)):
        hour = 22 if minute == 59 else 23
        sell(oracle, number=number, ended_at=datetime(2027, 1, 15, hour, minute, tzinfo=UTC))

    close_window(oracle.group, now=BUSINESS_DAY_6)

    assert owed(oracle) == [("0.1600", 1000, 160), ("0.1900", 1000, 190)]
    uses = TaxRateUse.objects.filter(tax_rate__country_code="DE")
    assert sorted(uses.values_list("rate", "last_tax_date")) == [
        (Decimal("0.1600"), date(2027, 1, 16)),
        (Decimal("0.1900"), date(2027, 1, 15)),
    ]


def test_a_missing_rate_blocks_the_pair_until_it_is_entered(oracle):
    german().delete()
    sell(oracle, number=1)

    first = close_window(oracle.group, now=BUSINESS_DAY_6).settlement

    block = first.blocks.get(supplier=oracle.partners["A"])
    assert [reason["code"] for reason in block.reasons] == ["RATE_UNKNOWN"]
    assert "rate of DE for ELECTRICITY" in block.reasons[0]["what_to_do"]
    assert not Transfer.objects.filter(kind__in=["PURCHASE", "SELF_ASSESSED"]).exists()

    TaxRate.objects.create(
        country_code="DE", kind="ELECTRICITY", rate=Decimal("0.19"), from_date=SINCE, source="law"
    )
    second = close_window(oracle.group, now=NEXT_CLOSING).settlement

    block.refresh_from_db()
    assert block.settled_in_id == second.pk
    assert owed(oracle) == [("0.1900", 1000, 190)]
    assert TaxRateUse.objects.get(tax_rate=german()).settlement_id == second.pk
    sealing.seal(now=NEXT_CLOSING)
    assert sealing.verify().ok


@contextmanager
def refused_by(name: str) -> Iterator[None]:
    """The database refuses what happens inside, by the constraint or trigger of that name."""
    with pytest.raises(DatabaseError) as refusal, transaction.atomic():
        yield
    assert refusal.value.__cause__.diag.constraint_name == name


class TestARateThatWasUsed:
    @pytest.fixture
    def used(self, oracle):
        sell(oracle, number=1)
        close_window(oracle.group, now=BUSINESS_DAY_6)
        sealing.seal(now=BUSINESS_DAY_6)
        return german()

    def test_is_not_rewritten(self, used):
        used.rate = Decimal("0.16")

        with refused_by("tax_rate_that_was_used_is_kept"):
            used.save()

    def test_ends_and_is_followed_and_the_ledger_still_adds_up(self, used):
        used.until_date = date(2027, 2, 1)
        used.save()
        TaxRate.objects.create(
            country_code="DE", rate=Decimal("0.16"), from_date=used.until_date, source="law"
        )

        assert sealing.verify().ok


@pytest.mark.django_db(transaction=True)
def test_a_rate_that_its_owner_rewrote_does_not_change_the_books(oracle, owner_connection):
    sell(oracle, number=1)
    close_window(oracle.group, now=BUSINESS_DAY_6)
    sealing.seal(now=BUSINESS_DAY_6)
    owner_connection.execute("ALTER TABLE billing_taxrate DISABLE TRIGGER USER")
    owner_connection.execute("UPDATE billing_taxrate SET rate = 0.5")

    assert sealing.verify().ok


class TestTaxRatesThatWereUsed:
    @pytest.mark.violates("tax_rate_use_is_told_once_per_settlement")
    def test_a_use_is_told_once(self):
        use = rate_use()
        with refused_by("tax_rate_use_is_told_once_per_settlement"):
            again(use)

    @pytest.mark.violates("tax_rate_use_tells_the_rate_of_its_row")
    @pytest.mark.parametrize(
        "changes",
        [
            {"rate": Decimal("0.19")},
            {"last_tax_date": date(2026, 12, 31)},
            {"tax_rate": {"until_date": JUNE}, "last_tax_date": JUNE},
        ],
        ids=["another rate", "before it held", "after it held"],
    )
    def test_a_use_tells_the_rate_of_its_row(self, changes):
        a_closing()
        changes = changes | {"tax_rate": rate(**changes.get("tax_rate", {}))}
        with refused_by("tax_rate_use_tells_the_rate_of_its_row"):
            rate_use(**changes)

    @pytest.mark.violates("tax_rate_that_was_used_is_kept")
    @pytest.mark.parametrize(
        "changes",
        [
            {"rate": Decimal("0.09")},
            {"country_code": "DE"},
            {"kind": "PARKING"},
            {"from_date": date(2026, 12, 1)},
            {"source": "another law"},
            {"until_date": JUNE},
        ],
        ids=lambda changes: next(iter(changes)),
    )
    def test_they_are_kept(self, changes):
        row = rate()
        rate_use(tax_rate=row, last_tax_date=JUNE)
        with refused_by("tax_rate_that_was_used_is_kept"):
            TaxRate.objects.filter(pk=row.pk).update(**changes)

    def test_they_are_not_deleted(self):
        row = rate()
        rate_use(tax_rate=row)
        with refused_by("tax_rate_that_was_used_is_kept"):
            # As the foreign key of the use alone would refuse it too.
            TaxRate.objects.filter(pk=row.pk)._raw_delete("default")

    def test_their_end_is_set_after_the_last_day_of_use(self):
        row = rate()
        rate_use(tax_rate=row, last_tax_date=date(2027, 5, 31))

        row.until_date = JUNE
        row.save()
        rate(from_date=JUNE, rate=Decimal("0.19"))

        assert TaxRate.objects.filter(country_code="NL").count() == 2

    def test_a_cancelled_settlement_binds_nobody(self):
        world = a_world(release="TWO_PERSONS")
        tell(world, Story(Decimal("10.00")))
        settlement = close_window(world.group, now=NOON).settlement
        row = rate()
        rate_use(tax_rate=row, settlement=settlement)

        settling.cancel(settlement, reason="a wrong rate", now=NOON)
        row.rate = Decimal("0.09")
        row.save()

        row.refresh_from_db()
        assert row.rate == Decimal("0.09")

    @pytest.mark.violates("house_knows_the_rate_it_owes")
    def test_the_house_knows_the_rate_it_owes(self):
        a_closing()
        with refused_by("house_knows_the_rate_it_owes"):
            again(TaxedSupply.objects.first(), category="AE", customer=clearing_house())
