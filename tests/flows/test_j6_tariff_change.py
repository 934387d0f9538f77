"""Journey J6: a price told too late does not count; a wrong settlement is put right in a run."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from billing.models import ClearedSdr, DocumentFile
from billing.services import conservation, correction_runs, sealing
from billing.services.closing import close_window
from billing.services.correction_runs import Selection
from billing.services.windows import ensure_windows
from partners.models import FeeComponent
from partners.services import approvals
from roaming.models import Delivery, SdrRating, SdrState, TariffNotice
from roaming.services import holds, tariffs
from tests.billing.oracle_world import SINCE, a_record, an_oracle
from tests.billing.rendering import render_missing
from tests.makers import approver, take
from tests.roaming.tariff_world import per_kwh, published

pytestmark = pytest.mark.django_db
AGREED = datetime(2026, 12, 1, tzinfo=UTC)
TOLD = datetime(2027, 2, 25, 10, 0, tzinfo=UTC)
FIRST_OF_MARCH = datetime(2027, 2, 28, 23, 0, tzinfo=UTC)
END_OF_NOTICE = datetime(2027, 3, 10, 23, 0, tzinfo=UTC)
CLOSING_OF_MARCH = datetime(2027, 4, 9, 18, 0, tzinfo=UTC)
CLOSING_OF_APRIL = datetime(2027, 5, 12, 18, 0, tzinfo=UTC)
NOW = datetime(2027, 4, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def people():
    return [approver(name) for name in ("mia", "kai")]


@pytest.fixture
def oracle():
    """A sells to C at 0.49 per kWh; 1 % and 0.02 a record are A's fees."""
    oracle = an_oracle(with_fees=False)
    for kind, rate in (("BP_OF_AMOUNT", 100), ("PER_SDR", 2)):
        FeeComponent.objects.create(
            code=kind,
            name=kind,
            group=oracle.group,
            kind=kind,
            rate=rate,
            payer="CSO",
            rounding="PER_WINDOW",
            from_date=SINCE,
        )
    oracle.tariff = published(per_kwh("0.49"), at=AGREED, seller=oracle.sellers["A"]).tariff
    return oracle


def raised(oracle) -> TariffNotice:
    """0.59 is published on 25 February for 1 March; what C was told."""
    version = published(
        per_kwh("0.59"),
        at=TOLD,
        valid_from=FIRST_OF_MARCH,
        seller=oracle.sellers["A"],
        replaces=oracle.tariff,
    )
    return version.notices.get(buyer=oracle.buyers["C"])


def sessions(
    oracle, count: int, *, ends_at: datetime, cents: int = 1180, first: int = 1, **changes: str
) -> list:
    """Sessions of 20.000 kWh, an hour apart backwards, claimed at ``cents``."""
    records = []
    for index in range(count):
        ended_at = ends_at - timedelta(hours=index)
        fields = {
            "tariff_id": "NLX-AC",
            "started_at": (ended_at - timedelta(minutes=58)).isoformat(),
            "ended_at": ended_at.isoformat(),
            "energy_kwh": "20.000",
            **changes,
        }
        one = a_record(oracle, "A", "C", number=first + index, cents=cents, **fields)
        one["items"][0]["quantity"] = "20.000"
        records.append(one)
    return take(
        *records, sender=oracle.sellers["A"], received_at=max(ends_at, TOLD) + timedelta(hours=2)
    )


