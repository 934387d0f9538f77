"""Records that came by our API or a file reach CSPs that speak OCPI as CDRs, over real HTTP."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.utils import timezone

from roaming.models import Alert, Delivery, ReceiverOutage
from roaming.protocols.ocpi import objects
from roaming.services import delivering, gateway_deliveries
from tests.flows.test_three_doors import PROFILE, as_csv
from tests.makers import AgreementMaker, fjell, nordlicht, numbered_record, record, voltaire
from tests.roaming.ocpi_partners import Partner
from tests.roaming.ocpi_world import System, connection
from tests.roaming.partner_end import at_work
from tests.roaming.partner_systems import PartnerSystem
from tests.roaming.test_api_locations import tell

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_secrets")]
VERSIONS = ("2.1.1", "2.2.1", "2.3.0")


@pytest.fixture(autouse=True)
def agreed(settings):
    settings.PARTNERS_MAY_BE_LOCAL = True
    return AgreementMaker(warn_after_days=None)


@pytest.fixture
def cso() -> PartnerSystem:
    return PartnerSystem(nordlicht())


@pytest.fixture
def places(cso) -> None:
    """Nordlicht's location by our own API: its EVSE is the records'."""
    assert tell(cso).status_code in (200, 201)


@pytest.fixture
def end():
    with at_work() as end:
        yield end


def deliver(after: timedelta = timedelta(0)) -> dict[bool, int]:
    return gateway_deliveries.deliver_to(voltaire().pk, clock=lambda: timezone.now() + after)


def sends(cso: PartnerSystem, **changes) -> None:
    answer = cso.send(record(**changes))
    assert answer.json()["outcome"] == "accepted", answer.content


@pytest.mark.usefixtures("places")
class TestARecordByApi:
    @pytest.mark.parametrize("version", VERSIONS)
    def test_is_pushed_in_the_version_that_its_csp_speaks(self, cso, end, version):
        partner = Partner(end, voltaire(), version=version)
        sends(cso, authorization_reference="VOL-A-1")

        assert deliver() == {True: 1, False: 0}

        [asked] = partner.heard
        told = objects.decode(asked.body)
        assert (asked.verb, asked.path.rstrip("/")) == ("POST", "/receiver/cdrs")
        assert not [one for one in objects.faults_of(version, "CDR", told) if one.is_fatal]
        assert (told["id"], told["total_energy"]) == ("NLX-0001", Decimal("18.4"))
        price = told["total_cost"]
        assert Decimal("9.02") in ([price] if version == "2.1.1" else price.values())
        if version == "2.2.1":
            assert told["cdr_token"]["contract_id"] == "DE-8AA-CA2B3C4D5-L"
            assert told["cdr_location"]["evse_uid"] == "1001-1"
            assert (told["country_code"], told["party_id"]) == ("DE", "NLX")

    def test_is_in_the_list_of_its_csp_and_read_by_its_cso(self, cso):
        _, token = connection(voltaire())
        _, own = connection(nordlicht())
        _, strange = connection(fjell())
        sends(cso)

        [listed] = System(token).get("sender/cdrs").ocpi["data"]
        kept = System(own).get("receiver/cdrs/DE/NLX/NLX-0001").ocpi["data"]

        assert listed == kept
        assert listed["total_energy_cost"] == {"excl_vat": Decimal("9.02")}
        assert System(strange).get("sender/cdrs").ocpi["data"] == []
        assert System(strange).get("receiver/cdrs/DE/NLX/NLX-0001").status_code == 404

    def test_lists_many_in_as_many_queries_as_few(self, cso, django_assert_max_num_queries):
        _, token = connection(voltaire())
        cso.send_batch([numbered_record(n, evse_id="DE*NLX*E1001*1") for n in range(5)])

        with django_assert_max_num_queries(16):
            listed = System(token).get("sender/cdrs").ocpi["data"]

        assert len(listed) >= 1

    def test_credits_say_what_they_take_back(self, cso, end):
        partner = Partner(end, voltaire())
        sends(cso)
        items = [{"kind": "ENERGY", "quantity": "18.400", "unit_price": "0.49", "amount": "-9.02"}]
        sends(
            cso, sdr_id="NLX-0001-C", credits_sdr_id="NLX-0001", total_amount="-9.02", items=items
        )

        assert deliver()[True] == 2
        told = partner.heard[1].tree()
        assert (told["credit"], told["credit_reference_id"]) == (True, "NLX-0001")
        assert told["total_cost"] == {"excl_vat": -9.02}


def test_a_record_of_a_file_is_told_too(places, end, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.MEDIA_ROOT.mkdir()
    partner = Partner(end, voltaire())
    profile, path = tmp_path / "own.toml", tmp_path / "records.csv"
    profile.write_text(PROFILE)
    path.write_bytes(as_csv(record()))
    call_command("import_sdrs", str(path), "--profile", str(profile))

    assert deliver() == {True: 1, False: 0}
    assert partner.heard[0].tree()["id"] == "NLX-0001"


class TestWhatCannotBeTold:
    def test_keeps_nothing_back_is_tried_again_and_told_once_it_can_be(self, cso, end):
        partner = Partner(end, voltaire())
        sends(cso, evse_id="DE*NLX*E9999*9")
        tell(cso)
        sends(cso, sdr_id="NLX-2", service_session_id="S-2")

        assert deliver() == {True: 1, False: 1}

        waiting = Delivery.objects.get(confirmed_at__isnull=True, kind="SDR", receiver=voltaire())
        assert waiting.last_error.startswith("UNTOLD: no CDR of OCPI 2.2.1: cdr_location")
        assert [asked.tree()["id"] for asked in partner.heard] == ["NLX-2"]
        assert not ReceiverOutage.objects.exists()

    def test_is_shown_to_staff_in_the_end(self, cso, end):
        Partner(end, voltaire())
        sends(cso)
        passed = timedelta(0)

        for attempt in range(delivering.MOST_ATTEMPTS):
            assert deliver(passed) == {True: 0, False: 1}
            passed += delivering.wait_after(attempt + 1) * 1.3

        assert "no location with EVSE DE*NLX*E1001*1" in Alert.objects.get(kind="DEAD_LETTER").text

    def test_a_price_with_tax_alone_is_not_turned_into_one_without(self, places, cso, end, agreed):
        partner = Partner(end, voltaire())
        AgreementMaker(
            buyer=fjell(), price_basis="INCL_TAX", warn_after_days=None, group=agreed.group
        )
        Partner(end, fjell())
        sends(cso, csp_id="NO*FJL")

        done = gateway_deliveries.deliver_to(fjell().pk, clock=timezone.now)

        assert done == {True: 0, False: 1}
        assert "price without tax" in Delivery.objects.get(receiver=fjell(), kind="SDR").last_error
        assert not partner.heard
