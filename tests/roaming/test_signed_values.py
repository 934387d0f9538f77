"""Signed meter values, made here with fresh keys: what fits, what does not, what they tell."""

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import ecdsa
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from roaming.rules.signed import read_signed_data
from roaming.rules.signed.alfen import DATA_SET
from roaming.rules.signed.verdict import secp192k1
from tests.roaming.signed_values import PAYLOAD, PRIVATE, der_of, ocmf, safe_xml

CURVES = {
    "secp192r1": ec.SECP192R1(),
    "secp256k1": ec.SECP256K1(),
    "secp256r1": ec.SECP256R1(),
    "secp384r1": ec.SECP384R1(),
    "secp521r1": ec.SECP521R1(),
    "brainpool256r1": ec.BrainpoolP256R1(),
    "brainpoolP256r1": ec.BrainpoolP256R1(),
    "brainpool384r1": ec.BrainpoolP384R1(),
}


def session(*readings: str) -> str:
    return f'{{"MS":"M-7","PG":"T1","RD":[{",".join(readings)}]}}'


def one(text: str, key: str = ""):
    (reading,) = read_signed_data(text, public_key=key)
    return reading


def key_texts() -> dict[str, str]:
    public = PRIVATE.public_key()
    point = public.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    short = public.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
    )
    der = der_of(PRIVATE)
    pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return {
        "hex": der.hex(),
        "HEX in pairs": der.hex(" ").upper(),
        "hex in fours": der.hex(" ", 2),
        "base64": base64.b64encode(der).decode(),
        "PEM": pem.decode(),
        "point": point.hex(),
        "X and Y": point[1:].hex(),
        "compressed": short.hex(),
    }


class TestASignatureThatFits:
    @pytest.mark.parametrize("name", CURVES)
    def test_is_valid_on_every_curve(self, name):
        private = ec.generate_private_key(CURVES[name])
        reading = one(ocmf(PAYLOAD, private, curve=name), der_of(private).hex())

        assert (reading.format, reading.verdict) == ("OCMF", "valid")
        assert reading.public_key_hex == der_of(private).hex()

    @pytest.mark.parametrize("is_der", [True, False])
    def test_is_valid_on_the_curve_that_cryptography_lacks(self, is_der):
        private = ecdsa.SigningKey.generate(curve=secp192k1())
        encode = ecdsa.util.sigencode_der if is_der else ecdsa.util.sigencode_string
        signature = private.sign_digest(
            hashlib.sha256(PAYLOAD.encode()).digest(), sigencode=encode, allow_truncate=True
        )
        section = json.dumps({"SA": "ECDSA-secp192k1-SHA256", "SD": signature.hex()})
        key = private.verifying_key.to_string().hex()

        assert one(f"OCMF|{PAYLOAD}|{section}", key).verdict == "valid"
        assert one(f"OCMF|{PAYLOAD.replace('290', '291')}|{section}", key).verdict == "invalid"

    def test_is_valid_with_a_longer_hash(self):
        private = ec.generate_private_key(ec.SECP521R1())
        record = ocmf(PAYLOAD, private, curve="secp521r1", hashed=hashes.SHA512)

        assert one(record, der_of(private).hex()).verdict == "valid"

    @pytest.mark.parametrize("encoding", ["hex", "base64"])
    def test_is_valid_as_two_numbers_side_by_side(self, encoding):
        r, s = decode_dss_signature(PRIVATE.sign(PAYLOAD.encode(), ec.ECDSA(hashes.SHA256())))
        raw = r.to_bytes(32) + s.to_bytes(32)
        text = raw.hex() if encoding == "hex" else base64.b64encode(raw).decode()
        reading = one(
            f"OCMF|{PAYLOAD}|{json.dumps({'SD': text, 'SE': encoding})}", der_of(PRIVATE).hex()
        )

        assert reading.verdict == "valid"
        assert reading.signature_sha256 == hashlib.sha256(raw).hexdigest()

    def test_is_checked_over_blanks_and_letters_as_they_came(self):
        payload = PAYLOAD.replace('"FV":', '\n  "GI" : "Säule ä",\t"FV" : ')

        assert one(ocmf(payload), der_of(PRIVATE).hex()).verdict == "valid"


class TestAKey:
    @pytest.mark.parametrize("text", key_texts().values(), ids=key_texts())
    def test_is_read_in_every_spelling(self, text):
        assert one(ocmf(PAYLOAD), text).verdict == "valid"

    def test_of_the_container_is_used_where_none_is_registered(self):
        other = der_of(ec.generate_private_key(ec.SECP256R1())).hex()
        text = safe_xml(ocmf(PAYLOAD), key=der_of(PRIVATE).hex())

        assert one(text).verdict == "valid"
        registered = one(text, other)
        assert (registered.verdict, registered.public_key_hex) == ("invalid", other)

    @pytest.mark.parametrize("text", ["", "zzz", "00", "04" + "ff" * 64, "ab" * 5000])
    def test_that_is_none_verifies_nothing(self, text):
        assert one(ocmf(PAYLOAD), text).verdict == "no_key"

    def test_of_another_curve_does_not_fit(self):
        reading = one(ocmf(PAYLOAD), der_of(ec.generate_private_key(ec.SECP256K1())).hex())

        assert (reading.verdict, "secp256k1" in reading.reason) == ("invalid", True)


