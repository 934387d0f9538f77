"""The published examples: each parses, and each right one goes round without a loss."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from roaming.protocols.ocpi import objects
from roaming.protocols.ocpi.objects import Known, Untranslatable, translate
from tests.roaming.ocpi_examples import VERSIONS, example, files_of, needs_examples

pytestmark = needs_examples

# Which object a file shows: (start of its name, kind, is it a PATCH, where it lies in the file).
_KINDS = [
    ("cdr_", "CDR", False, ""),
    ("credentials_", "Credentials", False, ""),
    ("location_energymix_", "EnergyMix", False, "energy_mix"),
    ("location_hours_", "Hours", False, ""),
    ("location_patch_example_location", "Location", True, ""),
    ("location_patch_example_tariff", "Connector", True, ""),
    ("location_patch_", "EVSE", True, ""),
    ("location_put_", "EVSE", False, ""),
    ("location_regularhours_", "Hours", False, "opening_times"),
    ("location_example", "Location", False, ""),
    ("session_example_", "Session", False, ""),
    ("session_patch_", "Session", True, ""),
    ("tariff", "Tariff", False, ""),
    ("token_patch_", "Token", True, ""),
    ("token_", "Token", False, ""),
    ("transport_and_format_get_token_", "Token", False, "data"),
    ("transport_and_format_version_details_", "VersionDetails", False, "data"),
    ("transport_and_format_version_info_", "Version", False, "data"),
    ("type_displaytext_", "DisplayText", False, ""),
    ("version_details_", "VersionDetails", False, ""),
    ("versions_info_", "Version", False, ""),
]
# What is wrong in a file, by version: our list of errata (protocols.md 1.16, and what else is).
_NO_TIME = {("last_updated", True)}
ERRATA: dict[tuple[str, str], set[tuple[str, bool]]] = {
    **{(version, "tariff_put_example"): _NO_TIME for version in VERSIONS},
    # Connectors without the required fields; floor and physical_reference are no texts.
    **{
        (version, "location_put_example_add_evse"): {
            ("connectors[0].power_type", True),
            ("connectors[0].max_voltage", True),
            ("connectors[0].max_amperage", True),
            ("connectors[0].last_updated", True),
            ("physical_reference", True),
        }
        for version in VERSIONS
    },
    ("2.3.0", "cdr_example"): {("tariffs[0].tax_included", False)},
}
FILES = [
    pytest.param(version, file, id=f"{version}-{file.stem}")
    for version in VERSIONS
    for file in files_of(version)
]


def shown(file: Path) -> tuple[str, bool, list[Any]]:
    """The kind, whether it is a PATCH, and the objects that a file shows."""
    kind, is_patch, inside = next(row[1:] for row in _KINDS if file.stem.startswith(row[0]))
    value = objects.decode(file.read_bytes())
    value = value[inside] if inside else value
    return kind, is_patch, value if isinstance(value, list) else [value]


@pytest.mark.parametrize(("version", "file"), FILES)
def test_each_example_is_right_but_for_its_errata(version: str, file: Path):
    kind, is_patch, trees = shown(file)
    assert trees

    found = {
        (fault.path, fault.is_fatal)
        for tree in trees
        for fault in objects.read(version, kind, objects.write(tree), is_patch=is_patch).faults
    }

    assert found == ERRATA.get((version, file.stem), set())


def test_each_example_is_written_as_it_was_read():
    number = re.compile(rb"[:\[,]\s*(-?\d[\d.]*)(?=\s*[,}\]])")
    for file in (*files_of("2.2.1"), *files_of("2.3.0")):
        raw = file.read_bytes()
        tree = objects.decode(raw)

        assert objects.decode(objects.write(tree)) == tree, file
        # Every number with its very digits: 4.0 is not 4, and not 4.00.
        assert number.findall(objects.write(tree)) == number.findall(raw), file


@pytest.mark.parametrize("file", [
    pytest.param(file, id=file.stem) for file in files_of("2.2.1")
])  # fmt: skip
def test_each_right_2_2_1_example_survives_2_3_0(file: Path):
    kind, is_patch, trees = shown(file)
    if is_patch or kind in ("Credentials", "Version", "VersionDetails") or file.stem in _WRONG:
        return
    for tree in trees:
        up = translate(kind, tree, "2.2.1", "2.3.0")
        down = translate(kind, up.tree, "2.3.0", "2.2.1")

        assert objects.faults_of("2.3.0", kind, up.tree) == []
        assert (down.tree, up.losses, down.losses) == (tree, [], [])


_WRONG = {stem for _, stem in ERRATA}


@pytest.mark.parametrize("file", [
    pytest.param(file, id=file.stem)
    for file in files_of("2.2.1")
    if file.stem.startswith(("cdr_", "location_example", "tariff_", "token_e", "session_e"))
    and file.stem not in _WRONG
])  # fmt: skip
def test_each_2_2_1_example_is_told_as_2_1_1_or_refused(file: Path):
    kind, _, [tree] = shown(file)
    location = objects.decode(example("2.2.1", "location_example"))
    known = Known(location_of={location["id"]: location}.get)

    if file.stem in REFUSED:
        with pytest.raises(Untranslatable, match=f"^{re.escape(REFUSED[file.stem])}: "):
            translate(kind, tree, "2.2.1", "2.1.1", known)
        return
    down = translate(kind, tree, "2.2.1", "2.1.1", known)

    assert objects.faults_of("2.1.1", kind, down.tree) == []
    assert {("country_code", "dropped"), ("party_id", "dropped")} <= {
        (loss.path, loss.what) for loss in down.losses
    }


REFUSED = {
    "location_example_uc3_destination_charger_not_published": "publish",
    "location_example_uc4_limited_visibility": "publish",
    "location_example_uc5_home_charge_point": "publish",
    "tariff_4_complex": "elements[1].restrictions.max_current",
}


def test_the_north_american_tariffs_to_2_2_1():
    """One tells prices without tax; the other's include it, and no rate says how much."""
    exclusive = objects.decode(example("2.3.0", "tariff_19_simple_north_american_exclusive"))
    down = translate("Tariff", exclusive, "2.3.0", "2.2.1")
    assert objects.faults_of("2.2.1", "Tariff", down.tree) == []
    assert down.losses == []

    inclusive = objects.decode(example("2.3.0", "tariff_20_simple_north_american_inclusive"))
    with pytest.raises(Untranslatable, match="no rate tells how much"):
        translate("Tariff", inclusive, "2.3.0", "2.2.1")


