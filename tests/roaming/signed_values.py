"""Signed meter values, made here with fresh keys."""

import json
from functools import cache
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

PAYLOAD = (
    '{"FV":"1.0","GS":"GW-1","PG":"T12","MS":"M-7","ID":"04AB","RD":['
    '{"TM":"2026-10-26T08:33:59,000+0100 S","TX":"B","RV":268.970,"RI":"1-b:1.8.0","RU":"kWh",'
    '"EF":"","ST":"G"},'
    '{"RV":0.500,"RI":"1-b:2.8.0","RU":"kWh"},'
    '{"TM":"2026-10-26T09:33:59,250+0100 I","TX":"E","RV":290.100,"RI":"1-b:1.8.0","RU":"kWh"}]}'
)
PRIVATE = ec.generate_private_key(ec.SECP256R1())


def der_of(private: ec.EllipticCurvePrivateKey) -> bytes:
    return private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


KEY = der_of(PRIVATE).hex()
OTHER_KEY = der_of(ec.generate_private_key(ec.SECP256R1())).hex()


def ocmf(payload: str, private=PRIVATE, *, curve: str = "secp256r1", hashed=hashes.SHA256) -> str:
    signature = private.sign(payload.encode(), ec.ECDSA(hashed()))
    name = hashed.name.upper()
    return f'OCMF|{payload}|{{"SA":"ECDSA-{curve}-{name}","SD":"{signature.hex()}"}}'


def safe_xml(*records: str, key: str = "", transaction: str = "1") -> str:
    values = "".join(
        f'<value transactionId="{transaction}"><signedData format="OCMF">{escape(record)}'
        f"</signedData>{f'<publicKey>{key}</publicKey>' if key else ''}</value>"
        for record in records
    )
    return f'<?xml version="1.0"?><values>{values}</values>'


_TOLD = {
    "between": "",
    "end": "118.400",
    "end_mark": "E",
    "page": "12",
    "status": "G",
    "flags": "",
    "clock": "S",
    "identification": "DE8AACA2B3C4D5L",
}


@cache
def signed(*, forged: bool = False, **changes: object) -> str:
    """The default record's session, 100 to 118.4 kWh; the same words give the same signature."""
    assert changes.keys() <= _TOLD.keys()
    told = _TOLD | changes
    readings = [("10", "B", "100.000"), ("11", told["end_mark"], told["end"])]
    if told["between"]:
        readings.insert(1, ("10", "C", told["between"]))
    payload = json.dumps(
        {
            "PG": f"T{told['page']}",
            "MS": "M-7",
            "ID": told["identification"],
            "RD": [
                {
                    "TM": f"2026-11-14T{hour}:00:00,000+0000 {told['clock']}",
                    "TX": mark,
                    "RV": kwh,
                    "RI": "1-b:1.8.0",
                    "RU": "kWh",
                    "EF": told["flags"],
                    "ST": told["status"],
                }
                for hour, mark, kwh in readings
            ],
        }
    )
    record = ocmf(payload)
    return record.replace("M-7", "M-8", 1) if forged else record