class TestASignatureThatDoesNotFit:
    def check(self, record: str) -> str:
        return one(record, der_of(PRIVATE).hex()).verdict

    @pytest.mark.parametrize(
        "changed", [("290.100", "290.101"), ('"T12"', '"T13"'), ("}]}", "}] }")]
    )
    def test_because_a_byte_was_changed(self, changed):
        assert self.check(ocmf(PAYLOAD).replace(*changed, 1)) == "invalid"

    def test_because_the_json_was_written_anew(self):
        """The same numbers; 290.100 became 290.1."""
        anew = json.dumps(json.loads(PAYLOAD), separators=(",", ":"))

        assert self.check(ocmf(PAYLOAD).replace(PAYLOAD, anew)) == "invalid"

    @pytest.mark.parametrize(
        "signature",
        ["", "00", "zz", encode_dss_signature(0, 5).hex(), encode_dss_signature(5, 2**900).hex()],
    )
    def test_because_it_is_none(self, signature):
        assert self.check(f"OCMF|{PAYLOAD}|{json.dumps({'SD': signature})}") == "invalid"

    @pytest.mark.parametrize("algorithm", ["RSA-2048-SHA256", "ECDSA-sect283k1-SHA256", "", 5])
    def test_cannot_be_told_of_an_unknown_algorithm(self, algorithm):
        section = json.dumps({"SA": algorithm, "SD": "00"})

        assert self.check(f"OCMF|{PAYLOAD}|{section}") == "unsupported"


class TestWhatARecordTells:
    def test_is_told_of_the_import_register_alone(self):
        reading = one(ocmf(PAYLOAD), der_of(PRIVATE).hex())

        assert reading.energy_kwh == Decimal("21.130")
        assert reading.readings_kwh == (Decimal("268.970"), Decimal("290.100"))
        assert reading.started_at == datetime(2026, 10, 26, 7, 33, 59, tzinfo=UTC)
        assert reading.ended_at == datetime(2026, 10, 26, 8, 33, 59, 250_000, tzinfo=UTC)
        assert (reading.time_status, reading.meter_status, reading.error_flags) == ("I", "G", "")
        assert (reading.meter_id, reading.pagination, reading.identification) == (
            "M-7", "T12", "04AB",
        )  # fmt: skip
        assert reading.transaction_begin
        assert reading.transaction_end

    def test_is_the_worst_of_its_readings(self):
        payload = session(
            '{"TM":"2026-01-01T00:00:00,000+0000 R","TX":"B","RV":" 1500","RU":"Wh","ST":"G"}',
            '{"TM":"2026-01-01T01:00:00,000+0000 S","TX":"P","RV":"1500.5","ST":"M","EF":"t"}',
            '{"EF":"E","TX":"P"}',
        )
        reading = one(ocmf(payload))

        assert (reading.time_status, reading.meter_status, reading.error_flags) == ("R", "M", "Et")
        assert reading.energy_kwh == Decimal("0.0005")
        assert reading.verdict == "no_key"

    def test_is_the_whole_session_where_the_container_holds_both_halves(self):
        end = '{"TM":"2026-01-01T01:00:00,000+0000 S","TX":"E","RV":14,"RU":"kWh","ST":"G"}'
        begin = '{"TM":"2026-01-01T00:00:00,000+0000 S","TX":"B","RV":2.5,"RU":"kWh","ST":"G"}'
        text = safe_xml(ocmf(session(end)), ocmf(session(begin)), key=der_of(PRIVATE).hex())

        readings = read_signed_data(text)
        assert [reading.energy_kwh for reading in readings] == [Decimal("11.500")] * 2
        assert {reading.started_at.hour for reading in readings} == {0}
        assert {reading.ended_at.hour for reading in readings} == {1}

    def test_takes_no_figure_from_a_half_that_does_not_verify(self):
        end = '{"TM":"2026-01-01T01:00:00,000+0000 S","TX":"E","RV":14,"RU":"kWh","ST":"G"}'
        begin = '{"TM":"2026-01-01T00:00:00,000+0000 S","TX":"B","RV":2.5,"RU":"kWh","ST":"G"}'
        forged = ocmf(session(end)).replace('"RV":14', '"RV":99')
        readings = read_signed_data(
            safe_xml(ocmf(session(begin)), forged, key=der_of(PRIVATE).hex())
        )

        assert [reading.verdict for reading in readings] == ["valid", "invalid"]
        assert [reading.energy_kwh for reading in readings] == [None, None]

    @pytest.mark.parametrize(
        "reading",
        [
            '{"RV":1E9999,"RU":"kWh"}',
            '{"RV":"NaN","RU":"kWh"}',
            '{"RV":true,"RU":"Wh"}',
            '{"RV":"1,5","RU":"kWh"}',
            '{"TM":"9999-12-31T23:59:59,000-2300 S"}',
            '{"TM":"2026-13-01T00:00:00,000+0000 S"}',
            '{"TM":"2026-01-01T00:00:00"}',
            "5",
        ],
    )
    def test_is_a_doubt_where_it_cannot_be_read(self, reading):
        told = one(ocmf(session(reading)), der_of(PRIVATE).hex())

        assert told.verdict == "valid"
        assert told.energy_kwh is None
        assert ";" in told.reason

    def test_holds_nothing_that_a_table_refuses(self):
        told = one(ocmf('{"MS":"a\\u0000b\\ud800","ID":"' + "x" * 5000 + '","RD":[]}'))

        assert told.meter_id == "ab?"
        assert len(told.identification) == 200