def test_erratum_a_session_whose_energy_is_told_in_watt_hours():
    """Protocols.md 1.16: 120 and 41000 where the unit is kWh; the tables cannot see it."""
    session = objects.decode(example("2.2.1", "session_example_2_short_finished"))

    energy = sum(
        one["volume"]
        for period in session["charging_periods"]
        for one in period["dimensions"]
        if one["type"] == "ENERGY"
    )
    assert (energy, session["kwh"]) == (41120, Decimal("41.12"))


@pytest.mark.parametrize("version", VERSIONS)
def test_erratum_ghent_lies_in_the_indian_ocean(version: str):
    """Protocols.md 1.16: latitude and longitude of the CDR are swapped; both are degrees."""
    place = objects.decode(example(version, "cdr_example"))["cdr_location"]["coordinates"]

    assert place == {"latitude": "3.729944", "longitude": "51.047599"}
    assert objects.faults_of(version, "GeoLocation", place) == []


SAMPLES = settings.BASE_DIR.parent / "shared" / "data" / "ocpi-ndw-2.1.1-samples"


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="../shared/data is absent")
def test_real_2_1_1_locations_are_told_as_2_3_0():
    locations = objects.decode((SAMPLES / "locations" / "small-locations.json").read_bytes())
    assert locations

    for location in locations:
        fatal = [one for one in objects.faults_of("2.1.1", "Location", location) if one.is_fatal]
        assert fatal == []
        up = translate("Location", location, "2.1.1", "2.3.0", Known(owner="NL*NUO"))
        assert not [one for one in objects.faults_of("2.3.0", "Location", up.tree) if one.is_fatal]
        assert up.tree["last_updated"] == location["last_updated"]
