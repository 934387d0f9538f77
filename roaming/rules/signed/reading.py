"""What one signed meter record tells, and whether its signature holds."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

Verdict = Literal["valid", "invalid", "no_key", "unsupported"]

# Meters count far below this; what is larger or finer is no reading but an attack on arithmetic.
MOST_DIGITS_BEFORE_THE_POINT = 10
MOST_DECIMALS = 12
LONGEST_WORD = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedReading:
    """One signed record. ``valid`` says that the key fits, not that the key is the meter's.

    Energy and times are those of the session where the container holds its begin and its end,
    else those of the record alone. Facts are filled in whatever the verdict, as they are told.
    """

    format: str
    verdict: Verdict
    reason: str
    energy_kwh: Decimal | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    time_status: str = ""
    meter_status: str = ""
    error_flags: str = ""
    meter_id: str = ""
    pagination: str = ""
    transaction_begin: bool = False
    transaction_end: bool = False
    readings_kwh: tuple[Decimal, ...] = ()
    identification: str = ""
    public_key_hex: str = ""
    signature_sha256: str = ""


def kwh(value: Decimal) -> Decimal | None:
    """The figure with at least three decimals; None where no meter could have counted it."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):  # infinite, or not a number
        return None
    if value.adjusted() >= MOST_DIGITS_BEFORE_THE_POINT or exponent < -MOST_DECIMALS:
        return None
    return value if exponent <= -3 else value.quantize(Decimal("0.001"))


def word(value: object) -> str:
    """A text of the record as a table can hold it: no NUL, no half characters, not endless."""
    if not isinstance(value, str):
        return ""
    return value[:LONGEST_WORD].encode("utf-8", "replace").decode().replace("\x00", "").strip()
