"""What staff's pages of locations and EVSEs tell, section by section."""

from collections.abc import Iterator

from django.db.models import Q
from django.utils import timezone

from partners.admin.story import (
    BAD,
    GOOD,
    INFO,
    WARN,
    Badge,
    Facts,
    Note,
    Table,
    link,
    list_link,
)
from roaming.models import Location, LocationEvse, ServiceSession
from roaming.queries_locations import agreements_in_force
from roaming.services.location_reading import status_at

STATUS_TONES = {
    "AVAILABLE": GOOD,
    "CHARGING": INFO,
    "RESERVED": INFO,
    "BLOCKED": WARN,
    "PLANNED": INFO,
    "INOPERATIVE": BAD,
    "OUT_OF_ORDER": BAD,
    "REMOVED": WARN,
    "UNKNOWN": "",
}
_MOST_EVSES = 100
_LAST_SESSIONS = 10


def notes(location: Location) -> Iterator[Note]:
    if location.removed_at:
        yield Note(
            f"Its CSO removed it on {timezone.localtime(location.removed_at):%d %b %Y %H:%M}."
            " Records of sessions before still refer to it.",
            WARN,
            "It is not there any more",
        )
    elif not location.is_published:
        yield Note("Its CSO tells it to nobody at large; partners do not see it.")
    else:
        buyers = agreements_in_force(timezone.now()).filter(seller=location.cso)
        codes = sorted(
            {
                f"{one[0]}*{one[1]}"
                for one in buyers.values_list("buyer__country_code", "buyer__party_id")
            }
        )
        if codes:
            yield Note(f"Seen by {', '.join(codes)}: their agreements are in force.", GOOD)
        else:
            yield Note("Nobody sees it yet: its CSO has no agreement in force.", WARN)


def facts(location: Location) -> Facts:
    has_place = location.latitude is not None
    return Facts(
        "",
        [
            ("CSO", link(location.cso, location.cso.code)),
            ("Its id there", location.location_id),
            ("Name", location.name),
            ("Address", ", ".join(filter(None, (location.address, place_of(location))))),
            ("Coordinates", f"{location.latitude}, {location.longitude}" if has_place else "none"),
            ("Time zone", location.time_zone or "not told"),
            ("Operator", location.operator_name),
            ("Published", Badge(there(location), GOOD if there(location) == "yes" else WARN)),
            ("In the words of", location.document_format or "our own API"),
            ("Told by the CSO", location.updated_at),
            ("Received", location.received_at),
            ("Environment", location.environment),
            ("Our id", location.pk),
        ],
    )


def evses(location: Location) -> Table:
    found = list(location.evses.order_by("evse_uid")[: _MOST_EVSES + 1])
    rows = [
        (
            link(one),
            Badge(status_of(one), STATUS_TONES[status_of(one)]),
            one.status_at or "not told",
            connectors_of(one),
            power_of(one),
            ", ".join(one.tariff_ids) or "—",
        )
        for one in found[:_MOST_EVSES]
    ]
    more = len(found) > _MOST_EVSES
    return Table(
        "EVSEs",
        ("EVSE", "Status", "Since", "Connectors", "Power", "Tariffs"),
        rows,
        empty="Its CSO told no EVSE of it.",
        note=f"The first {_MOST_EVSES}; find others by their id in the list of EVSEs."
        if more
        else "",
    )


def sessions(place: Q, location: Location) -> Table:
    newest = (
        ServiceSession.objects.filter(place, cso=location.cso, environment=location.environment)
        .select_related("csp")
        .order_by("-pk")[:_LAST_SESSIONS]
    )
    rows = [
        (
            link(one, f"{timezone.localtime(one.updated_at):%d %b %Y %H:%M}"),
            one.state,
            one.csp.code if one.csp else "not known",
            one.evse_id or one.evse_uid or "—",
            f"{one.energy_kwh.normalize():f} kWh" if one.energy_kwh is not None else "—",
        )
        for one in newest
    ]
    return Table(
        "Last sessions here",
        ("Told", "State", "CSP", "EVSE", "Energy"),
        rows,
        empty="No session was told here yet.",
        note=list_link(
            ServiceSession, "All sessions of this CSO", f"?cso__id__exact={location.cso_id}"
        )
        if rows
        else "",
    )


def status_of(evse: LocationEvse) -> str:
    """As others are told."""
    return str(status_at(evse, timezone.now()))


def there(location: Location) -> str:
    if location.removed_at:
        return "removed"
    return "yes" if location.is_published else "hidden"


def place_of(location: Location) -> str:
    town = f"{location.postal_code} {location.city}".strip()
    return ", ".join(part for part in (town, location.country_code) if part) or "—"


def connectors_of(evse: LocationEvse) -> str:
    return ", ".join(in_words(one) for one in evse.connector_types) or "not told"


def power_of(evse: LocationEvse) -> str:
    power = f"{evse.max_power_kw.normalize():f} kW" if evse.max_power_kw is not None else ""
    return " ".join(part for part in (evse.current_type, power) if part) or "not told"


def in_words(code: str) -> str:
    """A code of the protocol as it is read: without underscores."""
    return code.replace("_", " ")
