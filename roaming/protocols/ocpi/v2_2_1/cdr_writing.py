"""A record that did not come by OCPI as a CDR of 2.2.1, for a home-CSP that speaks nothing else.

A record that came by OCPI is passed on as the CDR that it was; this is for the others.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from clearinghouse.identifiers import MalformedPartyCode, parse_party_code
from roaming.protocols.ocpi.trees import times
from roaming.protocols.ocpi.trees.cdr_reading import NOT_APPLICABLE, Cost
from roaming.protocols.ocpi.trees.exact import Tree, Unreadable, decode
from roaming.protocols.ocpi.trees.translation import Untranslatable
from roaming.protocols.ocpi.v2_2_1.wire import SCHEMA
from roaming.rules.record import InboundSdr

_COST_OF = {
    "ENERGY": "total_energy_cost",
    "TIME": "total_time_cost",
    "PARKING": "total_parking_cost",
    "RESERVATION": "total_reservation_cost",
    "FEE": "total_fixed_cost",
}
_FINEST = Decimal("0.0001")
_KIND = ("standard", "format", "power_type")
_SECONDS_PER_HOUR = Decimal(3600)
_METHODS = SCHEMA.tables.enumerations["AuthMethod"].values
_TOKEN_TYPES = SCHEMA.tables.enumerations["TokenType"].values


def cdr_of(sdr: InboundSdr, *, location: Tree, cost: Cost, issued_at: datetime) -> Tree:
    """The CDR of a record at a location of OCPI 2.2.1.

    ``cost``: the claim without and, as far as known, with tax. The parts of the price are told
    where they add up to it without tax. ``issued_at``: when the record reached us, in case it does
    not say itself when it was made.

    :raises Untranslatable: OCPI requires what the record or the location does not tell.
    """
    if sdr.started_at is None or sdr.ended_at is None:
        raise Untranslatable("end_date_time", "the record does not tell start and end")
    if cost.excl_tax is None:
        raise Untranslatable("total_cost.excl_vat", "the price without tax is not known")
    cdr: Tree = {
        **_party(sdr.cso_id, "party_id"),
        "id": sdr.sdr_id,
        "start_date_time": times.written(sdr.started_at),
        "end_date_time": times.written(sdr.ended_at),
        "session_id": sdr.service_session_id,
        "cdr_token": _token(sdr),
        "auth_method": _among(_METHODS, sdr.authorization_method, "AUTH_REQUEST"),
        "authorization_reference": sdr.authorization_reference,
        "cdr_location": _place(sdr, location),
        "meter_id": sdr.meter_id,
        "currency": sdr.currency,
        "charging_periods": list(_periods(sdr)),
        "signed_data": _signed_data(sdr.signed_data),
        "total_cost": _price(cost),
        **_parts(sdr, cost.excl_tax),
        "total_energy": sdr.energy_kwh,
        "total_time": _hours((sdr.ended_at - sdr.started_at).total_seconds()),
        "total_parking_time": _parked(sdr),
        "credit": bool(sdr.credits_sdr_id) or None,
        "credit_reference_id": sdr.credits_sdr_id,
        "last_updated": times.written(sdr.issued_at or issued_at),
    }
    told = {name: value for name, value in cdr.items() if value not in (None, "")}
    for fault in SCHEMA.faults_of("CDR", told):
        if fault.is_fatal:
            raise Untranslatable(fault.path, fault.problem)
    return told


def _party(code: str, path: str) -> Tree:
    try:
        party = parse_party_code(code)
    except MalformedPartyCode as error:
        raise Untranslatable(path, str(error)) from error
    return {"country_code": party.country, "party_id": party.party_id}


def _token(sdr: InboundSdr) -> Tree:
    return {
        **_party(sdr.csp_id, "cdr_token.party_id"),
        "uid": sdr.credential_id or NOT_APPLICABLE,
        "type": _among(_TOKEN_TYPES, sdr.credential_type, "OTHER"),
        "contract_id": sdr.contract_id or NOT_APPLICABLE,
    }


def _among(words: Iterable[str], word: str, otherwise: str) -> str:
    return word if word in words else otherwise


def _place(sdr: InboundSdr, location: Tree) -> Tree:
    """The EVSE that the record names, with its one connector or the one of the record's kind."""
    evse = next((one for one in location["evses"] if _is_evse(one, sdr.evse_id)), None)
    if evse is None:
        raise Untranslatable("cdr_location.evse_id", "the location has no such EVSE")
    connectors = evse["connectors"]
    fitting = [one for one in connectors if one["standard"] == sdr.connector_type] or connectors
    if len({tuple(one[name] for name in _KIND) for one in fitting}) > 1:
        problem = "the EVSE has connectors of several kinds, and the record does not say which"
        raise Untranslatable("cdr_location.connector_standard", problem)
    connector = fitting[0]
    names = ("id", "name", "address", "city", "postal_code", "state", "country", "coordinates")
    return {name: location[name] for name in names if location.get(name) is not None} | {
        "evse_uid": evse["uid"],
        "evse_id": evse.get("evse_id") or NOT_APPLICABLE,
        # Which of several alike is not known.
        "connector_id": connector["id"] if len(fitting) == 1 else NOT_APPLICABLE,
        **{f"connector_{name}": connector[name] for name in _KIND},
    }