def alfen(private: ec.EllipticCurvePrivateKey, *, status: int, value: int, page: int) -> str:
    """The layout is told in roaming/rules/signed/alfen.py."""
    data_set = DATA_SET.pack(
        bytes(10), b"v016", bytes(2), bytes.fromhex("0a01445a470033008506"),
        bytes([0, 0, 0, status]), 4757492, 1_790_000_000 + page, bytes.fromhex("0100010800ff"),
        30, 1, value, b"04AB", 19, page,
    )  # fmt: skip
    r, s = decode_dss_signature(private.sign(data_set, ec.ECDSA(hashes.SHA256())))
    point = private.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
    )
    signed = (point, data_set, r.to_bytes(24) + s.to_bytes(24))
    return f"AP;0;3;{';'.join(base64.b32encode(part).decode() for part in signed)};"


class TestAlfen:
    private = ec.generate_private_key(ec.SECP192R1())

    def test_is_verified_with_its_own_key_and_told_as_a_session(self):
        begin = alfen(self.private, status=0x20, value=2000, page=7)
        end = alfen(self.private, status=0x10, value=2345, page=8)
        first, last = read_signed_data(f"{begin}\n{end}")

        assert (first.format, first.verdict, last.verdict) == ("ALFEN", "valid", "valid")
        assert first.energy_kwh == last.energy_kwh == Decimal("3.450")
        assert (last.pagination, last.identification) == ("8", "04AB")
        assert last.ended_at - first.started_at == timedelta(seconds=1)

    def test_trusts_the_signed_status_and_not_the_type_in_front(self):
        record = alfen(self.private, status=0x10, value=2000, page=7).replace("AP;0", "AP;1")

        reading = one(record)
        assert (reading.transaction_begin, reading.transaction_end) == (False, True)

    def test_is_invalid_under_another_key_and_with_another_byte(self):
        record = alfen(self.private, status=0x20, value=2000, page=7)
        fields = record.split(";")
        fields[4] = ("B" if fields[4][0] == "A" else "A") + fields[4][1:]
        other = der_of(ec.generate_private_key(ec.SECP192R1())).hex()

        assert one(record, other).verdict == "invalid"
        assert one(record, der_of(PRIVATE).hex()).verdict == "invalid"
        assert one(";".join(fields)).verdict == "invalid"


class TestAContainer:
    def test_of_lines_of_plain_text(self):
        text = f"{ocmf(PAYLOAD)}\n\n{ocmf(PAYLOAD)}  \nPublic key:\n{der_of(PRIVATE).hex()}\n"

        assert [one.verdict for one in read_signed_data(text)] == ["valid", "valid"]

    def test_of_json_takes_the_nearest_key_and_tells_a_record_once(self):
        record = ocmf(PAYLOAD)
        wrapped = base64.b64encode(record.encode()).decode()
        text = json.dumps(
            {
                "public_key": der_of(PRIVATE).hex(),
                "signed_values": [
                    {"nature": "End", "plain_data": record, "signed_data": record},
                    {"nature": "End", "plain_data": "5 kWh", "signed_data": wrapped},
                ],
            }
        )

        assert [one.verdict for one in read_signed_data(text)] == ["valid", "valid"]

    def test_keeps_the_place_of_what_it_cannot_verify(self):
        text = safe_xml("1B1B1B1B0101", ocmf(PAYLOAD), key=der_of(PRIVATE).hex())

        assert [one.verdict for one in read_signed_data(text)] == ["unsupported", "valid"]
