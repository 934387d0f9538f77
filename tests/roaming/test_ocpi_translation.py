"""Objects from version to version: what survives, and every loss by name."""

import copy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roaming.protocols.ocpi import objects
from roaming.protocols.ocpi.loss_sheet import sheet
from roaming.protocols.ocpi.objects import Known, Untranslatable, translate
from tests.roaming.ocpi_examples import A_LOCATION, A_PLACE, A_TARIFF, A_TOKEN, ROOT, a_cdr

OWNER = Known(owner="BE*BEC")


def lost(translated: objects.Translated) -> list[tuple[str, str]]:
    return [(loss.path, loss.what) for loss in translated.losses]


def is_right(version: str, kind: str, tree: dict) -> bool:
    return objects.faults_of(version, kind, tree) == []


def a_tariff(*components: dict, **fields: Any) -> dict[str, Any]:
    return copy.deepcopy(A_TARIFF) | {"elements": [{"price_components": list(components)}]} | fields


def energy(price: str, **more: Any) -> dict[str, Any]:
    return {"type": "ENERGY", "price": Decimal(price), "step_size": 1} | more


# --- 2.2.1 and 2.3.0 -----------------------------------------------------------------------------

amounts = st.decimals("-99999999.9999", "99999999.9999", places=4) | st.integers(-(10**9), 10**9)
prices = st.fixed_dictionaries({"excl_vat": amounts}, optional={"incl_vat": amounts})


@settings(deadline=None)
@given(prices)
def test_any_price_comes_back_as_it_was(price: dict):
    up = translate("Price", price, "2.2.1", "2.3.0")
    down = translate("Price", up.tree, "2.3.0", "2.2.1")

    assert is_right("2.3.0", "Price", up.tree)
    assert down.tree == price
    assert up.losses == down.losses == []


@settings(deadline=None)
@given(amounts, st.lists(amounts, max_size=4))
def test_incl_vat_is_the_exact_sum_of_the_taxes(before, taxes):
    price = {
        "before_taxes": before,
        "taxes": [{"name": f"T{index}", "amount": tax} for index, tax in enumerate(taxes)],
    }

    down = translate("Price", price, "2.3.0", "2.2.1")

    assert down.tree == {"excl_vat": before, "incl_vat": before + sum(taxes)}
    assert lost(down) == ([("taxes", "changed")] if taxes else [])


def test_a_cdr_survives_2_3_0_without_a_loss():
    cdr = a_cdr(remark="x", signed_data={
        "encoding_method": "OCMF",
        "signed_values": [{"nature": "Start", "plain_data": "", "signed_data": "OCMF|{}|{}"}],
    })  # fmt: skip
    cdr["tariffs"] = [A_TARIFF | {"min_price": {"excl_vat": 1, "incl_vat": Decimal("1.10")}}]
    before = copy.deepcopy(cdr)

    up = translate("CDR", cdr, "2.2.1", "2.3.0")
    down = translate("CDR", up.tree, "2.3.0", "2.2.1")

    assert cdr == before
    assert is_right("2.3.0", "CDR", up.tree)
    assert up.tree["total_cost"] == {
        "before_taxes": Decimal("4.00"),
        "taxes": [{"name": "VAT", "amount": Decimal("0.40")}],
    }
    assert up.tree["tariffs"][0]["tax_included"] == "NO"
    assert up.tree["tariffs"][0]["min_price"] == {"before_taxes": 1, "after_taxes": Decimal("1.10")}
    assert down.tree == cdr
    assert up.losses == down.losses == []


@pytest.mark.parametrize(("kind", "tree"), [
    ("Location", A_LOCATION),
    ("Token", A_TOKEN | {"issuer": "TNM", "valid": True, "whitelist": "ALWAYS",
                         "last_updated": "2027-03-01T12:00:00Z"}),
    ("Tariff", A_TARIFF),
])  # fmt: skip
def test_objects_survive_2_3_0_without_a_loss(kind, tree):
    up = translate(kind, tree, "2.2.1", "2.3.0")
    down = translate(kind, up.tree, "2.3.0", "2.2.1")

    assert is_right("2.3.0", kind, up.tree)
    assert (down.tree, up.losses, down.losses) == (tree, [], [])


