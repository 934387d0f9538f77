"""CDRs over OCPI: taken once and for all, kept, read by their CSP; cases CDR-01 to CDR-30."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from roaming.models import Delivery, Finding, IntakeBatch, Sdr, SdrKey, SdrState
from roaming.services import holds
from tests.makers import AgreementMaker, fjell, nordlicht, polder, voltaire
from tests.roaming.ocpi_world import System, connection

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def agreed():
    return AgreementMaker(seller=nordlicht(), buyer=voltaire())


@pytest.fixture
def cso() -> System:
    _, token = connection(nordlicht())
    return System(token)


@pytest.fixture
def csp() -> System:
    _, token = connection(voltaire())
    return System(token)


def hours_ago(hours: float) -> str:
    return (timezone.now() - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def cdr(cdr_id: str = "C1", **changes: Any) -> dict[str, Any]:
    """18.4 kWh of Nordlicht's in an hour for Voltaire, 9.02 EUR excl. tax."""
    start, end = hours_ago(5), hours_ago(4)
    own = {
        "country_code": "DE",
        "party_id": "NLX",
        "id": cdr_id,
        "start_date_time": start,
        "end_date_time": end,
        "session_id": f"S-{cdr_id}",
        "cdr_token": {
            "country_code": "FR",
            "party_id": "VOL",
            "uid": "04A1B2C3D4E5F6",
            "type": "RFID",
            "contract_id": "DE8AACA2B3C4D5L",
        },
        "auth_method": "AUTH_REQUEST",
        "cdr_location": {
            "id": "LOC1",
            "address": "Hafenstrasse 1",
            "city": "Hamburg",
            "country": "DEU",
            "coordinates": {"latitude": "53.544100", "longitude": "9.966500"},
            "evse_uid": "E1",
            "evse_id": "DE*NLX*E1001*1",
            "connector_id": "1",
            "connector_standard": "IEC_62196_T2",
            "connector_format": "SOCKET",
            "connector_power_type": "AC_3_PHASE",
        },
        "currency": "EUR",
        "charging_periods": [
            {
                "start_date_time": start,
                "dimensions": [
                    {"type": "ENERGY", "volume": Decimal("18.4")},
                    {"type": "TIME", "volume": 1},
                ],
            }
        ],
        "total_cost": {"excl_vat": Decimal("9.02"), "incl_vat": Decimal("10.91")},
        "total_energy": Decimal("18.4"),
        "total_energy_cost": {"excl_vat": Decimal("9.02")},
        "total_time": 1,
        "last_updated": hours_ago(3),
    }
    return own | changes


def credit(of: dict[str, Any], credit_id: str = "", **changes: Any) -> dict[str, Any]:
    """All of the original, its total alone negated."""
    cost = {name: -value for name, value in of["total_cost"].items()}
    own = {"id": credit_id or f"{of['id']}-C", "credit": True, "credit_reference_id": of["id"]}
    return of | own | {"total_cost": cost} | changes


def costs(energy: str, total: str = "") -> dict[str, Any]:
    """The cost of the energy, and the total where it is another."""
    return {
        "total_cost": {"excl_vat": Decimal(total or energy)},
        "total_energy_cost": {"excl_vat": Decimal(energy)},
    }


def state_of(cdr_id: str) -> str:
    newest = Sdr.objects.filter(sdr_id=cdr_id).order_by("-attempt").first()
    return SdrState.objects.get(id=newest.id).state


def codes_of(cdr_id: str) -> set[str]:
    record = Sdr.objects.filter(sdr_id=cdr_id).order_by("-attempt").first()
    return set(Finding.objects.filter(record_id=record.id).values_list("code", flat=True))


def test_cdr_01_a_cdr_is_created_and_can_be_read_back_where_it_says(cso):
    sent = cdr(custom_field={"nested": [1, {"deep": "kept"}]})
    answer = cso.post("receiver/cdrs", sent)

    assert (answer.status_code, answer.ocpi["status_code"]) == (201, 1000)
    assert "data" not in answer.ocpi
    assert answer.headers["Location"].endswith("/ocpi/2.2.1/receiver/cdrs/DE/NLX/C1")
    kept = cso.get("/" + answer.headers["Location"].split("/", 3)[3]).ocpi["data"]
    assert kept == json.loads(json.dumps(sent, default=float), parse_float=Decimal)
    assert IntakeBatch.objects.get().door == "OCPI"


