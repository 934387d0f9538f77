"""OCPI objects: read exactly, checked by the tables, written back as they came."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roaming.protocols.ocpi import objects
from roaming.protocols.ocpi.trees import times
from tests.roaming.ocpi_examples import A_PLACE, A_TARIFF, A_TOKEN, a_cdr, as_json

EARLIEST, LATEST = datetime(1990, 1, 1), datetime(2200, 1, 1)  # noqa: DTZ001 Hypothesis adds it


def faults(kind: str, tree: dict, *, version: str = "2.2.1") -> list[tuple[str, bool]]:
    found = objects.read(version, kind, as_json(tree)).faults
    return [(fault.path, fault.is_fatal) for fault in found]


def a_connector(**changes: object) -> dict:
    return {
        "id": "1",
        "standard": "IEC_62196_T2",
        "format": "SOCKET",
        "power_type": "AC_3_PHASE",
        "max_voltage": 230,
        "max_amperage": 32,
        "last_updated": "2027-03-01T23:40:13Z",
    } | changes


def test_a_right_cdr_has_no_fault():
    assert faults("CDR", a_cdr()) == []


def test_cdr_30_amounts_stay_exact():
    """CDR-30: no float touches a number on its way in or out."""
    raw = as_json(a_cdr()).replace(b'"volume":15.342', b'"volume":0.30')
    raw = raw.replace(b'"total_energy":15.342', b'"total_energy":12345678.1234')

    tree = objects.read("2.2.1", "CDR", raw).tree

    assert tree["charging_periods"][0]["dimensions"][0]["volume"] == Decimal("0.1") + Decimal("0.2")
    assert b'"volume":0.30' in objects.write(tree)
    assert b'"total_energy":12345678.1234' in objects.write(tree)


def test_trn_10_unknown_fields_stay_also_nested_ones():
    """TRN-10: what a version does not know is kept, in its place, and passed on."""
    cdr = a_cdr(x_note={"b": [1, {"a": Decimal("1.10")}], "a": None})
    cdr["charging_periods"][0]["dimensions"][0]["x_meter"] = "M1"

    read = objects.read("2.2.1", "CDR", as_json(cdr))

    assert read.faults == []
    assert objects.write(read.tree) == as_json(cdr)


unknown = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc", min_size=1), inner),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(unknown)
def test_any_unknown_value_survives(value: object):
    tree = a_cdr()
    tree["cdr_location"] = tree["cdr_location"] | {"x": value}

    read = objects.read("2.2.1", "CDR", as_json(tree))

    assert read.is_acceptable
    assert objects.write(read.tree) == as_json(tree)


@pytest.mark.parametrize(("length", "is_credit", "taken"), [
    (36, False, True), (37, False, False), (39, True, True), (40, True, False),
])  # fmt: skip
def test_cdr_22_a_credit_has_room_for_three_more_characters(length, is_credit, taken):
    """CDR-22."""
    cdr = a_cdr(id="x" * length)
    if is_credit:
        cdr |= {"credit": True, "credit_reference_id": "12345"}

    read = objects.read("2.2.1", "CDR", as_json(cdr))

    assert read.is_acceptable is taken
    assert [fault.path for fault in read.faults] == ([] if taken else ["id"])


def test_credit_and_its_reference_need_each_other():
    assert faults("CDR", a_cdr(credit=True)) == [("credit_reference_id", True)]
    assert faults("CDR", a_cdr(credit_reference_id="1")) == [("credit_reference_id", True)]


def test_a_fault_names_its_place():
    cdr = a_cdr(currency="EURO", total_energy="15.342")
    del cdr["charging_periods"][1]["dimensions"][0]["volume"]

    read = objects.read("2.2.1", "CDR", as_json(cdr))

    assert read.message == (
        "currency has 4 characters, 3 are allowed;"
        " charging_periods[1].dimensions[0].volume is missing;"
        " total_energy '15.342' is no number"
    )


def test_null_is_absent():
    assert faults("CDR", a_cdr() | {"remark": None, "session_id": None}) == []
    assert faults("CDR", a_cdr() | {"id": None}) == [("id", True)]


def test_an_empty_list_is_no_list_of_at_least_one():
    assert faults("CDR", a_cdr(charging_periods=[])) == [("charging_periods", True)]
    assert faults("CDR", a_cdr(tariffs=[])) == []


def test_a_value_that_peers_are_known_to_add_is_a_warning_before_2_3_0():
    connector = a_connector(standard="SAE_J3400")

    assert faults("Connector", connector) == [("standard", False)]
    assert faults("Connector", connector, version="2.3.0") == []
    assert faults("Connector", a_connector(format="BOTH")) == [("format", True)]
    assert faults("Connector", a_connector(format="BOTH"), version="2.3.0") == [("format", True)]


def test_what_is_wrong_in_an_embedded_tariff_is_a_warning():
    assert faults("CDR", a_cdr(tariffs=[{"id": "12"}])) == [
        ("tariffs[0].country_code", False),
        ("tariffs[0].party_id", False),
        ("tariffs[0].currency", False),
        ("tariffs[0].elements", False),
        ("tariffs[0].last_updated", False),
    ]
    assert ("currency", True) in faults("Tariff", {"id": "12"})


def test_long_words_for_people_are_a_warning_long_keys_are_not():
    place = A_PLACE | {"address": "x" * 46, "evse_uid": "x" * 37}

    assert faults("CdrLocation", place) == [("address", False), ("evse_uid", True)]


@pytest.mark.parametrize(("given", "is_fatal"), [
    ("2027-03-01T12:00:00", None),
    ("2027-03-01T12:00:00.123Z", None),
    ("1970-1-1T00:00:00Z", None),
    ("2027-03-01T12:00:00+00:00", False),
    ("2027-03-01T12:00:00.123456Z", False),
    ("2027-02-30T12:00:00Z", True),
    ("2027-03-01", True),
    (1772366400, True),
])  # fmt: skip
def test_times_are_read_leniently(given, is_fatal):
    expected = [] if is_fatal is None else [("last_updated", is_fatal)]
    assert faults("Tariff", A_TARIFF | {"last_updated": given}) == expected


def test_a_time_without_designator_is_utc_and_an_offset_is_honoured():
    noon = datetime(2027, 3, 1, 12, tzinfo=UTC)

    assert times.instant("2027-03-01T12:00:00") == noon
    assert times.instant("2027-03-01T13:00:00+01:00") == noon
    assert times.instant("1970-1-1T00:00:00Z") is None


@settings(deadline=None)
@given(st.datetimes(EARLIEST, LATEST, timezones=st.just(UTC)))
def test_what_we_write_is_by_the_letter_and_the_same_millisecond(at: datetime):
    text = times.written(at.astimezone(timezone(timedelta(hours=5))))

    assert times.is_by_the_letter(text)
    assert text.endswith("Z")
    assert timedelta(0) <= at - times.instant(text) < timedelta(milliseconds=1)


@pytest.mark.parametrize("raw", [
    b"", b"{", b"null", b"[]", b'"x"', b"\xff", b'{"id": 1e9999999999999999999}',
    b'{"id": "\\u0000"}', b'{"x": {"y": ["\\u0000"]}}', b'{"id": NaN}', b"[" * 100_000,
    b'{"id": "\\ud800"}',
])  # fmt: skip
def test_no_bytes_raise(raw):
    read = objects.read("2.2.1", "Tariff", raw)

    assert not read.is_acceptable
    assert read.message


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" * 30, "0." + "0" * 50 + "1"])
def test_a_number_that_nobody_can_mean_is_refused(number):
    raw = as_json(a_cdr(total_energy=None))[:-1] + f',"total_energy":{number}}}'.encode()

    assert objects.read("2.2.1", "CDR", raw).message == "total_energy is out of all range"


def test_a_patch_needs_its_time_alone():
    """TRN: a PATCH without last_updated is answered 2001."""
    read = objects.read("2.2.1", "Session", b'{"kwh": 3.5}', is_patch=True)
    assert [fault.path for fault in read.faults] == ["last_updated"]

    raw = b'{"kwh": "3.5", "last_updated": "2027-03-01T12:00:00Z"}'
    read = objects.read("2.2.1", "Session", raw, is_patch=True)
    assert [fault.path for fault in read.faults] == ["kwh"]


def test_versions_know_other_fields():
    price = {"excl_vat": 4}
    assert faults("Price", price) == []
    assert faults("Price", price, version="2.3.0") == [("before_taxes", True)]
    with pytest.raises(KeyError):
        objects.faults_of("2.1.1", "ClientInfo", {})
    with pytest.raises(KeyError):
        objects.faults_of("2.2.1", "InvoiceReconciliationRecord", {})


@pytest.mark.parametrize("coordinates", [
    {"latitude": "91.00000", "longitude": "3.72994"},
    {"latitude": 51.04759, "longitude": "3.72994"},
    {"latitude": "51,04759", "longitude": "3.72994"},
])  # fmt: skip
def test_coordinates_are_degrees_in_a_text(coordinates):
    assert faults("GeoLocation", coordinates) == [("latitude", True)]


def test_what_json_says_otherwise_is_the_same_tree():
    """Blanks and escapes are the sender's affair; numbers and order are not."""
    raw = json.dumps(a_cdr(), indent=1, default=float).encode()

    assert objects.read("2.2.1", "CDR", raw).tree == a_cdr()


def test_a_token_needs_its_party():
    without = {name: value for name, value in A_TOKEN.items() if name != "party_id"}
    assert faults("CdrToken", without) == [("party_id", True)]