def _is_evse(evse: Tree, evse_id: str) -> bool:
    """Upper and lower case and separators do not tell EVSEs of one operator apart."""
    return bool(evse_id) and _plain(evse.get("evse_id") or "") == _plain(evse_id)


def _plain(evse_id: str) -> str:
    return evse_id.replace("*", "").replace("-", "").upper()


def _periods(sdr: InboundSdr) -> Iterator[Tree]:
    tariff = {"tariff_id": sdr.tariff_id} if sdr.tariff_id else {}
    slices: list[tuple[datetime | None, Decimal | None]]
    slices = [(one.started_at, one.energy_kwh) for one in sdr.charging_periods]
    for started_at, energy_kwh in slices or [(sdr.started_at, sdr.energy_kwh)]:
        if started_at is not None:
            dimension = {"type": "ENERGY", "volume": energy_kwh}
            yield {
                "start_date_time": times.written(started_at),
                "dimensions": [dimension],
            } | tariff


def _price(cost: Cost) -> Tree:
    price = {"excl_vat": cost.excl_tax}
    return price if cost.incl_tax is None else price | {"incl_vat": cost.incl_tax}


def _parts(sdr: InboundSdr, excl_tax: Decimal) -> Tree:
    """Parts of a claim with tax would be taken for prices without: they are left out.

    Those of a credit are positive, as OCPI negates the total alone.
    """
    sums: dict[str, Decimal] = {}
    for item in sdr.items:
        name = _COST_OF[item.kind]
        sums[name] = sums.get(name, Decimal(0)) + item.amount
    if sum(sums.values(), Decimal(0)) != excl_tax:
        return {}
    sign = -1 if sdr.credits_sdr_id and excl_tax < 0 else 1
    return {name: {"excl_vat": sign * amount} for name, amount in sums.items()}


def _parked(sdr: InboundSdr) -> Decimal | None:
    told = [item.quantity for item in sdr.items if item.kind == "PARKING" and item.quantity]
    return sum(told, Decimal(0)) if told else None


def _hours(seconds: float) -> Decimal:
    """Whole seconds as hours with OCPI's four decimals."""
    return (Decimal(int(seconds)) / _SECONDS_PER_HOUR).quantize(_FINEST, ROUND_HALF_UP)


def _signed_data(text: str) -> Any:
    """An OCPI object as it is; any other text as the one value of an encoding it names."""
    if not text:
        return None
    try:
        tree = decode(text.encode())
    except Unreadable:
        tree = None
    if isinstance(tree, dict) and not any(f.is_fatal for f in SCHEMA.faults_of("SignedData", tree)):
        return tree
    encoding = "OCMF" if text.startswith("OCMF") else "Alfen" if text.startswith("AP;") else "OTHER"
    value = {"nature": "End", "plain_data": "", "signed_data": text}
    return {"encoding_method": encoding, "signed_values": [value]}
