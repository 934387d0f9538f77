"""Alfen: ``AP;type;version;key;data set;signature;``, the last three in base32.

Signed are the 82 bytes of the data set alone, so begin and end are read from its status and not
from the type in front. The curve is secp192r1; the key is a compressed point.

====== ===== ==========================================
offset bytes what
====== ===== ==========================================
0      10    adapter id
10     6     firmware version and checksum
16     10    meter id
26     4     status; its last byte: 20 begin, 10 end
30     4     seconds of operation
34     4     seconds since 1970, UTC
38     6     OBIS code
44     2     unit (30 is Wh), power of ten
46     8     reading
54     20    identification, ASCII
74     4     session
78     4     page
====== ===== ==========================================
"""

import base64
import binascii
import hashlib
import struct
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from roaming.rules.signed.keys import (
    CURVES,
    UnknownKeyKind,
    UnreadableKey,
    read_public_key,
)
from roaming.rules.signed.reading import SignedReading, Verdict, kwh, word
from roaming.rules.signed.verdict import judge

FORMAT = "ALFEN"
DATA_SET = struct.Struct("<10s4s2s10s4sII6sBbQ20sII")
WATT_HOURS = 30
BEGINS, ENDS = 0x20, 0x10
LONGEST_FIELD = 400


def read_alfen(text: str, public_key: str) -> tuple[SignedReading, str]:
    """The reading, and the session it belongs to."""
    fields = text.strip().rstrip(";").split(";")
    if len(fields) != 6:
        return _broken("there are not six fields"), ""
    key, data_set, signature = (_base32(field) for field in fields[3:])
    if data_set is None or len(data_set) != DATA_SET.size or signature is None:
        return _broken("the data set or the signature cannot be read"), ""
    facts, session = _facts(data_set)
    facts["signature_sha256"] = hashlib.sha256(signature).hexdigest()
    given = public_key.strip() or (key.hex() if key else "")
    return SignedReading(format=FORMAT, **facts, **_check(given, data_set, signature)), session


def _broken(reason: str) -> SignedReading:
    return SignedReading(format=FORMAT, verdict="invalid", reason=reason)


def _base32(text: str) -> bytes | None:
    plain = text.strip().rstrip("=")
    if len(plain) > LONGEST_FIELD:
        return None
    try:
        return base64.b32decode(plain + "=" * (-len(plain) % 8))
    except (binascii.Error, ValueError):
        return None


def _check(public_key: str, data_set: bytes, signature: bytes) -> dict[str, Any]:
    curve = CURVES["secp192r1"]
    verdict: Verdict
    try:
        key = read_public_key(public_key, curve=curve)
    except UnreadableKey as error:
        return {"verdict": "no_key", "reason": str(error)}
    except UnknownKeyKind as error:
        return {"verdict": "unsupported", "reason": str(error)}
    if key.curve != curve:
        verdict, reason = "invalid", f"signed on {curve.name}, the key is {key.curve.name}"
    else:
        verdict, reason = judge(key, signature, data_set)
    return {"verdict": verdict, "reason": reason, "public_key_hex": key.der_hex}


def _facts(data_set: bytes) -> tuple[dict[str, Any], str]:
    told = DATA_SET.unpack(data_set)
    meter, status, second, unit, power, value, identification, session, page = (
        told[3], told[4], told[6], *told[8:]
    )  # fmt: skip
    reading = kwh(Decimal(value).scaleb(power - 3)) if unit == WATT_HOURS else None
    begins, ends = bool(status[3] & BEGINS), bool(status[3] & ENDS)
    at = datetime.fromtimestamp(second, UTC)
    facts = {
        "started_at": None if ends and not begins else at,
        "ended_at": None if begins and not ends else at,
        "meter_id": meter.hex(),
        "pagination": str(page),
        "transaction_begin": begins,
        "transaction_end": ends,
        "readings_kwh": () if reading is None else (reading,),
        "identification": word(identification.decode("ascii", "replace")),
    }
    return facts, str(session)