def test_trn_10_unknown_fields_pass_a_translation():
    """TRN-10, between versions."""
    cdr = a_cdr(x_note={"a": Decimal("1.10")})
    cdr["cdr_token"] = A_TOKEN | {"x_app": "1"}
    cdr["total_cost"] = cdr["total_cost"] | {"x_rounded": True}

    up = translate("CDR", cdr, "2.2.1", "2.3.0")

    assert up.tree["x_note"] == {"a": Decimal("1.10")}
    assert up.tree["cdr_token"]["x_app"] == "1"
    assert up.tree["total_cost"]["x_rounded"] is True
    assert translate("CDR", up.tree, "2.3.0", "2.2.1").tree == cdr


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text("xyz", min_size=1), st.integers() | st.text("ab") | st.none()))
def test_any_unknown_field_of_an_evse_passes_to_2_1_1_and_back(extra: dict):
    location = copy.deepcopy(A_LOCATION)
    location["evses"][0] |= extra

    down = translate("Location", location, "2.2.1", "2.1.1").tree
    up = translate("Location", down, "2.1.1", "2.2.1", OWNER).tree

    for evse in (down["evses"][0], up["evses"][0]):
        assert {name: evse[name] for name in extra} == extra


def test_2_2_1_has_no_words_for_these():
    location = copy.deepcopy(A_LOCATION) | {"help_phone": "+32 2 1"}
    evse = location["evses"][0]
    evse |= {"parking": [{"parking_id": "P1"}], "parking_restrictions": ["EV_ONLY", "TAXIS"]}
    evse["connectors"][0] |= {"capabilities": ["ISO_15118_2_PLUG_AND_CHARGE"]}
    evse["connectors"][1] |= {"standard": "MCS"}

    down = translate("Location", location, "2.3.0", "2.2.1")

    assert lost(down) == [
        ("evses[0].connectors[0].capabilities", "dropped"),
        ("evses[0].connectors[1]", "dropped"),
        ("evses[0].parking", "dropped"),
        ("evses[0].parking_restrictions[1]", "dropped"),
        ("help_phone", "dropped"),
    ]
    assert down.tree["evses"][0]["parking_restrictions"] == ["EV_ONLY"]
    assert is_right("2.2.1", "Location", down.tree)


def test_an_evse_without_a_connector_that_can_be_told_is_left_out():
    location = copy.deepcopy(A_LOCATION)
    location["evses"][0]["connectors"] = [location["evses"][0]["connectors"][0]]
    location["evses"][0]["connectors"][0]["standard"] = "MCS"

    down = translate("Location", location, "2.3.0", "2.2.1")

    assert (down.tree["evses"], lost(down)) == ([], [("evses[0]", "dropped")])


def test_an_extension_that_neither_version_knows_is_passed_on():
    location = copy.deepcopy(A_LOCATION)
    location["evses"][0]["connectors"][0]["standard"] = "HYPERPLUG"

    assert translate("Location", location, "2.3.0", "2.2.1").losses == []


def test_an_emaid_is_another_kind_of_token():
    token = A_TOKEN | {"type": "EMAID"}
    down = translate("CdrToken", token, "2.3.0", "2.2.1")

    assert (down.tree["type"], lost(down)) == ("OTHER", [("type", "changed")])


def test_a_bill_for_a_new_plug_is_not_refused():
    cdr = a_cdr(cdr_location=A_PLACE | {"connector_standard": "SAE_J3400"})
    cdr = translate("CDR", cdr, "2.2.1", "2.3.0").tree

    down = translate("CDR", cdr, "2.3.0", "2.2.1")

    assert down.tree["cdr_location"]["connector_standard"] == "SAE_J3400"
    assert lost(down) == [("cdr_location.connector_standard", "kept")]