def test_cdr_02_the_same_again_is_answered_as_before_and_counts_once(cso):
    sent = cdr()
    first, second = cso.post("receiver/cdrs", sent), cso.post("receiver/cdrs", sent)

    assert (second.status_code, second.ocpi["status_code"]) == (200, 1000)
    assert second.headers["Location"] == first.headers["Location"]
    assert Sdr.objects.count() == 1
    assert Delivery.objects.filter(kind="SDR").count() == 1


def test_cdr_04_the_same_id_with_other_content_changes_nothing(cso):
    cso.post("receiver/cdrs", cdr())
    other = cso.post("receiver/cdrs", cdr(**costs("9.03")))

    assert (other.status_code, other.ocpi["status_code"]) == (200, 2001)
    live = SdrKey.objects.get(sdr_id="C1").record_id
    assert Sdr.objects.get(id=live).claim_amount == Decimal("9.02")


def test_trn_05_what_is_no_json_is_http_400(cso):
    assert cso.post("receiver/cdrs", b"{not json").status_code == 400


def test_a_cdr_with_faults_is_told_all_of_them_and_kept(cso):
    sent = cdr()
    del sent["currency"], sent["total_energy"]
    answer = cso.post("receiver/cdrs", sent)

    assert (answer.status_code, answer.ocpi["status_code"]) == (200, 2001)
    assert "currency" in answer.ocpi["status_message"]
    assert "total_energy" in answer.ocpi["status_message"]
    assert state_of("C1") == "REJECTED"


def test_cdr_08_and_pag_09_a_csp_reads_its_own_and_nobody_elses(cso, csp):
    cso.post("receiver/cdrs", cdr())
    _, strangers = connection(fjell())

    (read,) = csp.get("sender/cdrs").ocpi["data"]
    assert read["id"] == "C1"
    assert System(strangers).get("sender/cdrs").ocpi["data"] == []
    assert System(strangers).get("sender/cdrs?offset=0&limit=9").ocpi["data"] == []
    _, others = connection(polder())
    assert System(others).get("receiver/cdrs/DE/NLX/C1").status_code == 404
    assert System(others).get("receiver/cdrs/NL/PLD/C1").status_code == 404


def test_pag_05_date_from_is_inclusive_and_date_to_exclusive(cso, csp):
    updated = hours_ago(3)
    cso.post("receiver/cdrs", cdr(last_updated=updated))

    assert csp.get(f"sender/cdrs?date_from={updated}").ocpi["data"]
    assert csp.get(f"sender/cdrs?date_to={updated}").ocpi["data"] == []
    assert csp.get("sender/cdrs?date_from=yesterday").ocpi["status_code"] == 2001


def test_pag_01_02_03_and_06_pages_lead_through_all_of_them_once(cso, csp):
    for number in range(5):
        cso.post("receiver/cdrs", cdr(f"P{number}", **_elsewhere(number)))
    first = csp.get("sender/cdrs?limit=2&date_from=2020-01-01T00:00:00Z")
    assert (first.headers["X-Total-Count"], first.headers["X-Limit"]) == ("5", "100")

    seen, page = [], first
    while True:
        seen += [one["id"] for one in page.ocpi["data"]]
        if "Link" not in page.headers:
            break
        assert "date_from=2020" in page.headers["Link"]
        page = csp.get("/" + page.headers["Link"].split(">")[0].split("/", 3)[3])
    assert seen == [f"P{number}" for number in range(5)]
    assert csp.get("sender/cdrs?limit=100000").headers["X-Limit"] == "100"


def _elsewhere(number: int) -> dict[str, Any]:
    """A session of its own, so that none overlaps another at one EVSE."""
    location = cdr()["cdr_location"] | {"evse_id": f"DE*NLX*E{number:04}*1"}
    token = cdr()["cdr_token"] | {"uid": f"04A1B2C3D4E5{number:02}"}
    token["contract_id"] = ""
    token["contract_id"] = f"FR-VOL-C0000000{number}"
    return {"cdr_location": location, "cdr_token": token}


def test_cdr_09_an_unknown_csp_is_kept_until_somebody_looks(cso):
    token = cdr()["cdr_token"] | {"country_code": "IT", "party_id": "XYZ"}
    answer = cso.post("receiver/cdrs", cdr(cdr_token=token))

    assert (answer.status_code, answer.ocpi["status_code"]) == (201, 1000)
    assert "V003" in answer.ocpi["status_message"]
    assert state_of("C1") == "HELD"


