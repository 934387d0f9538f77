"""Sellers publish tariffs, buyers read what counts and answer; a stranger sees nothing."""

import json

import pytest

from roaming.models import SdrRating, TariffNotice, TariffVersion
from roaming.services import tariffs
from roaming.services.tariffs import TariffRefused
from tests import makers
from tests.makers import NOON, later, take_one
from tests.roaming.partner_systems import PartnerSystem
from tests.roaming.tariff_world import per_kwh

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "quick_secrets")]
TARIFFS = "/api/v1/tariffs/"


@pytest.fixture(autouse=True)
def agreement():
    return makers.AgreementMaker()


@pytest.fixture
def nordlicht():
    return PartnerSystem(makers.nordlicht())


@pytest.fixture
def voltaire():
    return PartnerSystem(makers.voltaire())


def body(tariff: dict, **fields: object) -> bytes:
    told = {"seller": "DE*NLX", "valid_from": "2026-11-14T06:00:00Z", "tariff": tariff}
    return json.dumps(told | fields).encode()


def put(system: PartnerSystem, address: str, content: bytes):
    return system.http.put(
        address, content, content_type="application/json", headers=system.headers
    )


def publish(system: PartnerSystem, price: str = "0.49", **fields: object) -> dict:
    answer = system.post(TARIFFS, body(per_kwh(price), **fields))
    assert answer.status_code == 201, answer.content
    return answer.json()


def raise_price(system: PartnerSystem, tariff: dict) -> TariffNotice:
    address = f"{TARIFFS}{tariff['tariff_id']}/"
    answer = put(system, address, body(per_kwh("0.59"), valid_from="2026-11-15T00:00:00Z"))
    assert answer.status_code == 200, answer.content
    return TariffNotice.objects.get(version__version=2, buyer=makers.voltaire())


class TestPublishing:
    def test_keeps_what_was_sent_and_says_what_counts(self, nordlicht):
        told = publish(nordlicht)

        assert (told["name"], told["seller"], told["newest_version"]) == ("NLX-AC", "DE*NLX", 1)
        assert told["counts"] == [
            {"buyer": "FR*VOL", "version": 1, "since": "2026-11-14T06:00:00Z"}
        ]
        [version] = told["versions"]
        assert version["tariff"] == per_kwh("0.49")
        assert len(version["content_sha256"]) == 64
        assert nordlicht.get(TARIFFS).json()["results"][0]["tariff_id"] == told["tariff_id"]

    def test_twice_is_once_and_another_content_is_put(self, nordlicht):
        told = publish(nordlicht)
        publish(nordlicht)

        answer = nordlicht.post(TARIFFS, body(per_kwh("0.45")))
        assert (answer.status_code, answer.json()["code"]) == (409, "TARIFF_EXISTS")

        address = f"{TARIFFS}{told['tariff_id']}/"
        assert put(nordlicht, address, body(per_kwh("0.45"))).json()["newest_version"] == 2
        assert TariffVersion.objects.count() == 2

    def test_of_what_cannot_price_is_kept_with_the_reason_and_never_counts(self, nordlicht):
        told = nordlicht.post(TARIFFS, body({"id": "X", "currency": "EUR", "elements": []})).json()

        assert told["versions"][0]["unusable_reason"].startswith("NO_ELEMENTS")
        assert told["counts"][0]["version"] is None
        assert not TariffNotice.objects.exists()

    @pytest.mark.parametrize(
        ("content", "status", "code"),
        [
            (body(per_kwh("0.49", id="")), 422, "TARIFF_ID_MISSING"),
            (body(per_kwh("0.49", currency="XXX")), 422, "CURRENCY_UNKNOWN"),
            (body([]), 422, "TARIFF_UNREADABLE"),
            (body(per_kwh("0.49"), valid_from="2036-11-14T06:00:00Z"), 422, "VALID_FROM_TOO_FAR"),
            (body(per_kwh("0.49"), seller="NL*PLD"), 404, "PARTY_NOT_FOUND"),
            (b"{", 400, "BODY_UNREADABLE"),
        ],
    )
    def test_is_refused(self, nordlicht, content, status, code):
        answer = nordlicht.post(TARIFFS, content)

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert not TariffVersion.objects.exists()