def test_prices_with_tax_are_told_without_where_the_rate_is_told():
    tariff = a_tariff(energy("0.29", vat=Decimal("21.0")), tax_included="YES")

    down = translate("Tariff", tariff, "2.3.0", "2.2.1")

    component = down.tree["elements"][0]["price_components"][0]
    assert component["price"] == Decimal("0.2397")
    assert "tax_included" not in down.tree
    assert lost(down) == [("elements[0].price_components[0].price", "changed")]
    assert tariff["elements"][0]["price_components"][0]["price"] == Decimal("0.29")


def test_prices_with_tax_and_without_a_rate_are_refused():
    tariff = a_tariff(energy("0.29"), tax_included="YES")

    with pytest.raises(Untranslatable) as refused:
        translate("Tariff", tariff, "2.3.0", "2.2.1")

    assert refused.value.path == "elements[0].price_components[0]"
    assert refused.value.why == "its price includes tax and no rate tells how much"


def test_a_cdr_loses_a_tariff_that_cannot_be_told_and_stays():
    cdr = translate("CDR", a_cdr(tariffs=[]), "2.2.1", "2.3.0").tree
    cdr["tariffs"] = [
        a_tariff(energy("0.29"), tax_included="YES"),
        a_tariff(energy("0.29"), tax_included="N/A"),
        {"id": "not right"},
        "not even an object",
    ]

    down = translate("CDR", cdr, "2.3.0", "2.2.1")

    assert lost(down) == [
        ("tariffs[0]", "dropped"),
        ("tariffs[1].tax_included", "changed"),
        ("tariffs[2]", "dropped"),
        ("tariffs[3]", "dropped"),
    ]
    assert down.tree["tariffs"] == [a_tariff(energy("0.29"))]


# --- 2.1.1 ---------------------------------------------------------------------------------------


def test_what_2_1_1_does_not_get_of_a_location():
    down = translate("Location", A_LOCATION, "2.2.1", "2.1.1")

    assert is_right("2.1.1", "Location", down.tree)
    assert lost(down) == [
        ("country_code", "dropped"),
        ("party_id", "dropped"),
        ("state", "dropped"),
        ("evses[0].capabilities[1]", "dropped"),
        ("evses[0].connectors[0].max_electric_power", "dropped"),
        ("evses[0].connectors[0].tariff_ids[1]", "dropped"),
        ("evses[0].connectors[1]", "dropped"),
    ]
    assert down.tree["type"] == "ON_STREET"
    assert down.tree["last_updated"] == "2027-03-29T20:39:09Z"
    assert down.tree["evses"][0]["last_updated"] == "2027-03-16T10:10:02.123Z"
    assert down.tree["evses"][0]["connectors"] == [
        {
            "id": "1",
            "standard": "IEC_62196_T2",
            "format": "CABLE",
            "power_type": "AC_3_PHASE",
            "voltage": 220,
            "amperage": 16,
            "tariff_id": "11",
            "last_updated": "2027-03-16T10:10:02Z",
        }
    ]


def test_a_location_comes_back_from_2_1_1_with_what_it_told():
    down = translate("Location", A_LOCATION, "2.2.1", "2.1.1").tree
    up = translate("Location", down, "2.1.1", "2.2.1", OWNER)

    expected = copy.deepcopy(A_LOCATION)
    del expected["state"]
    evse = expected["evses"][0]
    evse["capabilities"] = ["RESERVABLE"]
    evse["connectors"] = evse["connectors"][:1]
    del evse["connectors"][0]["max_electric_power"]
    evse["connectors"][0]["tariff_ids"] = ["11"]
    assert (up.tree, up.losses) == (expected, [])


def test_2_1_1_requires_what_2_2_1_may_leave_out():
    location = copy.deepcopy(A_LOCATION) | {"parking_type": "ALONG_MOTORWAY"}
    del location["postal_code"]

    down = translate("Location", location, "2.2.1", "2.1.1")

    assert (down.tree["type"], down.tree["postal_code"]) == ("OTHER", "#NA")
    assert {("parking_type", "changed"), ("postal_code", "added")} <= set(lost(down))


