"""What a record's signed meter data says, and which record used the same signature before."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
from django.db import connection

from roaming.messages import InboundSdr
from roaming.rules.facts import MeterKeyFact, SignedFact
from roaming.rules.neighbours import ANOTHERS
from roaming.rules.signed import SignedReading, read_signed_data

if TYPE_CHECKING:
    from roaming.intake.judge import Judged

SIGNED_COLUMNS = (
    "record_id position sender_id format verdict reason energy_kwh started_at ended_at meter_id"
    " pagination public_key_sha256 signature_sha256"
).split()
_WORST_FIRST = ("invalid", "no_key", "unsupported", "valid")
_USED = """
SELECT value.signature_sha256, sdr.seller_id, sdr.sdr_id, sdr.service_session_id, sdr.sender_id
  FROM roaming_signedvalue AS value
  JOIN roaming_sdr AS sdr ON sdr.id = value.record_id
  JOIN roaming_sdrstate AS state ON state.id = value.record_id
 WHERE value.signature_sha256 IN (SELECT json_array_elements_text(%s::json))
   AND sdr.environment = %s
   AND state.state NOT IN ('REJECTED', 'WITHDRAWN', 'SUPERSEDED')
"""


@dataclass(frozen=True, slots=True)
class Use:
    """A record that carries a signature."""

    seller_id: UUID | None
    sdr_id: str
    session_id: str
    sender_id: UUID


@dataclass(slots=True)
class SignedData:
    """The readings of a chunk's records, by the record, and where their signatures were used."""

    readings: dict[int, tuple[SignedReading, ...]] = field(default_factory=dict)
    used: dict[str, list[Use]] = field(default_factory=dict)
    with_another_key: set[int] = field(default_factory=set)

    def fact_of(
        self,
        sdr: InboundSdr,
        *,
        meter_key: MeterKeyFact | None,
        seller_id: UUID | None,
        sender_id: UUID,
    ) -> SignedFact | None:
        readings = self.readings.get(id(sdr))
        if not readings:
            return None
        use = Use(seller_id, sdr.sdr_id, sdr.service_session_id, sender_id)
        is_registered = id(sdr) not in self.with_another_key if meter_key else None
        return _fact(readings, is_registered, reused_by=self._reused_by(sdr, readings, use))

    def _reused_by(self, sdr: InboundSdr, readings: Sequence[SignedReading], use: Use) -> str:
        """Another live record with one of the signatures; parts of a session may share one."""
        for reading in readings:
            for other in self.used.get(reading.signature_sha256, ()):
                if _is_the_same(sdr, use, other):
                    continue
                same_sender = other.sender_id == use.sender_id
                return other.sdr_id if same_sender else ANOTHERS
        return ""

    def use(self, sdr: InboundSdr, *, seller_id: UUID | None, sender_id: UUID) -> None:
        """Later records of the chunk must see this one."""
        use = Use(seller_id, sdr.sdr_id, sdr.service_session_id, sender_id)
        for reading in self.readings.get(id(sdr), ()):
            if reading.signature_sha256:
                self.used.setdefault(reading.signature_sha256, []).append(use)


def load_signed_data(
    records: Iterable[tuple[InboundSdr, MeterKeyFact | None]], *, environment: str
) -> SignedData:
    """Read and verify every record's signed data, the registered key before the one it brings."""
    signed = SignedData()
    for sdr, meter_key in records:
        if sdr.signed_data:
            _read(signed, sdr, meter_key)
    hashes = {
        reading.signature_sha256 for readings in signed.readings.values() for reading in readings
    } - {""}
    if hashes:
        with connection.cursor() as cursor:
            cursor.execute(_USED, [msgspec.json.encode(sorted(hashes)).decode(), environment])
            for sha256, *use in cursor.fetchall():
                signed.used.setdefault(sha256, []).append(Use(*use))
    return signed


def _read(signed: SignedData, sdr: InboundSdr, meter_key: MeterKeyFact | None) -> None:
    """What only the key that came along can verify was signed with another than registered."""
    public_key = meter_key.public_key if meter_key else ""
    readings = read_signed_data(sdr.signed_data, public_key=public_key)
    if public_key and any(reading.verdict != "valid" for reading in readings):
        own = read_signed_data(sdr.signed_data)
        if all(reading.verdict == "valid" for reading in own):
            readings = own
            signed.with_another_key.add(id(sdr))
    signed.readings[id(sdr)] = tuple(readings)


def rows_of(judged: "Judged") -> list[tuple]:
    """The record's signed values as rows of ``SIGNED_COLUMNS``."""
    return [
        (
            judged.record_id,
            position,
            judged.sides.sender_id,
            reading.format[:20],
            reading.verdict,
            reading.reason[:200],
            reading.energy_kwh,
            reading.started_at,
            reading.ended_at,
            reading.meter_id[:100],
            reading.pagination[:60],
            _sha256(reading.public_key_hex),
            reading.signature_sha256,
        )
        for position, reading in enumerate(judged.sides.signed)
    ]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


def _is_the_same(sdr: InboundSdr, use: Use, other: Use) -> bool:
    """The same record, another part of its session, or the one it takes back or replaces."""
    if other.seller_id != use.seller_id:
        return False
    if use.session_id and use.session_id == other.session_id:
        return True
    return other.sdr_id in (use.sdr_id, sdr.credits_sdr_id, sdr.replaces_sdr_id)


def _fact(
    readings: Sequence[SignedReading], is_registered: bool | None, *, reused_by: str
) -> SignedFact:
    """The worst verdict counts; figures are those of the first reading that tells them."""
    worst = min(readings, key=lambda reading: _WORST_FIRST.index(reading.verdict))
    told = next((reading for reading in readings if reading.energy_kwh is not None), worst)
    # A format without words for begin and end is not blamed for leaving them out.
    marked = any(reading.transaction_begin or reading.transaction_end for reading in readings)
    return SignedFact(
        verdict=worst.verdict,
        reason=worst.reason,
        energy_kwh=told.energy_kwh,
        started_at=told.started_at,
        ended_at=told.ended_at,
        time_status=_worst_letter([reading.time_status for reading in readings], "UIRS"),
        meter_status=_worst_letter([reading.meter_status for reading in readings], ""),
        error_flags="".join(dict.fromkeys("".join(one.error_flags for one in readings))),
        meter_id=told.meter_id,
        has_begin=not marked or any(reading.transaction_begin for reading in readings),
        has_end=not marked or any(reading.transaction_end for reading in readings),
        pagination_gap=_has_gap([reading.pagination for reading in readings]),
        readings_kwh=tuple(kwh for reading in readings for kwh in reading.readings_kwh),
        identification=told.identification,
        key_is_registered=is_registered,
        reused_by=reused_by,
    )


def _worst_letter(told: Iterable[str], worst_first: str) -> str:
    """Of the letters in order of harm, then any but G (good), then what there is."""
    letters = "".join(told)
    for letter in worst_first:
        if letter in letters:
            return letter
    return next((letter for letter in letters if letter != "G"), letters[:1])


def _has_gap(paginations: Sequence[str]) -> bool:
    """Numbers of one kind ("T12", "T13") must follow each other; what is no number tells none."""
    numbers: dict[str, list[int]] = {}
    for pagination in paginations:
        kind, digits = pagination[:1], pagination[1:]
        if digits.isascii() and digits.isdigit():
            numbers.setdefault(kind, []).append(int(digits))
    return any(
        later - earlier > 1
        for found in numbers.values()
        for earlier, later in pairwise(sorted(found))
    )
