"""A CDR of any version as our service detail record.

Where versions differ, each says in its ``mapping`` module how it tells the thing (``CdrWords``);
the rest is read here. What a CDR leaves out stays not stated: nothing is computed from a tariff.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec
from babel.core import get_global

from roaming.protocols.ocpi.trees import times
from roaming.protocols.ocpi.trees.exact import Tree
from roaming.protocols.ocpi.trees.known import Known
from roaming.rules.record import InboundItem, InboundPeriod, InboundSdr, ItemKind

# For a required text that cannot be filled (OCPI: an unused reservation has no connector).
NOT_APPLICABLE = "#NA"
Basis: TypeAlias = Literal["EXCL_TAX", "INCL_TAX"]

_LONGEST_NAME, _LONGEST_CITY = 200, 100
_LONGEST_PERIOD_S = 2_147_483_647
_NO_DATA = (b"", b"null")


class Cost(NamedTuple):
    excl_tax: Decimal | None
    incl_tax: Decimal | None

    def on(self, basis: Basis) -> Decimal | None:
        return self.incl_tax if basis == "INCL_TAX" else self.excl_tax


class CdrWords(NamedTuple):
    """How a version tells what the versions tell differently.

    ``token_of`` gives a CdrToken and ``place_of`` a CdrLocation of OCPI 2.2.1, {} where unknown.
    """

    end: str
    owner_of: Callable[[Tree, Known], str]
    token_of: Callable[[Tree, Known], Tree]
    place_of: Callable[[Tree], Tree]
    cost_of: Callable[[Any], Cost]


class _Signed(msgspec.Struct):
    signed_data: msgspec.Raw = msgspec.Raw(b"")


_decode_signed = msgspec.json.Decoder(_Signed).decode


def sdr_fields(
    tree: Tree, raw: bytes, words: CdrWords, known: Known, basis: Basis
) -> dict[str, Any]:
    """The fields of an ``InboundSdr``, unchecked, of a CDR without fatal faults.

    ``raw`` holds the CDR: the signed data is cut out of it as the text that it is.
    """
    token, place = words.token_of(tree, known), words.place_of(tree)
    total = words.cost_of(tree["total_cost"]).on(basis)
    return {
        "sdr_id": tree["id"],
        "cso_id": words.owner_of(tree, known),
        "csp_id": party(token),
        "service_session_id": _stated(tree, "session_id"),
        "evse_id": _stated(place, "evse_id"),
        "contract_id": _stated(token, "contract_id"),
        "credential_type": _stated(token, "type"),
        "credential_id": _stated(token, "uid"),
        "authorization_method": _stated(tree, "auth_method"),
        "authorization_reference": _stated(tree, "authorization_reference"),
        "tariff_id": _tariff_id(tree),
        "started_at": times.instant(tree["start_date_time"]),
        "ended_at": times.instant(tree[words.end]),
        "issued_at": times.instant(tree["last_updated"]),
        "energy_kwh": Decimal(tree["total_energy"]),
        "meter_id": _stated(tree, "meter_id"),
        "signed_data": signed_data_in(raw),
        "location_country": alpha_2(_stated(place, "country")),
        "location_name": _stated(place, "name")[:_LONGEST_NAME],
        "location_city": _stated(place, "city")[:_LONGEST_CITY],
        "connector_type": _stated(place, "connector_standard"),
        "current_type": _stated(place, "connector_power_type")[:2],
        "currency": tree["currency"],
        "total_amount": total,
        "items": _items(tree, words, basis, total),
        "charging_periods": list(_periods(tree, words)),
        "credits_sdr_id": _stated(tree, "credit_reference_id"),
    }


# Which field of a CDR tells a field of the SDR, where the two have different names.
FIELD_OF: dict[str, str] = {
    "sdr_id": "id",
    "cso_id": "party_id",
    "csp_id": "cdr_token.party_id",
    "service_session_id": "session_id",
    "evse_id": "cdr_location.evse_id",
    "contract_id": "cdr_token.contract_id",
    "credential_type": "cdr_token.type",
    "credential_id": "cdr_token.uid",
    "authorization_method": "auth_method",
    "tariff_id": "tariffs.id",
    "started_at": "start_date_time",
    "ended_at": "end_date_time",
    "issued_at": "last_updated",
    "energy_kwh": "total_energy",
    "location_country": "cdr_location.country",
    "connector_type": "cdr_location.connector_standard",
    "total_amount": "total_cost",
    "credits_sdr_id": "credit_reference_id",
}


def checked(fields: dict[str, Any]) -> tuple[InboundSdr, list[tuple[str, str]]]:
    """The record, and each field that our record cannot hold, with why."""
    readable, refused = {}, []
    for name, value in fields.items():
        try:
            readable[name] = msgspec.convert(value, _TYPES[name])
        except msgspec.ValidationError as error:
            refused.append((name, str(error)))
    return InboundSdr(**readable), refused


_TYPES = {field.name: field.type for field in msgspec.structs.fields(InboundSdr)}


def party(tree: Tree) -> str:
    """``NL*TNM`` of an object with an owner, "" of one without."""
    country, party_id = tree.get("country_code"), tree.get("party_id")
    return f"{country}*{party_id}".upper() if country and party_id else ""


def signed_data_in(raw: bytes) -> str:
    """The text of the field ``signed_data``, byte for byte, as its signature covers it."""
    text = bytes(_decode_signed(raw).signed_data)
    return "" if text in _NO_DATA else text.decode()


def _stated(tree: Tree, name: str) -> str:
    value = tree.get(name)
    return "" if value is None or value == NOT_APPLICABLE else str(value)


def alpha_2(country: str) -> str:
    """OCPI tells countries by three letters (ISO 3166-1 alpha-3), we by two."""
    if len(country) == 2:
        return country.upper()
    found = get_global("territory_aliases").get(country.upper()) if len(country) == 3 else None
    return found[0] if found and len(found) == 1 else ""


def _tariff_id(tree: Tree) -> str:
    """The tariff that the charging went by: named by the periods, else the only one embedded."""
    named = {
        tariff_id.casefold(): tariff_id
        for period in tree["charging_periods"]
        if (tariff_id := _stated(period, "tariff_id"))
    }
    if not named:
        named = {one["id"]: one["id"] for one in tree.get("tariffs") or () if _is_named(one)}
    return next(iter(named.values())) if len(named) == 1 else ""


def _is_named(tariff: Any) -> bool:
    return isinstance(tariff, dict) and isinstance(tariff.get("id"), str)


# --- money ---------------------------------------------------------------------------------------


def _items(tree: Tree, words: CdrWords, basis: Basis, total: Decimal | None) -> list[InboundItem]:
    """The parts of the price that the CDR tells, in the order of our kinds.

    A credit by the letter negates ``total_cost`` alone; its parts are then negated here, so that
    they add up to what is taken back. A credit that negates every part says the same.
    """
    items = [
        InboundItem(kind=kind, amount=amount, quantity=quantity)
        for kind, name, quantity in _parts(tree)
        if tree.get(name) is not None
        and (amount := words.cost_of(tree[name]).on(basis)) is not None
    ]
    amount_told = sum((item.amount for item in items), Decimal(0))
    if not tree.get("credit") or total is None or total >= 0 or amount_told <= 0:
        return items
    return [msgspec.structs.replace(item, amount=-item.amount) for item in items]


def _parts(tree: Tree) -> Iterator[tuple[ItemKind, str, Decimal | None]]:
    """Quantities in kWh and hours; OCPI's total_time counts the parking too."""
    parking = tree.get("total_parking_time")
    parked = None if parking is None else Decimal(parking)
    yield "ENERGY", "total_energy_cost", Decimal(tree["total_energy"])
    yield "TIME", "total_time_cost", Decimal(tree["total_time"]) - (parked or 0)
    yield "PARKING", "total_parking_cost", parked
    yield "RESERVATION", "total_reservation_cost", _volume(tree, "RESERVATION_TIME")
    yield "FEE", "total_fixed_cost", None


def _volume(tree: Tree, dimension: str) -> Decimal | None:
    told = [
        Decimal(one["volume"])
        for period in tree["charging_periods"]
        for one in period["dimensions"]
        if one["type"] == dimension
    ]
    return sum(told, Decimal(0)) if told else None


# --- periods -------------------------------------------------------------------------------------


def _periods(tree: Tree, words: CdrWords) -> Iterator[InboundPeriod]:
    """A period ends where the next one begins, the last one where the session does."""
    starts = [times.instant(one["start_date_time"]) for one in tree["charging_periods"]]
    ends = [*starts[1:], times.instant(tree[words.end])]
    for period, start, end in zip(tree["charging_periods"], starts, ends, strict=True):
        if start is not None:
            energy = [
                Decimal(one["volume"]) for one in period["dimensions"] if one["type"] == "ENERGY"
            ]
            yield InboundPeriod(
                started_at=start,
                energy_kwh=sum(energy, Decimal(0)),
                duration_s=_seconds(start, end),
            )


def _seconds(start: datetime, end: datetime | None) -> int:
    lasted = int((end - start).total_seconds()) if end is not None else 0
    return min(max(lasted, 0), _LONGEST_PERIOD_S)
