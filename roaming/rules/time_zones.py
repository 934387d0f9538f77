"""The time zone of a country where no registry tells the location's; IANA names."""

from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# The zone of the mainland. Countries with several zones on it are left out: there only the
# registry knows.
_ZONES: Final = {
    "AT": "Europe/Vienna", "BE": "Europe/Brussels", "BG": "Europe/Sofia", "CH": "Europe/Zurich",
    "CY": "Asia/Nicosia", "CZ": "Europe/Prague", "DE": "Europe/Berlin", "DK": "Europe/Copenhagen",
    "EE": "Europe/Tallinn", "ES": "Europe/Madrid", "FI": "Europe/Helsinki", "FR": "Europe/Paris",
    "GB": "Europe/London", "GR": "Europe/Athens", "HR": "Europe/Zagreb", "HU": "Europe/Budapest",
    "IE": "Europe/Dublin", "IS": "Atlantic/Reykjavik", "IT": "Europe/Rome", "LI": "Europe/Vaduz",
    "LT": "Europe/Vilnius", "LU": "Europe/Luxembourg", "LV": "Europe/Riga", "MT": "Europe/Malta",
    "NL": "Europe/Amsterdam", "NO": "Europe/Oslo", "PL": "Europe/Warsaw", "PT": "Europe/Lisbon",
    "RO": "Europe/Bucharest", "SE": "Europe/Stockholm", "SI": "Europe/Ljubljana",
    "SK": "Europe/Bratislava", "TR": "Europe/Istanbul", "UA": "Europe/Kyiv",
}  # fmt: skip


def zone_of(registry: str, country_code: str, group: str) -> tuple[ZoneInfo, str]:
    """The zone of a location and, in words, who says so: registry, country, else the group."""
    told = (
        (registry, "as the registry of EVSEs tells"),
        (_ZONES.get(country_code.upper(), ""), f"assumed for {country_code}: no registry tells it"),
        (group, "assumed from the settlement group: neither registry nor country tells it"),
    )
    for name, because in told:
        if name and (zone := _known(name)):
            return zone, because
    return ZoneInfo("UTC"), "UTC: nothing tells the location's zone"


def _known(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
