"""Correction runs by page: selected, simulated, asked for by one person, posted by another."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.urls import reverse

from billing.models import ClearedSdr, CorrectionRun
from billing.services import correction_runs
from billing.services.closing import close_window
from billing.services.correction_runs import NotCorrectable, Selection
from partners.models import AuditEvent, User
from roaming.models import SdrRating, Tariff, TariffVersion
from tests.billing.oracle_world import BUSINESS_DAY_3, BUSINESS_DAY_6, a_record, an_oracle
from tests.makers import approver, take

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 2, 20, 9, 0, tzinfo=UTC)
SIMULATE = reverse("admin:billing_correctionrun_simulate")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def people():
    return [approver(name) for name in ("mia", "kai")]


@pytest.fixture
def oracle():
    """Ten records of A for C settled at 11.80; their newest rating says 9.80."""
    oracle = an_oracle(with_fees=False)
    records = [
        a_record(oracle, "A", "C", number=n, cents=1180) | {"tariff_id": "Street"}
        for n in range(1, 11)
    ]
    take(*records, sender=oracle.sellers["A"], received_at=BUSINESS_DAY_3)
    close_window(oracle.group, now=BUSINESS_DAY_6)
    tariff = Tariff.objects.create(seller=oracle.sellers["A"], tariff_id="T1", currency="EUR")
    version = TariffVersion.objects.create(
        tariff=tariff,
        version=1,
        published_at=BUSINESS_DAY_3,
        valid_from_at=BUSINESS_DAY_3,
        content={},
        content_sha256="0" * 64,
    )
    for record in ClearedSdr.objects.values_list("pk", flat=True):
        rated(record, version)
    return oracle


def rated(record, version: TariffVersion, number: int = 1) -> SdrRating:
    return SdrRating.objects.create(
        record_id=record,
        rating_version=number,
        tariff_version=version,
        currency="EUR",
        total_excl_tax="9.80",
        total_incl_tax="11.86",
        components={},
        trace=[],
        reason="rated again" if number > 1 else "",
        rated_at=NOW,
    )


def page_of(run: CorrectionRun, name: str = "change") -> str:
    return reverse(f"admin:billing_correctionrun_{name}", args=[run.pk])


def simulated(client, oracle, **changes):
    form = {
        "group": oracle.group.pk,
        "seller": oracle.sellers["A"].pk,
        "first_date": "2027-01-01",
        "last_date": "2027-01-31",
        "reason": "settled at the tariff of March",
    }
    return client.post(SIMULATE, form | changes)


def test_a_run_is_simulated_asked_for_and_posted_by_a_second_person(client, oracle, people):
    client.force_login(people[0])
    page = simulated(client, oracle).url
    run = CorrectionRun.objects.get()
    shown = client.get(page).content.decode().replace("−", "-")
    for told in (
        "A-0001",
        "118.00 EUR",
        "98.00 EUR",
        "-20.00 EUR",
        "20.00 EUR",
        "settled at the tariff",
    ):
        assert told in shown, told
    client.post(page_of(run, "request"), {"reason": "simulation agrees"})
    own = client.post(page_of(run, "approve"), {"reason": "do it alone"}).content.decode()
    assert "a second person must approve" in own
    assert not ClearedSdr.objects.filter(correction_run_id=run.pk).exists()
    client.force_login(people[1])
    assert "cannot be undone" in client.get(page_of(run, "approve")).content.decode()
    client.post(page_of(run, "approve"), {"reason": "seen the tariff"})

    run.refresh_from_db()
    assert (run.state, run.approval.checker) == ("POSTED", people[1])
    story = client.get(page_of(run)).context["story"]
    rows = client.get(story.actions[0].url).context["cl"].queryset
    assert sorted(row.claim_minor for row in rows) == [-1180] * 10 + [980] * 10
    assert list(AuditEvent.objects.order_by("at", "id").values_list("action", "actor")) == [
        ("correction.simulated", "mia"),
        ("correction.requested", "mia"),
        ("correction.posted", "kai"),
    ]


def test_who_did_not_simulate_a_run_can_not_ask_for_it_and_approve_it(client, oracle, people):
    client.force_login(people[0])
    simulated(client, oracle)
    run = CorrectionRun.objects.get()
    client.force_login(people[1])

    page = client.get(page_of(run)).content.decode()
    told = client.post(page_of(run, "request"), {"reason": "I ask for it"}).content.decode()
    client.post(page_of(run, "approve"), {"reason": "and I approve it"})

    assert "mia simulated it and asks for it" in page
    assert "or simulate it yourself" in told
    run.refresh_from_db()
    assert (run.state, run.approval) == ("SIMULATED", None)


def test_selects_by_day_of_the_group_and_by_id(client, oracle, people):
    client.force_login(people[0])
    one = ClearedSdr.objects.order_by("ended_at").first()

    simulated(client, oracle, record_ids=str(one.pk))

    assert CorrectionRun.objects.get().simulation["records"] == 1


class TestByTariff:
    """All ten records were priced by T1; the third again by its second version, the ninth by T9."""

    @pytest.fixture
    def priced(self, oracle):
        first = TariffVersion.objects.get()
        second = TariffVersion.objects.create(
            tariff=first.tariff,
            version=2,
            published_at=NOW,
            valid_from_at=NOW,
            content={},
            content_sha256="1" * 64,
        )
        other = Tariff.objects.create(seller=oracle.sellers["B"], tariff_id="T9", currency="EUR")
        foreign = TariffVersion.objects.create(
            tariff=other,
            version=1,
            published_at=NOW,
            valid_from_at=NOW,
            content={},
            content_sha256="2" * 64,
        )
        ids = list(ClearedSdr.objects.order_by("pk").values_list("pk", flat=True))
        for record, version, number in ((ids[2], second, 2), (ids[8], foreign, 2)):
            rated(record, version, number)
        return ids

    def records(self, client, oracle, **changes) -> int:
        answer = simulated(client, oracle, seller="", first_date="", last_date="", **changes)
        assert answer.status_code == 302, answer.content.decode()
        return CorrectionRun.objects.latest("simulated_at", "pk").simulation["records"]

    def test_takes_what_any_version_priced_now_or_before(self, client, oracle, people, priced):
        client.force_login(people[0])

        assert self.records(client, oracle, tariff_id="t1") == 10
        assert self.records(client, oracle, tariff_id="T9") == 1

    def test_takes_what_one_version_priced(self, client, oracle, people, priced):
        client.force_login(people[0])

        assert self.records(client, oracle, tariff_id="T1", tariff_version="2") == 1
        assert self.records(client, oracle, tariff_id="T1", tariff_version="1") == 10

    def test_goes_with_the_other_filters(self, client, oracle, people, priced):
        client.force_login(people[0])
        ids = "\n".join(str(one) for one in priced[:5])

        assert self.records(client, oracle, tariff_id="T1", record_ids=ids) == 5
        assert simulated(client, oracle, tariff_id="T1", record_ids=ids).status_code == 302
        refused = simulated(client, oracle, seller=oracle.sellers["B"].pk, tariff_id="T1")
        assert "Nobody of these sellers" in refused.content.decode()

    def test_the_run_says_what_was_selected(self, client, oracle, people, priced):
        client.force_login(people[0])

        page = client.get(simulated(client, oracle, tariff_id="T1", tariff_version="2").url)

        told = page.content.decode()
        assert f"seller {oracle.sellers['A'].code}; from 1 Jan 2027; until 31 Jan 2027" in told
        assert "tariff T1, version 2" in told

    def test_records_that_name_it_are_of_it_but_of_none_of_its_versions(self, oracle, priced):
        maker = User.objects.create(username="otto", is_staff=True)
        run = correction_runs.simulate(
            oracle.group,
            Selection(tariff_id="STREET"),
            reason="by name",
            maker=maker,
            now=NOW,
        )

        assert run.simulation["records"] == 10
        with pytest.raises(NotCorrectable):
            correction_runs.simulate(
                oracle.group,
                Selection(tariff_id="Street", tariff_version=1),
                reason="by name",
                maker=maker,
                now=NOW,
            )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"tariff_id": "T7"}, "Nobody of these sellers has published"),
        ({"tariff_version": "1"}, "Name the tariff"),
        ({"tariff_id": "T1", "tariff_version": "4"}, "Its versions are 1 to 1."),
        ({"tariff_id": "T1", "tariff_version": "0"}, "greater than or equal to 1"),
        ({"first_date": "2026-06-01", "last_date": "2026-06-30"}, "No settled record"),
        ({"seller": "", "first_date": "", "last_date": ""}, "Narrow it"),
        ({"record_ids": "not-an-id"}, "is no record id"),
        ({"reason": "no"}, "at least 5"),
    ],
)
def test_says_what_to_do_instead(client, oracle, people, changes, told):
    client.force_login(people[0])

    page = simulated(client, oracle, **changes)

    assert told in page.content.decode()
    assert not CorrectionRun.objects.exists()


def test_a_cancelled_run_is_not_posted(client, oracle, people):
    client.force_login(people[0])
    simulated(client, oracle)
    run = CorrectionRun.objects.get()
    client.post(page_of(run, "request"), {"reason": "simulation agrees"})
    client.post(page_of(run, "cancel"), {"reason": "wrong tariff after all"})
    client.force_login(people[1])

    page = client.post(page_of(run, "approve"), {"reason": "too late"}).content.decode()

    assert "CANCELLED" in page
    assert not ClearedSdr.objects.filter(correction_run_id=run.pk).exists()
