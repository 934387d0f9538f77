"""Three months of invented sessions, the same at every run; a few of them wrong on purpose."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from clearinghouse.demo.cast import CAST
from clearinghouse.identifiers import emi3_check_digit

FIRST_DAY = date(2026, 7, 1)
LAST_DAY = date(2026, 9, 30)
_PRICES = {"DE*NLX": Decimal("0.49"), "NL*PLD": Decimal("0.42"), "FR*VLS": Decimal("0.45")}
_PARKING_PER_HOUR = Decimal("1.20")
_SESSIONS_PER_DAY = {"DE*NLX": 14, "NL*PLD": 9, "FR*VLS": 8}
_POWERS_KW = (11, 22, 50, 150)
Record = dict[str, object]


def every_day() -> Iterator[date]:
    """Every day of the demo."""
    day = FIRST_DAY
    while day <= LAST_DAY:
        yield day
        day += timedelta(days=1)


def records_of(seller: str, day: date) -> list[Record]:
    """The records that ``seller`` sends for ``day``: a pure function of the two."""
    dice = random.Random(f"{seller} {day.isoformat()}")  # noqa: S311 a story, no secret
    providers = [company.csp for company in CAST if company.csp]
    count = _SESSIONS_PER_DAY[seller] + dice.randint(-3, 3)
    records = [_record(seller, day, number, dice, providers) for number in range(1, count + 1)]
    return [_spoil(record, dice) for record in records]


def _record(seller: str, day: date, number: int, dice: random.Random, providers: list) -> Record:
    started_at = datetime(day.year, day.month, day.day, 4, tzinfo=UTC) + timedelta(
        minutes=dice.randint(0, 16 * 60)
    )
    power_kw = dice.choice(_POWERS_KW)
    minutes = dice.randint(15, 45 if power_kw > 22 else 200)
    ended_at = started_at + timedelta(minutes=minutes)
    energy_kwh = _energy(power_kw, minutes, dice)
    sdr_id = f"{seller[3:]}-{day:%y%m%d}-{number:03d}"
    items = [_item("ENERGY", energy_kwh, _PRICES[seller])]
    if power_kw <= 22 and minutes > 120:
        parked_hours = (Decimal(minutes - 120) / 60).quantize(Decimal("0.01"))
        items.append(_item("PARKING", parked_hours, _PARKING_PER_HOUR))
    csp = dice.choices(providers, weights=(3, 4, 5, 2))[0]
    return {
        "sdr_id": sdr_id,
        "cso_id": seller,
        "csp_id": csp,
        "service_session_id": f"S-{sdr_id}",
        # Of its own on each day: no EVSE serves two at a time.
        "evse_id": f"{seller}*E{1000 + 40 * dice.randint(0, 24) + number}*{dice.randint(1, 2)}",
        "contract_id": _contract_id(csp, dice),
        "credential_type": dice.choice(("RFID", "APP", "RFID")),
        "authorization_method": "WHITELIST",
        "started_at": started_at.isoformat(),
        "ended_at": ended_at.isoformat(),
        "energy_kwh": str(energy_kwh),
        "max_power_kw": str(power_kw),
        "current_type": "DC" if power_kw > 22 else "AC",
        "location_country": seller[:2],
        "location_name": f"Site {1 + dice.randint(0, 11)}",
        "currency": "EUR",
        "total_amount": str(sum(Decimal(str(item["amount"])) for item in items)),
        "items": items,
    }


def _energy(power_kw: int, minutes: int, dice: random.Random) -> Decimal:
    share = Decimal(dice.randint(35, 90)) / 100
    energy = min(Decimal(power_kw) * minutes / 60 * share, Decimal(78))
    return energy.quantize(Decimal("0.001"))


def _item(kind: str, quantity: Decimal, unit_price: Decimal) -> Record:
    return {
        "kind": kind,
        "quantity": str(quantity),
        "unit_price": str(unit_price),
        "amount": str((quantity * unit_price).quantize(Decimal("0.0001"))),
    }


def _contract_id(csp: str, dice: random.Random) -> str:
    driver = 400 * dice.choice(range(4)) + dice.randint(0, 399)
    body = f"{csp.replace('*', '')}C{driver:08d}"
    return body + emi3_check_digit(body)


def _spoil(record: Record, dice: random.Random) -> Record:
    """About two in a hundred are wrong: Wh as kWh, an unknown provider, a lost end, a bad sum."""
    fate = dice.random()
    if fate > 0.02:
        return record
    if fate > 0.015:
        wh = (Decimal(str(record["energy_kwh"])) * 1000).quantize(Decimal(1))
        return record | {"energy_kwh": str(wh)}
    if fate > 0.01:
        return record | {"csp_id": "IT*NEW"}
    if fate > 0.005:
        return {name: value for name, value in record.items() if name != "ended_at"}
    return record | {"total_amount": str(Decimal(str(record["total_amount"])) + 1)}