class TestAnIncrease:
    def test_waits_and_its_buyer_is_told(self, nordlicht, voltaire):
        notice = raise_price(nordlicht, publish(nordlicht))

        owed = voltaire.get("/api/v1/deliveries/", receiver="FR*VOL").json()["results"]
        assert str(notice.pk) in [
            one["message"]["subject_id"] for one in owed if one["message"]["type"] == "TARIFF"
        ]
        told = voltaire.get(f"{TARIFFS}notices/{notice.pk}/").json()
        assert (told["state"], told["is_increase"]) == ("WAITING", True)
        assert told["notice_ends_at"] == told["counts_from"] == "2026-11-27T23:00:00Z"
        [row] = voltaire.get(TARIFFS).json()["results"]
        assert (row["counts"][0]["version"], row["newest_version"]) == (1, 2)
        assert [one["notice_id"] for one in row["waiting"]] == [str(notice.pk)]

    def test_is_answered_by_its_buyer_alone(self, nordlicht, voltaire):
        address = f"{TARIFFS}notices/{raise_price(nordlicht, publish(nordlicht)).pk}/"

        assert nordlicht.post(f"{address}consent/", b"{}").json()["code"] == "VERB_NOT_YOURS"
        told = voltaire.post(f"{address}refuse/", b'{"reason": "too late"}').json()
        assert (told["state"], told["counts_from"]) == ("REFUSED", told["notice_ends_at"])
        again = voltaire.post(f"{address}refuse/", b"{}")
        assert (again.status_code, again.json()["code"]) == (409, "REFUSED_ALREADY")
        told = voltaire.post(f"{address}consent/", b"{}").json()
        assert (told["state"], told["counts_from"]) == ("COUNTS", "2026-11-15T00:00:00Z")
        assert voltaire.post(f"{address}consent/", b"{}").json()["code"] == "NOTHING_WAITS"
        assert voltaire.post(f"{address}shrug/", b"{}").status_code == 404
        owed = nordlicht.get("/api/v1/deliveries/", receiver="DE*NLX").json()["results"]
        assert [one["message"]["version"] for one in owed] == [1, 2]

    def test_cannot_be_answered_once_the_notice_has_run(self, nordlicht):
        notice = raise_price(nordlicht, publish(nordlicht))

        with pytest.raises(TariffRefused) as refused:
            tariffs.answer(
                notice.pk, consents=True, actor="Voltaire", reason="", now=later(days=20)
            )

        assert refused.value.code == "NOTICE_HAS_RUN"


class TestTheTraceOfARecord:
    def test_is_read_by_both_sides_and_by_no_stranger(self, nordlicht, voltaire):
        publish(nordlicht)
        record_id = take_one(tariff_id="NLX-AC", received_at=NOON).record_id

        mine, theirs = (system.read(record_id).json() for system in (nordlicht, voltaire))

        assert mine["rating"] == theirs["rating"]
        assert mine["rating"]["total_excl_tax"] == "9.020000"
        assert mine["rating"]["trace"][0]["quantity"] == "18.40"
        assert PartnerSystem(makers.laterne()).read(record_id).status_code == 404
        assert SdrRating.objects.count() == 1


def test_strangers_see_no_tariff_and_no_notice(nordlicht):
    tariff = publish(nordlicht)
    notice = raise_price(nordlicht, tariff)

    for party in (makers.laterne(), makers.fjell(), makers.polder()):
        system = PartnerSystem(party)
        assert system.get(TARIFFS).json()["results"] == []
        address = f"{TARIFFS}{tariff['tariff_id']}/"
        assert system.get(address).status_code == 404
        assert put(system, address, body(per_kwh("0.10"))).status_code == 404
        assert system.get(f"{TARIFFS}notices/{notice.pk}/").status_code == 404
        answer = system.post(f"{TARIFFS}notices/{notice.pk}/consent/", b"{}")
        assert answer.status_code == 404


def test_a_buyer_sees_no_notice_of_another_and_cannot_publish(nordlicht, voltaire):
    makers.AgreementMaker(buyer=makers.fjell())
    tariff = publish(nordlicht)
    notice = raise_price(nordlicht, tariff)

    fjell = PartnerSystem(makers.fjell())
    row = fjell.get(f"{TARIFFS}{tariff['tariff_id']}/").json()
    assert [one["buyer"] for one in (*row["counts"], *row["waiting"])] == ["NO*FJL", "NO*FJL"]
    assert fjell.get(f"{TARIFFS}notices/{notice.pk}/").status_code == 404
    address = f"{TARIFFS}{tariff['tariff_id']}/"
    assert put(voltaire, address, body(per_kwh("0.10"))).status_code == 404
    seen = nordlicht.get(address).json()
    assert {one["buyer"] for one in seen["waiting"]} == {"FR*VOL", "NO*FJL"}


@pytest.mark.parametrize("scopes", [("tariff:read",), ("sdr:read",)])
def test_a_token_without_the_scope_is_refused(scopes):
    system = PartnerSystem(makers.nordlicht(), scopes=scopes)

    assert system.post(TARIFFS, body(per_kwh("0.49"))).status_code == 403
    assert system.get(TARIFFS).status_code == (200 if "tariff:read" in scopes else 403)