class TestANoticeThatIsTooShort:
    def test_leaves_the_old_price_in_force_to_10_march(self, oracle):
        notice = raised(oracle)

        assert (notice.state, notice.is_increase) == ("WAITING", True)
        assert notice.counts_from_at == notice.notice_ends_at == END_OF_NOTICE
        held = sessions(oracle, 100, ends_at=END_OF_NOTICE - timedelta(minutes=10))
        assert {(one.outcome, tuple(one.codes)) for one in held} == {("held", ("V502",))}
        assert "claimed 11.80, rated 9.80 EUR" in held[0].findings[0].message
        assert set(SdrRating.objects.values_list("total_excl_tax", "difference")) == {
            (Decimal("9.80"), Decimal("2.00"))
        }

    def test_tells_the_csp_old_new_and_what_last_month_would_have_cost(self, oracle):
        january = datetime(2027, 1, 20, 12, 0, tzinfo=UTC)
        sessions(oracle, 3, ends_at=january, cents=980)

        notice = raised(oracle)

        effect = notice.effect
        assert effect["old_prices"][0]["price"] == "0.49"
        assert effect["new_prices"][0]["price"] == "0.59"
        assert (effect["month"], effect["records"]) == ("2027-01", 3)
        assert (effect["old_amount"], effect["new_amount"]) == ("29.40", "35.40")
        assert (effect["average_difference"], effect["difference_percent"]) == ("2.00", "20.41")
        owed = Delivery.objects.get(receiver=oracle.buyers["C"], subject_id=notice.pk)
        assert (owed.kind, owed.sequence is not None) == ("TARIFF", True)

    def test_is_over_with_the_notice(self, oracle):
        raised(oracle)

        [late] = sessions(oracle, 1, ends_at=END_OF_NOTICE + timedelta(hours=1))

        assert late.outcome == "accepted"

    def test_ends_with_the_csps_consent_and_what_was_held_goes_on(self, oracle):
        notice = raised(oracle)
        [held] = sessions(oracle, 1, ends_at=END_OF_NOTICE - timedelta(hours=1))
        at = TOLD + timedelta(days=5)

        tariffs.answer(notice.pk, consents=True, actor="C", reason="agreed", now=at)
        told = holds.heal(actor="clock", now=END_OF_NOTICE)

        assert (held.outcome, told) == ("held", {"ACCEPT": 1})
        ratings = SdrRating.objects.filter(record_id=held.record_id).order_by("rating_version")
        assert [one.total_excl_tax for one in ratings] == [Decimal("9.80"), Decimal("11.80")]
        assert Delivery.objects.filter(receiver=oracle.sellers["A"], subject_id=notice.pk).exists()


class TestANewTariffIdIsNoWayAroundTheNotice:
    """0.59 as the first version of another tariff, for stations that 0.49 priced before."""

    IN_NOTICE = END_OF_NOTICE - timedelta(minutes=10)

    @pytest.fixture
    def notice(self, oracle):
        sessions(oracle, 1, ends_at=datetime(2027, 1, 20, 12, 0, tzinfo=UTC), cents=980)
        return self.published(oracle, "0.59").notices.get(buyer=oracle.buyers["C"])

    def published(self, oracle, price, replaces=None):
        return published(
            per_kwh(price) | {"id": "NLX-NEW"},
            at=TOLD,
            valid_from=FIRST_OF_MARCH,
            seller=oracle.sellers["A"],
            replaces=replaces,
        )

    def session(self, oracle, *, station=1, ends_at=IN_NOTICE, cents=1180):
        evse_id = a_record(oracle, "A", "C", number=station, cents=1)["evse_id"]
        [done] = sessions(
            oracle, 1, ends_at=ends_at, cents=cents, first=50, tariff_id="NLX-NEW", evse_id=evse_id
        )
        return done

    def test_it_waits_and_the_former_price_counts_at_its_stations(self, oracle, notice):
        assert (notice.state, notice.counts_from_at) == ("WAITING", END_OF_NOTICE)
        assert notice.effect["old_prices"][0]["price"] == "0.49"

        done = self.session(oracle)

        assert (done.outcome, tuple(done.codes)) == ("held", ("V502",))
        assert "claimed 11.80, rated 9.80 EUR" in done.findings[0].message

    def test_at_a_station_that_no_tariff_priced_it_counts_at_once(self, oracle, notice):
        assert self.session(oracle, station=99).outcome == "accepted"

    def test_with_the_notice_it_counts_everywhere(self, oracle, notice):
        late = self.session(oracle, ends_at=END_OF_NOTICE + timedelta(hours=1))

        assert late.outcome == "accepted"

    def test_with_the_csps_consent_what_was_held_goes_on(self, oracle, notice):
        assert self.session(oracle).outcome == "held"

        at = TOLD + timedelta(days=5)
        tariffs.answer(notice.pk, consents=True, actor="C", reason="agreed", now=at)

        assert holds.heal(actor="clock", now=END_OF_NOTICE) == {"ACCEPT": 1}

    def test_a_second_version_is_no_way_around_it_either(self, oracle, notice):
        second = self.published(oracle, "0.55", replaces=notice.version.tariff)

        assert second.notices.get(buyer=oracle.buyers["C"]).state == "WAITING"
        assert "rated 9.80 EUR" in self.session(oracle, cents=1100).findings[0].message

    def test_nor_at_a_new_station_for_a_second_version_that_is_dearer(self, oracle, notice):
        self.published(oracle, "0.69", replaces=notice.version.tariff)

        done = self.session(oracle, station=99, cents=1380)

        assert (done.outcome, tuple(done.codes)) == ("held", ("V502",))
        assert "rated 11.80 EUR" in done.findings[0].message

    def test_a_cheaper_one_counts_at_once(self, oracle):
        sessions(oracle, 1, ends_at=datetime(2027, 1, 20, 12, 0, tzinfo=UTC), cents=980)

        version = self.published(oracle, "0.39")

        assert version.notices.get(buyer=oracle.buyers["C"]).state == "COUNTS"
        assert self.session(oracle, cents=780).outcome == "accepted"