def test_2_2_1_requires_a_time_zone():
    location = translate("Location", A_LOCATION, "2.2.1", "2.1.1").tree
    del location["time_zone"]

    up = translate("Location", location, "2.1.1", "2.2.1", OWNER)

    assert up.tree["time_zone"] == "Europe/Brussels"
    assert lost(up) == [("time_zone", "added")]


def test_nobody_publishes_what_is_not_to_be_published():
    with pytest.raises(Untranslatable, match="publish"):
        translate("Location", A_LOCATION | {"publish": False}, "2.2.1", "2.1.1")


def test_an_id_is_never_shortened_words_are():
    location = translate("Location", A_LOCATION, "2.2.1", "2.1.1").tree
    with pytest.raises(Untranslatable, match="id: 39 characters"):
        translate("Location", location | {"id": "x" * 39}, "2.1.1", "2.2.1", OWNER)

    down = translate("Location", A_LOCATION | {"address": "x" * 60}, "2.2.1", "2.1.1")
    assert down.tree["address"] == "x" * 45
    assert ("address", "changed") in lost(down)


def test_what_2_1_1_does_not_get_of_a_cdr():
    cdr = a_cdr(auth_method="COMMAND")
    cdr["charging_periods"][0]["dimensions"].append({"type": "MAX_POWER", "volume": 11})
    cdr["charging_periods"][1]["dimensions"] = [{"type": "RESERVATION_TIME", "volume": 1}]

    down = translate("CDR", cdr, "2.2.1", "2.1.1")

    assert is_right("2.1.1", "CDR", down.tree)
    assert lost(down) == [
        ("country_code", "dropped"),
        ("party_id", "dropped"),
        ("session_id", "dropped"),
        ("cdr_token", "changed"),
        ("auth_method", "changed"),
        ("authorization_reference", "dropped"),
        ("cdr_location", "changed"),
        ("cdr_location.location.type", "added"),
        ("tariffs[0].country_code", "dropped"),
        ("tariffs[0].party_id", "dropped"),
        ("tariffs[0].elements[0].price_components[0].vat", "dropped"),
        ("charging_periods[0].dimensions[2]", "dropped"),
        ("charging_periods[0].tariff_id", "dropped"),
        ("charging_periods[1].dimensions[0]", "dropped"),
        ("charging_periods[1].dimensions", "added"),
        ("charging_periods[1].tariff_id", "dropped"),
        ("total_cost.incl_vat", "dropped"),
        ("total_energy_cost", "dropped"),
        ("total_parking_cost", "dropped"),
    ]
    assert (down.tree["auth_id"], down.tree["auth_method"]) == ("DE8ACC12E46L89", "AUTH_REQUEST")
    assert down.tree["stop_date_time"] == "2027-03-01T23:37:32Z"
    assert down.tree["total_cost"] == Decimal("4.00")
    assert down.tree["charging_periods"][1]["dimensions"] == [{"type": "TIME", "volume": 0}]


def test_a_cdr_of_2_1_1_is_told_as_2_2_1_and_2_3_0():
    down = translate("CDR", a_cdr(), "2.2.1", "2.1.1").tree
    down["charging_periods"][0]["dimensions"] = [{"type": "FLAT", "volume": 1}]
    known = Known(owner="BE*BEC", token_of={"DE8ACC12E46L89": A_TOKEN}.get)

    up = translate("CDR", down, "2.1.1", "2.3.0", known)

    assert is_right("2.3.0", "CDR", up.tree)
    assert up.tree["cdr_token"] == A_TOKEN
    assert up.tree["cdr_location"] == A_PLACE
    assert up.tree["total_cost"] == {"before_taxes": Decimal("4.00")}
    assert up.tree["charging_periods"][0]["dimensions"] == [{"type": "ENERGY", "volume": 0}]
    assert lost(up) == [
        ("location", "changed"),
        ("charging_periods[0].dimensions[0]", "dropped"),
        ("charging_periods[0].dimensions", "added"),
    ]


