"""A wrong settlement is put right in a run (J6): 100 records of 11.80 should have been 9.80."""

from datetime import UTC, datetime

import pytest

from billing.models import ClearedSdr, CorrectionRun, DocumentFile
from billing.services import conservation, correction_runs, sealing
from billing.services.clearing import clear_group
from billing.services.closing import close_window
from billing.services.correction_runs import NotCorrectable, Selection
from partners.models import FeeComponent, SettlementGroup, User
from partners.services import approvals
from roaming.services import rating
from tests.billing.oracle_world import BUSINESS_DAY_3, BUSINESS_DAY_6, SINCE, a_record, an_oracle
from tests.billing.rendering import render_missing
from tests.makers import NOON, later, take
from tests.roaming.dispute_world import records
from tests.roaming.tariff_world import per_kwh, published

pytestmark = pytest.mark.django_db
NEXT_CLOSING = datetime(2027, 3, 8, 17, 0, tzinfo=UTC)
NOW = datetime(2027, 2, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def people():
    return [User.objects.create(username=name, is_staff=True) for name in ("mia", "kai")]


@pytest.fixture
def wrongly_settled():
    """100 records of A for C at 11.80, settled at 1,180.00 and 247.80; 1 % fee."""
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
    records = [a_record(oracle, "A", "C", number=n, cents=1180) for n in range(1, 101)]
    take(*records, sender=oracle.sellers["A"], received_at=BUSINESS_DAY_3)
    closing = close_window(oracle.group, now=BUSINESS_DAY_6)
    supply = closing.settlement.supplies.get(is_service=False)
    assert (supply.net_minor, supply.vat_minor) == (118_000, 24_780)
    return oracle


def a_run(oracle, people, *, cents: int = 980):
    claims = dict.fromkeys(ClearedSdr.objects.values_list("pk", flat=True), cents)
    return correction_runs.simulate(
        oracle.group,
        Selection(seller_id=oracle.sellers["A"].pk),
        reason="settled at the tariff of March",
        maker=people[0],
        now=NOW,
        claims=claims,
    )


def approved(run, people):
    approval = correction_runs.request(run, by=run.maker, now=NOW)
    approvals.approve(approval.pk, checker=people[1], now=NOW, right=correction_runs.RIGHT)
    run.refresh_from_db()
    return run


def test_posts_a_credit_and_a_replacement_each_and_nets_the_difference(wrongly_settled, people):
    render_missing(now=BUSINESS_DAY_6)
    before = dict(DocumentFile.objects.values_list("pk", "sha256"))
    run = a_run(wrongly_settled, people)
    assert run.simulation["records"] == 100
    assert (run.simulation["old_claim_minor"], run.simulation["new_claim_minor"]) == (
        118_000,
        98_000,
    )
    assert not ClearedSdr.objects.filter(corrects_id__isnull=False).exists()

    correction_runs.post(approved(run, people), now=NOW)
    settlement = close_window(wrongly_settled.group, now=NEXT_CLOSING).settlement

    rows = ClearedSdr.objects.filter(correction_run_id=run.pk)
    assert (rows.filter(claim_minor=-1180).count(), rows.filter(claim_minor=980).count()) == (
        100,
        100,
    )
    nets = {row.partner: row.net_minor for row in settlement.positions.select_related("partner")}
    assert wrongly_settled.names(nets) == {"A": -24000, "C": 24200, "CH": -200}
    assert dict(DocumentFile.objects.values_list("pk", "sha256")) == before
    assert conservation.prove(now=NEXT_CLOSING) == []
    sealing.seal(now=NEXT_CLOSING)
    assert sealing.verify().ok


def test_needs_a_second_person_over_exactly_this_simulation(wrongly_settled, people):
    run = a_run(wrongly_settled, people)
    correction_runs.request(run, by=run.maker, now=NOW)

    with pytest.raises(NotCorrectable, match="second person"):
        correction_runs.post(run, now=NOW)

    assert not ClearedSdr.objects.filter(corrects_id__isnull=False).exists()


def test_is_posted_once_and_a_second_run_starts_from_the_first(wrongly_settled, people):
    run = approved(a_run(wrongly_settled, people), people)
    correction_runs.post(run, now=NOW)
    correction_runs.post(run, now=NOW)
    assert ClearedSdr.objects.filter(corrects_id__isnull=False).count() == 200

    again = a_run(wrongly_settled, people, cents=1000)

    assert again.simulation["old_claim_minor"] == 98_000
    with pytest.raises(NotCorrectable, match="another claim"):
        a_run(wrongly_settled, people, cents=980)


def test_a_run_overtaken_by_another_is_refused(wrongly_settled, people):
    first = approved(a_run(wrongly_settled, people), people)
    second = approved(a_run(wrongly_settled, people, cents=990), people)
    correction_runs.post(first, now=NOW)

    with pytest.raises(NotCorrectable, match="meanwhile"):
        correction_runs.post(second, now=NOW)


def test_a_cancelled_run_is_not_posted(wrongly_settled, people):
    run = a_run(wrongly_settled, people)
    correction_runs.cancel(run)

    with pytest.raises(NotCorrectable):
        correction_runs.request(run, by=run.maker, now=NOW)


def test_a_run_cancelled_after_its_approval_is_not_posted(wrongly_settled, people):
    run = approved(a_run(wrongly_settled, people), people)
    correction_runs.cancel(run)

    with pytest.raises(NotCorrectable, match="cancelled"):
        correction_runs.post(run, now=NOW)

    assert not ClearedSdr.objects.filter(corrects_id__isnull=False).exists()


def test_a_posted_run_is_told_to_who_looked_before(wrongly_settled, people):
    run = approved(a_run(wrongly_settled, people), people)
    seen_before = CorrectionRun.objects.get(pk=run.pk)
    correction_runs.post(run, now=NOW)

    with pytest.raises(NotCorrectable, match="posted"):
        correction_runs.cancel(seen_before)
    seen_before.state = CorrectionRun.State.SIMULATED
    with pytest.raises(NotCorrectable, match="POSTED"):
        correction_runs.request(seen_before, by=seen_before.maker, now=NOW)


def test_what_was_agreed_with_tax_is_corrected_to_a_price_with_tax(people):
    """18.4 kWh at 0.40 and then 0.30, 19 % in them: 8.76 becomes 6.57, not 5.52."""
    tariff = published(per_kwh("0.40", vat="19")).tariff
    (record_id,) = records(1, rating="HOUSE", price_basis="INCL_TAX", acceptance="ON_VALIDATION")
    group = SettlementGroup.objects.get()
    clear_group(group, run_key="first", now=NOON)
    assert ClearedSdr.objects.get().claim_minor == 876
    close_window(group, now=NOON)
    published(per_kwh("0.30", vat="19"), replaces=tariff, at=NOON, valid_from=later(days=-300))
    rating.rerate([record_id], reason="a cheaper price, back-dated", now=NOON)

    run = correction_runs.simulate(
        group, Selection(), reason="cheaper", maker=people[0], now=later(hours=1)
    )

    assert [(one.old_claim_minor, one.new_claim_minor) for one in run.items.all()] == [(876, 657)]
