"""Correction runs by page: selected, simulated, asked for by one person, posted by another."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.urls import reverse

from billing.models import ClearedSdr, CorrectionRun
from billing.services.closing import close_window
from partners.models import AuditEvent, User
from roaming.models import SdrRating, Tariff, TariffVersion
from tests.billing.oracle_world import BUSINESS_DAY_3, BUSINESS_DAY_6, a_record, an_oracle
from tests.makers import take

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 2, 20, 9, 0, tzinfo=UTC)
SIMULATE = reverse("admin:billing_correctionrun_simulate")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def people():
    return [
        User.objects.create(username=name, is_staff=True, is_superuser=True)
        for name in ("mia", "kai")
    ]


@pytest.fixture
def oracle():
    """Ten records of A for C settled at 11.80; their newest rating says 9.80."""
    oracle = an_oracle(with_fees=False)
    records = [a_record(oracle, "A", "C", number=n, cents=1180) for n in range(1, 11)]
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
    SdrRating.objects.bulk_create(
        SdrRating(
            record_id=record,
            tariff_version=version,
            currency="EUR",
            total_excl_tax="9.80",
            total_incl_tax="11.86",
            components={},
            trace=[],
            rated_at=NOW,
        )
        for record in ClearedSdr.objects.values_list("pk", flat=True)
    )
    return oracle


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
    for told in ("118.00 EUR", "98.00 EUR", "-20.00 EUR", "20.00 EUR", "settled at the tariff"):
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


def test_selects_by_day_of_the_group_and_by_id(client, oracle, people):
    client.force_login(people[0])
    one = ClearedSdr.objects.order_by("ended_at").first()

    simulated(client, oracle, record_ids=str(one.pk))

    assert CorrectionRun.objects.get().simulation["records"] == 1


@pytest.mark.parametrize(
    ("changes", "told"),
    [
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
