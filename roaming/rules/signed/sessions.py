"""Begin and end of a session in two records: together they tell its energy."""

from collections import defaultdict
from dataclasses import replace

from roaming.rules.signed.reading import SignedReading


def with_session_energy(readings: list[SignedReading], sessions: list[str]) -> list[SignedReading]:
    """``sessions`` names each reading's session. Both halves get energy and times of the whole.

    They must be of one meter, one key and one verdict: what is proved never takes a figure from
    what is not.
    """
    halves = defaultdict(list)
    for index, (reading, session) in enumerate(zip(readings, sessions, strict=True)):
        if reading.transaction_begin != reading.transaction_end:
            key = (session, reading.meter_id, reading.public_key_hex, reading.verdict)
            halves[key].append(index)
    told = list(readings)
    for pair in halves.values():
        begins = [index for index in pair if readings[index].transaction_begin]
        ends = [index for index in pair if readings[index].transaction_end]
        if len(begins) == len(ends) == 1:
            begin, end = readings[begins[0]], readings[ends[0]]
            told[begins[0]] = _joined(begin, begin, end)
            told[ends[0]] = _joined(end, begin, end)
    return told


def _joined(one: SignedReading, begin: SignedReading, end: SignedReading) -> SignedReading:
    if not begin.readings_kwh or not end.readings_kwh:
        return one
    return replace(
        one,
        energy_kwh=end.readings_kwh[-1] - begin.readings_kwh[0],
        started_at=begin.started_at,
        ended_at=end.ended_at,
    )
