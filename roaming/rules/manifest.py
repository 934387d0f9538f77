"""What a manifest says of one day between two parties, and how two of them differ. Pure."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Records of one day between two parties in one currency.

    Energy in kWh and amounts as stated, credits with the sign they were sent with; a record
    without an amount counts with 0. ``content_sha256`` is empty where it was not given.
    """

    sdrs: int
    energy_kwh: Decimal
    amount: Decimal
    content_sha256: str = ""


NOTHING = Totals(sdrs=0, energy_kwh=Decimal(0), amount=Decimal(0))
Line = tuple[str, Decimal, Decimal]


def content_sha256(lines: Iterable[Line]) -> str:
    """SHA-256 over a line ``sdr_id;energy_kwh;amount`` per record, sorted, each ended by LF.

    Decimals without trailing zeros: 18.400 is 18.4, 0.00 is 0. Sorted by the bytes of UTF-8.
    """
    texts = sorted(
        f"{sdr_id};{_plain(energy)};{_plain(amount)}\n".encode() for sdr_id, energy, amount in lines
    )
    return hashlib.sha256(b"".join(texts)).hexdigest()


def totals_of(lines: Iterable[Line]) -> Totals:
    """The slow twin of ``services/sql/manifest_totals.sql``."""
    kept = list(lines)
    return Totals(
        sdrs=len(kept),
        energy_kwh=sum((energy for _, energy, _ in kept), Decimal(0)),
        amount=sum((amount for _, _, amount in kept), Decimal(0)),
        content_sha256=content_sha256(kept),
    )


def differences(theirs: Totals, ours: Totals) -> list[str]:
    """Names of the figures that differ; a hash is compared only where both gave one."""
    names = [
        name
        for name in ("sdrs", "energy_kwh", "amount")
        if getattr(theirs, name) != getattr(ours, name)
    ]
    stated = theirs.content_sha256.lower()
    if stated and ours.content_sha256 and stated != ours.content_sha256:
        names.append("content_sha256")
    return names


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}" if value else "0"
