"""Registries by API and command: per-row answers, replay, hashes instead of contract ids."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from partners.models import Mandate
from roaming import tasks
from roaming.models import (
    Authorization,
    ContractIdentity,
    Credential,
    Evse,
    EvseOutage,
    MeterKey,
    Sdr,
    SdrState,
)
from tests import makers
from tests.makers import take_one
from tests.roaming.partner_systems import PartnerSystem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "quick_secrets")]
SCOPES = ("registry:write", "registry:read", "sdr:write")
EVSE = {
    "cso_id": "DE*NLX",
    "evse_id": "DE*NLX*E1001*1",
    "starts_at": "2026-01-01T00:00:00Z",
    "current_type": "AC",
    "max_power_kw": "22",
}
CONTRACT = "DE-8AA-CA2B3C4D5-L"


def path(kind: str) -> str:
    return f"/api/v1/registries/{kind}/"


def send(system: PartnerSystem, kind: str, *rows: object, **headers):
    return system.post(path(kind), json.dumps(rows).encode(), **headers)


@pytest.fixture
def nordlicht():
    makers.AgreementMaker()
    return PartnerSystem(makers.nordlicht(), scopes=SCOPES)


@pytest.fixture
def voltaire(nordlicht):
    return PartnerSystem(makers.voltaire(), scopes=SCOPES)


class TestRows:
    def test_are_created_corrected_and_left_alone(self, nordlicht):
        first = send(nordlicht, "evses", EVSE).json()
        again = send(nordlicht, "evses", EVSE).json()
        other = send(nordlicht, "evses", EVSE | {"max_power_kw": "11"}).json()

        assert [answer["results"][0]["outcome"] for answer in (first, again, other)] == [
            "created",
            "unchanged",
            "updated",
        ]
        assert Evse.objects.get().max_power_kw == 11

    def test_one_bad_row_never_sinks_the_rest(self, nordlicht):
        rows = [
            EVSE,
            {"cso_id": "DE*NLX", "starts_at": EVSE["starts_at"]},
            EVSE | {"evse_id": "nonsense"},
            EVSE | {"evse_id": "DE*NLX*E2", "max_power_kw": "12345678"},
            EVSE | {"evse_id": "DE*NLX*E3", "starts_at": "2026-01-01T00:00:00"},
            EVSE | {"evse_id": "DE*NLX*E4", "ends_at": EVSE["starts_at"]},
            EVSE | {"evse_id": "DE*NLX*E5", "location_id": "a\u0000b"},
            7,
            EVSE | {"evse_id": "DE*NLX*E6"},
        ]
        answer = send(nordlicht, "evses", *rows)

        told = answer.json()
        faults = [
            (result["index"], result["errors"][0]["code"], result["errors"][0]["field"])
            for result in told["results"]
            if result["outcome"] == "refused"
        ]
        assert answer.status_code == 200
        assert (told["received"], told["created"], told["refused"]) == (9, 2, 7)
        assert faults == [
            (1, "FIELD_INVALID", "evse_id"),
            (2, "EVSE_ID_MALFORMED", "evse_id"),
            (3, "FIELD_INVALID", "max_power_kw"),
            (4, "FIELD_INVALID", "starts_at"),
            (5, "PERIOD_EMPTY", "ends_at"),
            (6, "FIELD_INVALID", "location_id"),
            (7, "FIELD_INVALID", ""),
        ]

    def test_that_overlap_are_refused_until_the_earlier_one_ends(self, nordlicht):
        key = {"evse_id": EVSE["evse_id"], "cso_id": "DE*NLX", "meter_id": "M1", "public_key": "AB"}
        old = key | {"starts_at": "2026-01-01T00:00:00Z"}
        new = key | {"starts_at": "2026-06-01T00:00:00Z", "public_key": "CD"}
        refused = send(nordlicht, "meter-keys", old, new).json()
        ended = send(nordlicht, "meter-keys", old | {"ends_at": new["starts_at"]}, new).json()

        assert refused["results"][1]["errors"][0]["code"] == "PERIOD_OVERLAPS"
        assert [result["outcome"] for result in ended["results"]] == ["updated", "created"]
        assert MeterKey.objects.count() == 2

    def test_come_as_csv_and_ndjson_too(self, nordlicht):
        head = "evse_id,starts_at,ends_at,connector_types,latitude\n"
        csv = head + "DE*NLX*E9,2026-01-01T00:00:00Z,,IEC_62196_T2|CHADEMO,52.5\n"
        lines = json.dumps(EVSE | {"evse_id": "DE*NLX*E8"}).encode() + b"\n\n"
        by_csv = nordlicht.post(
            path("evses") + "?party=DE*NLX", csv.encode(), content_type="text/csv"
        )
        by_line = nordlicht.post(path("evses"), lines, content_type="application/x-ndjson")

        assert (by_csv.json()["created"], by_line.json()["created"]) == (1, 1)
        assert Evse.objects.get(evse_id="DE*NLX*E9").connector_types == ["IEC_62196_T2", "CHADEMO"]

    def test_outages_are_put(self, nordlicht):
        row = {"cso_id": "DE*NLX", "evse_id": "DE*NLX*E1", "starts_at": EVSE["starts_at"]}
        answer = nordlicht.http.put(
            path("evse-outages"),
            json.dumps([row]).encode(),
            content_type="application/json",
            headers=nordlicht.headers,
        )

        assert answer.json()["created"] == 1
        assert EvseOutage.objects.count() == 1

    def test_may_be_sent_by_an_agent_with_a_mandate(self, nordlicht):
        agent = PartnerSystem(makers.polder(), scopes=SCOPES)
        mandate = Mandate.objects.create(
            grantor=nordlicht.partner,
            agent=agent.partner,
            verbs=["SUBMIT_SDR"],
            starts_at=makers.LONG_AGO,
        )
        mandate.parties.add(makers.nordlicht())

        assert send(agent, "evses", EVSE).json()["created"] == 1

    def test_an_unknown_registry_is_not_there(self, nordlicht):
        assert send(nordlicht, "drivers", EVSE).status_code == 404


class TestCredentials:
    ROW = {"csp_id": "FR*VOL", "contract_id": CONTRACT, "starts_at": "2026-01-01T00:00:00Z"}

    def test_are_known_by_the_hash_that_records_have(self, voltaire):
        send(voltaire, "credentials", self.ROW)
        take_one(contract_id=CONTRACT)

        credential = Credential.objects.get()
        assert credential.contract_hash == ContractIdentity.objects.get().contract_hash
        assert credential.pseudonym == Sdr.objects.get().pseudonym

    def test_never_show_the_contract_id(self, voltaire):
        answer = send(voltaire, "credentials", self.ROW)
        page = voltaire.get(path("credentials"))

        assert CONTRACT.encode() not in answer.content + page.content
        assert page.json()["results"][0]["csp_id"] == "FR*VOL"

    def test_authorizations_name_both_sides(self, voltaire):
        row = {
            "csp_id": "FR*VOL",
            "cso_id": "DE*NLX",
            "reference": "A-1",
            "is_granted": True,
            "authorized_at": "2026-11-14T10:00:00Z",
            "contract_id": CONTRACT,
        }
        told = send(voltaire, "authorizations", row, row | {"cso_id": "IT*ZZZ"}).json()

        assert told["results"][0]["outcome"] == "created"
        assert told["results"][1]["errors"][0]["code"] == "PARTY_UNKNOWN"
        assert Authorization.objects.get().pseudonym


class TestStrangers:
    def test_see_nothing_and_write_nothing_of_others(self, nordlicht):
        send(nordlicht, "evses", EVSE)
        laterne = PartnerSystem(makers.laterne(), scopes=SCOPES)

        told = send(laterne, "evses", EVSE, EVSE | {"cso_id": "IT*ZZZ"}).json()
        assert [result["errors"][0]["code"] for result in told["results"]] == [
            "PARTY_NOT_YOURS",
            "PARTY_NOT_YOURS",
        ]
        assert Evse.objects.count() == 1
        for kind in ("evses", "evse-outages", "meter-keys", "credentials", "authorizations"):
            for query in ({}, {"party": "DE*NLX"}):
                page = laterne.get(path(kind), **query).json()
                assert page == {"results": [], "next": None}

    def test_need_the_scope(self, nordlicht):
        reader = PartnerSystem(makers.nordlicht(), scopes=("sdr:read",))

        assert send(reader, "evses", EVSE).status_code == 403
        assert reader.get(path("evses")).status_code == 403


class TestHealing:
    def test_follows_an_import_by_the_clock(self):
        nordlicht = PartnerSystem(makers.nordlicht(), scopes=SCOPES)
        held = take_one()
        makers.AgreementMaker()
        send(nordlicht, "evses", EVSE)

        assert tasks.retry_holds() == {"ACCEPT": 1}
        assert SdrState.objects.get(id=held.record_id).state == "ACCEPTED"
        assert tasks.expire_holds() == {"rejected": 0}


class TestPages:
    def test_follow_one_another(self, nordlicht):
        send(nordlicht, "evses", *(EVSE | {"evse_id": f"DE*NLX*E{n}"} for n in range(3)))
        first = nordlicht.get(path("evses"), limit=2).json()
        second = nordlicht.http.get(first["next"], headers=nordlicht.headers).json()

        assert (len(first["results"]), len(second["results"])) == (2, 1)
        assert second["next"] is None


class TestCommand:
    def test_imports_a_csv_for_a_party(self, nordlicht, tmp_path):
        file = tmp_path / "evses.csv"
        file.write_text("evse_id,starts_at\nDE*NLX*E7,2026-01-01T00:00:00Z\nbad,2026-01-01\n")
        printed = StringIO()
        call_command(
            "import_registry", "evses", str(file), party="DE*NLX", json=True, stdout=printed
        )

        assert json.loads(printed.getvalue()) == {"received": 2, "created": 1, "refused": 1}
