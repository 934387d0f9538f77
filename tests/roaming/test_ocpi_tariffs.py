"""Tariffs over OCPI: cases TAR-01, RTE-18, and for whom each one is."""

import copy
import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from roaming.models import Tariff, TariffNotice, TariffVersion
from roaming.queries_tariffs import tariffs_named, version_of
from roaming.services.earlier_tariffs import Earlier
from tests import makers
from tests.makers import fjell, nordlicht, voltaire
from tests.roaming.ocpi_world import System, connection
from tests.roaming.tariff_world import per_kwh, published

pytestmark = pytest.mark.django_db
OWN = "receiver/tariffs/DE/NLX"
TARIFF = {
    "country_code": "DE",
    "party_id": "NLX",
    "id": "T1",
    "currency": "EUR",
    "elements": [
        {"price_components": [{"type": "ENERGY", "price": 0.49, "vat": 19.0, "step_size": 1}]}
    ],
    "last_updated": "2026-06-01T10:00:00.500Z",
    "x_own": {"deep": [1, 2.50]},
}


def tariff(price: float = 0.49, **changes) -> dict:
    tree = copy.deepcopy(TARIFF) | changes
    tree["elements"][0]["price_components"][0]["price"] = price
    return tree


def exact(tree: dict) -> dict:
    """As it is read: no number through a float."""
    return json.loads(json.dumps(tree), parse_float=Decimal)


@pytest.fixture
def cso() -> System:
    makers.AgreementMaker()
    return System(connection(nordlicht())[1], as_code="DE*NLX")


@pytest.fixture
def csp() -> System:
    return System(connection(voltaire())[1], as_code="FR*VOL")


def put(cso: System, price: float = 0.49, to_code: str = "", **changes):
    tree = tariff(price, **changes)
    return cso.put(f"{OWN}/{tree['id']}", tree, to_code=to_code)


class TestACso:
    def test_puts_a_tariff_once_and_then_its_next_version(self, cso):
        assert put(cso).status_code == 201
        assert put(cso).status_code == 200
        assert TariffVersion.objects.count() == 1

        assert put(cso, 0.45, last_updated="2026-06-02T10:00:00Z").ocpi["status_code"] == 1000

        assert cso.get(f"{OWN}/t1").ocpi["data"] == exact(
            tariff(0.45, last_updated="2026-06-02T10:00:00Z")
        )
        newest = TariffVersion.objects.get(version=2)
        assert (newest.content_format, newest.unusable_reason) == ("OCPI 2.2.1", "")
        assert TariffNotice.objects.get(version=newest).state == "COUNTS"

    def test_told_long_after_it_began_is_taken(self, cso):
        for _ in range(2):
            assert put(cso, start_date_time="2019-01-01T00:00:00Z").ocpi["status_code"] == 1000

        assert TariffVersion.objects.count() == 1

    def test_is_asked_to_wait_with_an_increase(self, cso):
        put(cso)

        put(cso, 0.59, last_updated="2026-06-02T10:00:00Z")

        assert TariffNotice.objects.get(version__version=2).state == "WAITING"

    @pytest.mark.parametrize(
        ("changes", "path"),
        [
            ({"id": "T2"}, "T1"),
            ({"party_id": "BBB"}, "T1"),
            ({"currency": "XXX"}, "T1"),
            ({"elements": []}, "T1"),
            ({"last_updated": None}, "T1"),
        ],
    )
    def test_rte_18_is_told_what_is_wrong(self, cso, changes, path):
        answer = cso.put(f"{OWN}/{path}", tariff() | changes)

        assert (answer.status_code, answer.ocpi["status_code"]) == (200, 2001)
        assert not TariffVersion.objects.exists()

    def test_writes_for_nobody_else(self, cso):
        assert cso.put("receiver/tariffs/NL/PLD/T1", tariff()).status_code == 404
        assert cso.delete("receiver/tariffs/NL/PLD/T1").status_code == 404

    def test_tar_01_withdraws_it_and_records_are_still_rated_by_it(self, cso, csp):
        put(cso)

        assert cso.delete(f"{OWN}/T1").ocpi["status_code"] == 1000

        assert cso.get(f"{OWN}/T1").status_code == 404
        assert cso.delete(f"{OWN}/T1").status_code == 404
        assert csp.get("sender/tariffs").ocpi["data"] == []
        known = tariffs_named({nordlicht().pk: {"T1"}}, environment="LIVE")
        now = timezone.now() + timedelta(seconds=1)
        assert known.in_force(nordlicht().pk, "T1", voltaire().pk, now)

        put(cso)
        assert [one["id"] for one in csp.get("sender/tariffs").ocpi["data"]] == ["T1"]

    def test_cannot_patch_since_2_2(self, cso):
        put(cso)

        patch = {"currency": "EUR", "last_updated": "2026-06-02T10:00:00Z"}
        assert cso.patch(f"{OWN}/T1", patch).status_code == 405

    def test_of_2_1_1_patches(self, cso):
        old = System(connection(nordlicht(), version="2.1.1")[1], version="2.1.1")
        tree = {name: tariff()[name] for name in ("id", "currency", "elements", "last_updated")}
        del tree["elements"][0]["price_components"][0]["vat"]
        assert old.put(f"{OWN}/T1", tree).status_code == 201

        patch = {"tariff_alt_url": "https://nlx.example", "last_updated": "2026-06-02T10:00:00Z"}
        assert old.patch(f"{OWN}/T1", patch).ocpi["status_code"] == 1000
        assert old.get(f"{OWN}/T1").ocpi["data"] == exact(tree | patch)

    def test_may_tell_taxes_as_2_3_0_does_and_learns_that_we_cannot_price_by_it(self, cso, csp):
        new = System(connection(nordlicht(), version="2.3.0")[1], version="2.3.0", as_code="DE*NLX")

        assert new.put(f"{OWN}/T1", tariff(tax_included="YES")).status_code == 201

        kept = TariffVersion.objects.get()
        assert (kept.content_format, kept.content["tax_included"]) == ("OCPI 2.3.0", "YES")
        assert kept.unusable_reason.startswith("TAX_MODEL_UNSUPPORTED")


