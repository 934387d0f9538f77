"""The export of station data as CSV and JSON, one row per connector, made as it is read.

Attributes: Regulation (EU) 2023/1804 (AFIR) Art. 20 with Implementing Regulation (EU) 2025/655, as
far as public digests tell them. Decimals are plain, instants UTC; what nobody told is empty.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from clearinghouse.spreadsheet import neutralize

Row = Mapping[str, Any]


@dataclass(slots=True)
class Tally:
    """How many rows there were, and how many of them did not tell each attribute."""

    rows: int = 0
    lacking: Counter[str] = field(default_factory=Counter)


# Attribute → what it is; in the order of the columns.
STATIC = {
    "cso_id": "party code of the operator",
    "operator_name": "operator of the recharging point",
    "owner_name": "owner of the recharging point",
    "help_phone": "number of the help desk",
    "location_id": "the operator's id of the location",
    "location_name": "name of the location",
    "address": "street and number",
    "postal_code": "postal code",
    "city": "town",
    "country_code": "ISO 3166-1 alpha-2",
    "latitude": "WGS 84, degrees",
    "longitude": "WGS 84, degrees",
    "time_zone": "IANA zone of the opening hours",
    "opening_hours": "24/7, or local times by weekday",
    "points_at_once": "recharging points of the location that can be used at the same time",
    "staff_on_site": "is staff there",
    "amenities": "facilities at the location",
    "evse_uid": "the operator's technical id of the recharging point",
    "evse_id": "ID code of the recharging point (eMI3), normal form",
    "authentication": "how a driver is known, e.g. RFID_READER, CREDIT_CARD_PAYABLE",
    "connector_id": "the operator's id of the connector",
    "connector_type": "standard of the connector",
    "connector_format": "SOCKET or CABLE",
    "current_type": "AC or DC",
    "max_power_kw": "most power of the connector, kW",
    "static_updated_at": "when the operator last changed the location",
}
DYNAMIC = {
    "operational_state": "OPERATIONAL, NOT_OPERATIONAL, PLANNED or UNKNOWN",
    "is_in_use": "is somebody charging; empty: not known",
    "status": "as the operator tells it",
    "status_at": "since when",
    "ad_hoc_tariff_id": "the operator's id of the price for whoever has no contract",
    "ad_hoc_currency": "ISO 4217",
    "ad_hoc_per_kwh": "per kWh",
    "ad_hoc_per_hour": "per hour of charging",
    "ad_hoc_parking_per_hour": "per hour without charging",
    "ad_hoc_per_session": "once",
    "ad_hoc_with_tax": "do these prices include tax; empty: the tariff does not say",
    "ad_hoc_varies": "the price depends on time, power or duration; the first one is shown",
    "ad_hoc_note": "NO_TARIFF: none is named; NOT_PUBLISHED: a tariff is named that is not here;"
    " NOT_AD_HOC: only prices for contracts are published",
}
COLUMNS = STATIC | DYNAMIC
# Neither OCPI nor our own API has a field for it, so that no operator can tell it.
NEVER_TOLD = ("staff_on_site",)


def csv_file(rows: Iterable[Row]) -> Iterator[str]:
    """Lines with CRLF (RFC 4180) under one header; no cell starts a formula."""
    yield _line(COLUMNS)
    for row in rows:
        yield _line(neutralize(_cell(row.get(name))) for name in COLUMNS)


def json_file(rows: Iterable[Row], *, environment: str, generated_at: datetime) -> Iterator[str]:
    """One object: what the attributes are, the stations, and how many lack each attribute."""
    tally = Tally()
    head = {
        "environment": environment,
        "generated_at": _text(generated_at),
        "attributes": {"static": STATIC, "dynamic": DYNAMIC},
        "never_told": list(NEVER_TOLD),
    }
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "stations": ['
    for row in tallied(rows, tally):
        told = {name: _value(row[name]) for name in COLUMNS if _is_told(row.get(name))}
        yield (",\n" if tally.rows > 1 else "\n") + json.dumps(told, ensure_ascii=False)
    not_told = json.dumps(dict(sorted(tally.lacking.items())))
    yield f'\n], "count": {tally.rows}, "not_told": {not_told}}}\n'


def tallied(rows: Iterable[Row], tally: Tally) -> Iterator[Row]:
    """The same rows, counted as they pass."""
    for row in rows:
        tally.rows += 1
        tally.lacking.update(name for name in COLUMNS if not _is_told(row.get(name)))
        yield row


def _is_told(value: Any) -> bool:
    return value is not None and value != "" and value != []


def _line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    told = _value(value)
    return "" if told is None else str(told)


def _value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return _decimal(value)
    return _text(value) if isinstance(value, datetime) else value


def _decimal(value: Decimal) -> str:
    """As JSON text too: a price is no float."""
    return f"{value.normalize():f}" if value else "0"


def _text(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