def test_a_cdr_of_an_unknown_contract_or_connection_is_refused():
    down = translate("CDR", a_cdr(), "2.2.1", "2.1.1").tree

    with pytest.raises(Untranslatable, match="no token of this contract is known"):
        translate("CDR", down, "2.1.1", "2.2.1", OWNER)
    with pytest.raises(Untranslatable, match="owner"):
        translate("CDR", down, "2.1.1", "2.2.1", Known(token_of={"DE8ACC12E46L89": A_TOKEN}.get))


def test_the_connection_says_who_owns_an_object_not_the_object():
    tariff = translate("Tariff", A_TARIFF, "2.2.1", "2.1.1").tree | {"party_id": "XXX"}

    assert translate("Tariff", tariff, "2.1.1", "2.2.1", OWNER).tree["party_id"] == "BEC"


def test_a_credit_to_2_1_1_says_in_words_what_it_takes_back():
    cdr = a_cdr(id="12345-C", credit=True, credit_reference_id="12345", remark="Wrong meter.",
                total_cost={"excl_vat": Decimal("-4.00")})  # fmt: skip

    down = translate("CDR", cdr, "2.2.1", "2.1.1")

    assert down.tree["remark"] == "Credit of 12345. Wrong meter."
    assert down.tree["total_cost"] == Decimal("-4.00")
    assert {("credit", "dropped"), ("remark", "changed")} <= set(lost(down))


def test_what_a_2_1_1_tariff_cannot_say():
    reservation = {"restrictions": {"reservation": "RESERVATION"},
                   "price_components": [{"type": "TIME", "price": 5, "step_size": 60}]}  # fmt: skip
    tariff = a_tariff(energy("0.25", vat=10), type="REGULAR", max_price={"excl_vat": 10})
    tariff["elements"].append(reservation)

    down = translate("Tariff", tariff, "2.2.1", "2.1.1")

    assert is_right("2.1.1", "Tariff", down.tree)
    assert len(down.tree["elements"]) == 1
    assert lost(down) == [
        ("country_code", "dropped"),
        ("party_id", "dropped"),
        ("elements[0].price_components[0].vat", "dropped"),
        ("elements[1]", "dropped"),
        ("type", "dropped"),
        ("max_price", "dropped"),
    ]

    with pytest.raises(Untranslatable, match="reservations alone"):
        translate("Tariff", tariff | {"elements": [reservation]}, "2.2.1", "2.1.1")


def test_a_price_is_not_told_without_its_restriction():
    tariff = a_tariff(energy("0.25"))
    tariff["elements"][0]["restrictions"] = {"max_current": 16}

    with pytest.raises(Untranslatable) as refused:
        translate("Tariff", tariff, "2.2.1", "2.1.1")

    assert refused.value.path == "elements[0].restrictions.max_current"
    down = translate("CDR", a_cdr(tariffs=[tariff]), "2.2.1", "2.1.1")
    assert ("tariffs[0]", "dropped") in lost(down)
    assert down.tree["tariffs"] == []


A_SESSION: dict[str, Any] = {
    "country_code": "BE",
    "party_id": "BEC",
    "id": "101",
    "start_date_time": "2027-03-29T22:39:09Z",
    "kwh": Decimal("0.00"),
    "cdr_token": A_TOKEN,
    "auth_method": "WHITELIST",
    "location_id": "LOC1",
    "evse_uid": "3256",
    "connector_id": "1",
    "currency": "EUR",
    "total_cost": {"excl_vat": Decimal("2.50")},
    "status": "RESERVATION",
    "last_updated": "2027-03-29T22:39:09Z",
}