def test_held_cdrs_are_read_again_from_their_bytes(cso):
    """What heals when master data arrives is judged again as OCPI, not as our own JSON."""
    cso.post("receiver/cdrs", cdr(credit_reference_id="C0", credit=True, id="C0-C"))
    cso.post("receiver/cdrs", credit(cdr("C5"), "C5-C"))
    assert state_of("C5-C") == "HELD"
    cso.post("receiver/cdrs", cdr("C5"))
    holds.heal(actor="clock", now=timezone.now())
    assert "V001" not in codes_of("C5-C")


@pytest.mark.parametrize(
    ("changes", "is_taken"),
    [
        ({"end_date_time": hours_ago(6)}, False),
        ({"total_cost": {"excl_vat": Decimal("-9.02")}}, False),
    ],
    ids=["cdr_12_ends_before_it_starts", "cdr_15_negative_without_credit"],
)
def test_what_cannot_be_is_refused(cso, changes, is_taken):
    answer = cso.post("receiver/cdrs", cdr(**changes))
    assert (answer.ocpi["status_code"] == 1000) is is_taken
    assert state_of("C1") == "REJECTED"


def test_cdr_16_and_19_a_credit_is_linked_and_a_second_one_refused(cso):
    original = cdr()
    cso.post("receiver/cdrs", original)
    first = cso.post("receiver/cdrs", credit(original))
    second = cso.post("receiver/cdrs", credit(original, "C1-D"))

    assert (first.status_code, first.ocpi["status_code"]) == (201, 1000)
    assert Sdr.objects.get(sdr_id="C1-C").credits_sdr_id == "C1"
    assert second.ocpi["status_code"] == 2001


def test_cdr_18_a_credit_of_another_amount_waits_for_a_person(cso):
    original = cdr()
    cso.post("receiver/cdrs", original)
    cso.post("receiver/cdrs", credit(original, **costs("5.00", "-5.00")))
    assert state_of("C1-C") == "HELD"
    assert "V602" in codes_of("C1-C")


def test_cdr_22_a_normal_id_has_36_characters_at_most(cso):
    long = cso.post("receiver/cdrs", cdr("C" * 37))
    assert long.ocpi["status_code"] == 2001
    original = cdr("D" * 36, session_id="S-D")
    cso.post("receiver/cdrs", original)
    assert cso.post("receiver/cdrs", credit(original, "D" * 36 + "-CR")).status_code == 201


def test_cdr_23_a_second_cdr_of_a_session_waits(cso):
    cso.post("receiver/cdrs", cdr("C1", session_id="SAME"))
    second = cso.post("receiver/cdrs", cdr("C2", session_id="SAME"))
    assert second.status_code == 201
    assert state_of("C2") == "HELD"


def test_cdr_26_and_27_unknown_places_and_unused_reservations_are_taken(cso):
    nowhere = dict.fromkeys(("evse_uid", "evse_id", "connector_id"), "#NA")
    reservation = cdr("R1", cdr_location=cdr()["cdr_location"] | nowhere)
    del reservation["session_id"]
    assert cso.post("receiver/cdrs", reservation).status_code == 201


def test_cdr_30_amounts_are_exact(cso, csp):
    raw = json.dumps(cdr(), default=float).replace("9.02", "0.3").replace("18.4", "12.1234")
    raw = raw.replace('"total_time": 1', '"total_time": 1.0000')
    cso.post("receiver/cdrs", raw.encode())
    read = csp.get("sender/cdrs").content.decode()
    assert '"excl_vat":0.3' in read
    assert "12.1234" in read
    assert "0.30000" not in read


def test_rte_02_10_14_15_16_and_18_of_records(cso):
    assert cso.post("receiver/cdrs", cdr(), to_code="XX*NIX").ocpi["status_code"] == 4001
    foreign = cso.post("receiver/cdrs", cdr(), as_code="NL*PLD")
    assert foreign.ocpi["status_code"] == 2001
    other_owner = cso.post("receiver/cdrs", cdr(country_code="NL", party_id="PLD"))
    assert other_owner.ocpi["status_code"] == 2001

    _, token = connection(nordlicht(), polder())
    many = System(token)
    assert many.post("receiver/cdrs", cdr()).ocpi["status_code"] == 2001
    lower = many.post("receiver/cdrs", cdr(), as_code="de*nlx", to_code="fr*vol")
    assert (lower.status_code, lower.ocpi["status_code"]) == (201, 1000)
    assert (lower.headers["OCPI-from-party-id"], lower.headers["OCPI-to-party-id"]) == (
        "VOL",
        "NLX",
    )


def test_trn_13_a_cdr_is_neither_changed_nor_deleted(cso):
    for verb in ("PUT", "PATCH", "DELETE"):
        assert cso.send(verb, "receiver/cdrs", {}).status_code == 405