def test_what_was_wrongly_settled_is_put_right_by_the_ratings(oracle, people):
    raised(oracle)
    ensure_windows(oracle.group, now=FIRST_OF_MARCH)
    held = sessions(oracle, 100, ends_at=END_OF_NOTICE - timedelta(minutes=10))
    done = holds.release(
        [one.record_id for one in held], reason="released by mistake", user=people[0], now=NOW
    )
    assert len(done.released) == 100
    close_window(oracle.group, now=datetime(2027, 2, 8, 17, 0, tzinfo=UTC))
    close_window(oracle.group, now=datetime(2027, 3, 9, 17, 0, tzinfo=UTC))
    march = close_window(oracle.group, now=CLOSING_OF_MARCH).settlement
    supply = march.supplies.get(is_service=False)
    assert (supply.net_minor, supply.vat_minor) == (118_000, 24_780)
    render_missing(now=CLOSING_OF_MARCH)
    before = dict(DocumentFile.objects.values_list("pk", "sha256"))

    run = correction_runs.simulate(
        oracle.group,
        Selection(seller_id=oracle.sellers["A"].pk),
        reason="0.49 counted until 10 March",
        maker=people[0],
        now=NOW,
    )
    assert (run.simulation["old_claim_minor"], run.simulation["new_claim_minor"]) == (
        118_000,
        98_000,
    )
    approval = correction_runs.request(run, by=run.maker, now=NOW)
    approvals.approve(approval.pk, checker=people[1], now=NOW, right=correction_runs.RIGHT)
    run.refresh_from_db()
    correction_runs.post(run, now=NOW)
    april = close_window(oracle.group, now=CLOSING_OF_APRIL).settlement

    rows = ClearedSdr.objects.filter(correction_run_id=run.pk)
    assert rows.filter(claim_minor=-1180).count() == rows.filter(claim_minor=980).count() == 100
    nets = {row.partner: row.net_minor for row in april.positions.select_related("partner")}
    assert oracle.names(nets) == {"A": -24000, "C": 24200, "CH": -200}
    assert dict(DocumentFile.objects.values_list("pk", "sha256")) == before
    assert len(before) > 0
    assert conservation.prove(now=CLOSING_OF_APRIL) == []
    sealing.seal(now=CLOSING_OF_APRIL)
    assert sealing.verify().ok
    assert SdrState.objects.filter(state="HELD").count() == 0