def test_a_session_carries_its_location_in_2_1_1():
    known = Known(location_of={"LOC1": A_LOCATION}.get)
    down = translate("Session", A_SESSION, "2.2.1", "2.1.1", known)

    assert is_right("2.1.1", "Session", down.tree)
    location = down.tree["location"]
    assert [evse["uid"] for evse in location["evses"]] == ["3256"]
    assert [one["id"] for one in location["evses"][0]["connectors"]] == ["1"]
    assert (down.tree["start_datetime"], down.tree["status"]) == (
        "2027-03-29T22:39:09Z",
        "PENDING",
    )
    assert lost(down) == [
        ("country_code", "dropped"),
        ("party_id", "dropped"),
        ("cdr_token", "changed"),
        ("status", "changed"),
    ]

    known = Known(owner="BE*BEC", token_of={"DE8ACC12E46L89": A_TOKEN}.get)
    up = translate("Session", down.tree, "2.1.1", "2.2.1", known)
    assert up.tree == A_SESSION | {"status": "PENDING"}


@pytest.mark.parametrize("known", [
    {}, {"LOC1": A_LOCATION | {"evses": []}},
])  # fmt: skip
def test_a_session_without_a_known_location_is_refused(known):
    with pytest.raises(Untranslatable, match="location_id"):
        translate("Session", A_SESSION, "2.2.1", "2.1.1", Known(location_of=known.get))


def test_an_answer_to_an_authorization_repeats_the_token_from_2_2_1_on():
    answer = {"allowed": "ALLOWED", "location": {"location_id": "LOC1", "connector_ids": ["1"]}}

    up = translate("AuthorizationInfo", answer, "2.1.1", "2.2.1", Known(token=A_TOKEN))

    assert up.tree == {
        "token": A_TOKEN, "allowed": "ALLOWED", "location": {"location_id": "LOC1"},
    }  # fmt: skip
    with pytest.raises(Untranslatable, match="token"):
        translate("AuthorizationInfo", answer, "2.1.1", "2.2.1")


def test_commands():
    answer = translate("CommandResponse", {"result": "TIMEOUT"}, "2.1.1", "2.2.1")
    assert answer.tree == {"result": "REJECTED", "timeout": 30}

    result = translate("CommandResult", {"result": "EVSE_OCCUPIED"}, "2.2.1", "2.1.1")
    assert (result.tree, lost(result)) == ({"result": "REJECTED"}, [("result", "changed")])

    token = A_TOKEN | {"issuer": "TNM", "valid": True, "whitelist": "NEVER",
                       "last_updated": "2027-03-01T12:00:00Z"}  # fmt: skip
    command = {"response_url": "https://hub.example/r/1", "token": token,
               "expiry_date": "2027-03-01T13:00:00Z", "reservation_id": "17",
               "location_id": "LOC1"}  # fmt: skip
    down = translate("ReserveNow", command, "2.2.1", "2.1.1")
    assert is_right("2.1.1", "ReserveNow", down.tree)
    assert down.tree["reservation_id"] == 17
    up = translate("ReserveNow", down.tree, "2.1.1", "2.2.1", Known(owner="DE*TNM"))
    assert up.tree == command
    with pytest.raises(Untranslatable, match="wants a number"):
        translate("ReserveNow", command | {"reservation_id": "R-1"}, "2.2.1", "2.1.1")


@pytest.mark.parametrize(("kind", "source", "target"), [
    ("ClientInfo", "2.2.1", "2.1.1"),
    ("SetChargingProfile", "2.3.0", "2.1.1"),
    ("InvoiceReconciliationRecord", "2.3.0", "2.2.1"),
    ("Credentials", "2.2.1", "2.3.0"),
    ("VersionDetails", "2.2.1", "2.1.1"),
])  # fmt: skip
def test_what_the_other_version_does_not_have_is_refused(kind, source, target):
    with pytest.raises(Untranslatable):
        translate(kind, {}, source, target)


def test_the_same_version_is_the_same_tree():
    cdr = a_cdr()
    assert translate("CDR", cdr, "2.2.1", "2.2.1") == (cdr, [])


def test_the_page_of_losses_is_the_tables():
    assert (ROOT / "docs/ocpi-translation.md").read_text(encoding="utf-8") == sheet()