class TestATariff:
    def test_of_one_csp_is_seen_by_that_one_alone(self, cso, csp):
        makers.AgreementMaker(buyer=fjell())
        other = System(connection(fjell())[1], as_code="NO*FJL")
        put(cso, to_code="FR*VOL")

        assert csp.get("sender/tariffs").ocpi["data"] == [exact(tariff())]
        assert other.get("sender/tariffs").ocpi["data"] == []
        assert TariffNotice.objects.get().buyer == voltaire()

        put(cso)
        assert other.get("sender/tariffs").ocpi["data"] == [exact(tariff())]

    def test_of_a_stranger_is_not_seen(self, cso):
        put(cso)
        stranger = System(connection(fjell())[1], as_code="NO*FJL")

        assert stranger.get("sender/tariffs").ocpi["data"] == []

    def test_of_our_own_api_is_told_with_its_owner(self, cso, csp):
        published(per_kwh("0.49"))

        [told] = csp.get("sender/tariffs").ocpi["data"]
        assert (told["country_code"], told["party_id"], told["id"]) == ("DE", "NLX", "NLX-AC")
        assert told["last_updated"] == "2020-01-01T00:00:00Z"

    def test_is_found_by_its_owners_time(self, cso, csp):
        for number in range(1, 4):
            put(cso, id=f"T{number}", last_updated=f"2026-06-0{number}T00:00:00Z")

        found = csp.get(
            "sender/tariffs?date_from=2026-06-02T00:00:00Z&date_to=2026-06-03T00:00:00Z"
        )
        assert [one["id"] for one in found.ocpi["data"]] == ["T2"]
        assert found.headers["X-Total-Count"] == "1"


class TestManyTariffs:
    def test_a_new_one_is_an_increase_over_any_other(self, cso):
        for number in range(25):
            put(cso, 0.30 + number / 100, id=f"T{number}")

        put(cso, 0.31, id="NEW")
        put(cso, 0.20, id="CHEAP")

        told = {
            notice.version.tariff.tariff_id: notice.is_increase
            for notice in TariffNotice.objects.select_related("version__tariff")
        }
        assert told["NEW"]
        assert not told["CHEAP"]
        assert Tariff.objects.count() == 27

    def test_of_those_with_the_same_prices_two_are_looked_at(self, cso):
        for number in range(25):
            put(cso, 0.30, id=f"T{number}")
        put(cso, 0.40, id="DEAR")
        tariff = Tariff.objects.get(tariff_id="DEAR")
        version = version_of(tariff.versions.get())

        found = list(Earlier(tariff).formers(replace(version, tariff_id="NEW"), voltaire().pk))

        # Twenty and five were asked for: two of each.
        assert len(found) == 4
        assert {one.content["elements"][0]["price_components"][0]["price"] for one in found} == {
            Decimal("0.30")
        }

    def test_a_record_that_names_one_reads_that_one(self, cso, django_assert_num_queries):
        for number in range(3):
            put(cso, id=f"T{number}")

        seller = nordlicht().pk
        with django_assert_num_queries(3):
            known = tariffs_named({seller: {"t1"}}, environment="LIVE")

        assert known.names_of(seller) == ["t1"]
        assert known.has_any(seller)
        first = TariffVersion.objects.order_by("id")[0]
        assert not known.has_any(seller, known_before=first.pk)
        every = tariffs_named({seller: {"", "T1"}}, environment="LIVE", known=known)
        assert sorted(every.names_of(seller)) == ["t0", "t1", "t2"]
