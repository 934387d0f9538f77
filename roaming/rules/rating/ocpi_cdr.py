"""An OCPI charge detail record, 2.1.1 or 2.2.1, as what the session used.

Volumes are the seller's measure and are billed; the clock of the periods tells which price applies.
The end of a period is the start of the next one, or of the record's end.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from clearinghouse.money import is_currency
from roaming.rules.rating.figures import micro_rounded
from roaming.rules.rating.json_fields import Fields
from roaming.rules.rating.ocpi_tariff import read_tariff
from roaming.rules.rating.refusals import RecordUnusable
from roaming.rules.rating.tariff import Tariff
from roaming.rules.rating.usage import Stretch, Usage, microseconds

_UNREADABLE = "RECORD_UNREADABLE"
_LONGEST_US = 400 * 86_400_000_000
# Time zones are known, and datetimes far from their ends.
_FIRST_YEAR, _LAST_YEAR = 1990, 2200
_BILLED = ("ENERGY", "TIME", "PARKING_TIME", "RESERVATION_TIME")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """``time_zone`` is empty where the record tells none, as a 2.2.1 record never does.

    ``tariffs`` are the embedded tariff objects, unread; ``tariff_id`` names the one that the
    periods refer to, or is empty.
    """

    started_at: datetime
    currency: str
    usage: Usage
    time_zone: str
    tariff_id: str
    tariffs: tuple[object, ...]


def read_record(value: object) -> Record:
    """Read one CDR object, parsed with ``parse_float=Decimal``.

    :raises RecordUnusable: with the code and the path of what is wrong.
    """
    record = Fields(value, path="", refusal=RecordUnusable, unreadable=_UNREADABLE)
    started_at = record.instant("start_date_time")
    ended_name = "end_date_time" if record.has("end_date_time") else "stop_date_time"
    ended_at = record.instant(ended_name)
    if started_at is None:
        record.refuse(_UNREADABLE, "the start is missing", "start_date_time")
    if ended_at is None:
        record.refuse(_UNREADABLE, "the end is missing", "end_date_time")
    currency = record.text("currency")
    if not is_currency(currency):
        record.refuse(_UNREADABLE, f"{currency!r} is no active ISO 4217 currency", "currency")
    location = record.child("cdr_location") or record.child("location")
    periods = record.children("charging_periods")
    return Record(
        started_at=started_at,
        currency=currency,
        usage=Usage(stretches=_stretches(record, periods, ended_at)),
        time_zone=location.text("time_zone") if location else "",
        tariff_id=_tariff_id(record, periods),
        tariffs=tuple(_embedded(record)),
    )


def tariff_of(record: Record, given: object | None = None) -> Tariff:
    """The tariff given, else the one that the record carries.

    :raises TariffUnusable: it prices nothing.
    :raises RecordUnusable: there is none, it is not clear which, or it is in another currency.
    """
    tariff = read_tariff(_chosen(record) if given is None else given, currency=record.currency)
    if tariff.currency != record.currency:
        raise RecordUnusable(
            "CURRENCY_DIFFERS", f"the tariff is in {tariff.currency}, not {record.currency}"
        )
    return tariff


def _chosen(record: Record) -> object:
    if not record.tariffs:
        raise RecordUnusable("NO_TARIFF", "send the tariff with the record, or beside it")
    if len(record.tariffs) == 1:
        return record.tariffs[0]
    named = [
        one
        for one in record.tariffs
        if isinstance(one, dict) and record.tariff_id and _same_id(one.get("id"), record.tariff_id)
    ]
    if len(named) != 1:
        raise RecordUnusable(
            "TARIFF_AMBIGUOUS", f"{len(named)} of {len(record.tariffs)} tariffs are meant"
        )
    return named[0]


def _same_id(one: object, other: str) -> bool:
    """Ids of OCPI 2.2.1 do not tell upper from lower case."""
    return isinstance(one, str) and one.casefold() == other.casefold()


def _embedded(record: Fields) -> list[object]:
    told = record.raw("tariffs") if record.has("tariffs") else []
    if not isinstance(told, list):
        record.refuse(_UNREADABLE, "this is not a list", "tariffs")
    return told


def _tariff_id(record: Fields, periods: list[Fields]) -> str:
    named = {tariff_id for period in periods if (tariff_id := period.text("tariff_id"))}
    if len(named) > 1:
        ids = ", ".join(sorted(named))
        record.refuse("SEVERAL_TARIFFS", f"its periods name {ids}", "charging_periods")
    return named.pop() if named else ""


def _stretches(record: Fields, periods: list[Fields], ended_at: datetime) -> tuple[Stretch, ...]:
    if not periods:
        record.refuse("NO_PERIODS", "nothing says what was used", "charging_periods")
    instants = []
    for period in periods:
        instant = period.instant("start_date_time")
        if instant is None:
            period.refuse(_UNREADABLE, "the start is missing", "start_date_time")
        instants.append(instant)
    if not all(_FIRST_YEAR <= one.year < _LAST_YEAR for one in (*instants, ended_at)):
        record.refuse(_UNREADABLE, "no session was in that year", "charging_periods")
    marks = [*map(microseconds, instants), microseconds(ended_at)]
    for index, (start, end) in enumerate(pairwise(marks)):
        if end < start:
            where = f"charging_periods[{index}]"
            record.refuse("PERIODS_OUT_OF_ORDER", "it ends before it starts", where)
    if marks[-1] - marks[0] > _LONGEST_US:
        record.refuse("RECORD_TOO_LONG", "no session lasts that long", "end_date_time")
    return tuple(
        _stretch(period, start, end)
        for period, (start, end) in zip(periods, pairwise(marks), strict=True)
    )


def _stretch(period: Fields, start_us: int, end_us: int) -> Stretch:
    volumes: dict[str, Decimal] = {}
    for dimension in period.children("dimensions"):
        name, volume = dimension.text("type"), dimension.number("volume")
        if volume is None:
            dimension.refuse(_UNREADABLE, "the volume is missing", "volume")
        if name in _BILLED:
            if volume < 0:
                dimension.refuse(_UNREADABLE, f"{volume} is negative", "volume")
            volumes[name] = volumes.get(name, Decimal(0)) + volume
        else:
            volumes[name] = volume
    energy, charging, parking, reserved = (
        micro_rounded(volumes.get(name, Decimal(0))) for name in _BILLED
    )
    return Stretch(
        start_us,
        end_us,
        energy,
        charging,
        parking,
        reserved,
        _first_of(volumes, "POWER", "MAX_POWER", "MIN_POWER"),
        _first_of(volumes, "CURRENT", "MAX_CURRENT", "MIN_CURRENT"),
    )


def _first_of(volumes: dict[str, Decimal], *names: str) -> int | None:
    told = (volumes[name] for name in names if name in volumes)
    volume = next(told, None)
    return None if volume is None else micro_rounded(volume)
