"""What the sessions around one say about it: doubles, overlaps, impossible journeys."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from math import asin, cos, radians, sin, sqrt
from statistics import median
from typing import NamedTuple
from uuid import UUID

from roaming.rules.facts import Neighbours

Place = tuple[float, float]

SAME_START = timedelta(seconds=120)
SAME_ENERGY_KWH = Decimal("0.05")
OVERLAP = timedelta(seconds=60)
SHORTEST_JOURNEY = timedelta(minutes=1)
EARTH_RADIUS_KM = 6371.0
ANOTHERS = "of another sender"
# A clock's drift is the median of this many sessions; nothing else looks further back.
DRIFT_SESSIONS = 20
SESSIONS_BEFORE = DRIFT_SESSIONS


class Session(NamedTuple):
    """A record as its neighbours see it. ``pseudonym`` and ``evse_id`` may be ""."""

    seller_id: UUID
    sender_id: UUID
    sdr_id: str
    session_id: str
    split_no: int
    replaces_sdr_id: str
    authorization_reference: str
    evse_id: str
    pseudonym: str
    started_at: datetime
    ended_at: datetime
    energy_kwh: Decimal
    meter_id: str
    meter_end_kwh: Decimal | None

    def is_beside(self, other: "Session") -> bool:
        """Not the same record, nor what one replaces, nor who bills the session (V402).

        Another part of its session is beside it where both tell of the same time: a number of its
        own must not let a session be billed once more. A replacement stands where a part stood.
        """
        if self.seller_id != other.seller_id:
            return True
        if self.session_id and self.session_id == other.session_id:
            if self.split_no == other.split_no or self.replaces_sdr_id:
                return False
            return self.overlap_with(other) > timedelta(0)
        return self.sdr_id not in (other.sdr_id, other.replaces_sdr_id) and (
            other.sdr_id != self.replaces_sdr_id
        )

    def overlap_with(self, other: "Session") -> timedelta:
        """How long both ran; negative: the time between them."""
        return min(self.ended_at, other.ended_at) - max(self.started_at, other.started_at)


def neighbours_of(
    one: Session,
    *,
    on_evse: Sequence[Session],
    of_contract: Iterable[Session],
    places: Mapping[str, Place],
    drifts: Mapping[tuple[UUID, str], Decimal] | None = None,
) -> Neighbours:
    """Judge one session against those on its EVSE (in order of start) and those of its contract.

    ``drifts``: seconds from authorization to start, by seller and record, where both are known.
    """
    there = [other for other in on_evse if one.is_beside(other)]
    theirs = [other for other in of_contract if one.is_beside(other)]
    longest = max(there, key=one.overlap_with, default=None)
    overlap = one.overlap_with(longest) if longest else timedelta(0)
    overlaps = longest is not None and overlap > timedelta(0)
    earlier = [other for other in there if other.started_at < one.started_at]
    before = _previous_on_meter(one, earlier)
    speed_kmh, far = _fastest_journey(one, theirs, places)
    return Neighbours(
        fuzzy_duplicate=next((_told(one, other) for other in there if _is_double(one, other)), ""),
        overlaps_on_evse=_told(one, longest) if longest and overlaps else "",
        overlap=overlap if overlaps else timedelta(0),
        parallel_of_contract=1 + sum(one.overlap_with(other) > OVERLAP for other in theirs),
        speed_kmh=speed_kmh,
        far_session=_told(one, far) if far else "",
        previous_meter_end_kwh=before.meter_end_kwh if before else None,
        previous_ended_at=before.ended_at if before else None,
        same_energy_in_a_row=_same_energy_in_a_row(one, earlier),
        median_drift_s=_median_drift(one, earlier, drifts) if drifts else None,
    )


def _told(one: Session, other: Session) -> str:
    """The other's id where the sender may know it: nobody learns of another's records."""
    return other.sdr_id if one.sender_id == other.sender_id else ANOTHERS


def _is_double(one: Session, other: Session) -> bool:
    return (
        one.pseudonym == other.pseudonym != ""
        and abs(one.started_at - other.started_at) <= SAME_START
        and abs(one.energy_kwh - other.energy_kwh) <= SAME_ENERGY_KWH
    )


def _previous_on_meter(one: Session, earlier: Sequence[Session]) -> Session | None:
    """The last session before that told its meter; another meter's reading compares to nothing."""
    for other in reversed(earlier):
        if other.meter_end_kwh is not None:
            return other if other.meter_id == one.meter_id else None
    return None


def _same_energy_in_a_row(one: Session, earlier: Sequence[Session]) -> int:
    """This session and those right before it on the EVSE with the very same energy."""
    count = 1
    for other in reversed(earlier):
        if other.energy_kwh != one.energy_kwh:
            break
        count += 1
    return count


def _median_drift(
    one: Session, earlier: Sequence[Session], drifts: Mapping[tuple[UUID, str], Decimal]
) -> Decimal | None:
    """The median of the last twenty sessions whose authorization is known; fewer tell nothing."""
    last = [
        drifts[other.seller_id, other.sdr_id]
        for other in (*earlier, one)
        if (other.seller_id, other.sdr_id) in drifts
    ][-DRIFT_SESSIONS:]
    return median(last) if len(last) == DRIFT_SESSIONS else None


def _fastest_journey(
    one: Session, theirs: Iterable[Session], places: Mapping[str, Place]
) -> tuple[Decimal | None, Session | None]:
    """How fast the contract must have moved between two sites; overlap counts as a minute."""
    here = places.get(one.evse_id)
    fastest: tuple[float, Session | None] = (0.0, None)
    for other in theirs:
        there = places.get(other.evse_id)
        if here is None or there is None or here == there:
            continue
        hours = max(-one.overlap_with(other), SHORTEST_JOURNEY) / timedelta(hours=1)
        speed = distance_km(here, there) / hours
        if speed > fastest[0]:
            fastest = (speed, other)
    if fastest[1] is None:
        return None, None
    return Decimal(round(fastest[0])), fastest[1]


def distance_km(here: Place, there: Place) -> float:
    """Along the great circle (haversine)."""
    (lat, lon), (other_lat, other_lon) = (
        (radians(place[0]), radians(place[1])) for place in (here, there)
    )
    chord = sin((other_lat - lat) / 2) ** 2
    chord += cos(lat) * cos(other_lat) * sin((other_lon - lon) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(chord)))
