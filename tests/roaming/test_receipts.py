"""Receipts: what we sign for can be proved by anybody with our public key, and by nobody forged."""

import base64
import gzip
import hashlib
import json
import subprocess
import sys
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from jwcrypto.jwk import JWKSet
from jwcrypto.jws import JWS, InvalidJWSSignature

from roaming.models import BatchReceipt
from roaming.rules import receipt as rule
from roaming.services import receipts
from tests import makers
from tests.makers import numbered_record
from tests.roaming.partner_systems import BATCH, PartnerSystem

ROOT = Path(__file__).resolve().parents[2]
KEYS = "/.well-known/jwks.json"
OTHER_KEY = base64.b64encode(b"another key of thirty-two bytes.").decode()


@pytest.fixture
def nordlicht(db, noon, quick_secrets):
    makers.AgreementMaker()
    return PartnerSystem(makers.nordlicht())


@pytest.fixture
def body():
    records = [numbered_record(1), numbered_record(2, csp_id="IT*ZZZ"), {"sdr_id": "bad"}]
    return json.dumps(records).encode()


@pytest.fixture
def receipt(nordlicht, body):
    return nordlicht.post(BATCH, body).json()["receipt"]


def published(client) -> str:
    answer = client.get(KEYS)
    assert answer["Content-Type"] == "application/jwk-set+json"
    return answer.content.decode()


class TestAReceipt:
    def test_says_what_came_when_and_from_whom(self, nordlicht, body, client):
        answer = nordlicht.post(BATCH, body, Batch_Sequence="1").json()

        claims = rule.verify(
            answer["receipt"],
            {key["kid"]: key for key in json.loads(published(client))["keys"]},
        )
        assert claims == {
            "iss": "clearing house",
            "iat": int(makers.NOON.timestamp()),
            "sender": "Nordlicht",
            "environment": "LIVE",
            "batch_id": answer["batch_id"],
            "sequence": 1,
            "received_at": "2026-11-14T12:00:00+00:00",
            "sha256": hashlib.sha256(body).hexdigest(),
            "received": 3,
            "accepted": 1,
            "held": 1,
            "rejected": 1,
            "repeated": 0,
        }
        kept = BatchReceipt.objects.get()
        assert (kept.batch_id, kept.jws) == (UUID(answer["batch_id"]), answer["receipt"])

    def test_is_verified_by_a_library_that_is_not_ours(self, receipt, body, client):
        jws = JWS()
        jws.deserialize(receipt)
        jws.allowed_algs = ["EdDSA"]
        jws.verify(JWKSet.from_json(published(client)))

        assert json.loads(jws.payload)["sha256"] == hashlib.sha256(body).hexdigest()

    def test_with_a_changed_character_is_refused_by_it_too(self, receipt, client):
        head, claims, signature = receipt.split(".")
        forged = base64.urlsafe_b64decode(claims + "==").replace(b'"accepted":1', b'"accepted":9')
        jws = JWS()
        jws.deserialize(
            f"{head}.{base64.urlsafe_b64encode(forged).rstrip(b'=').decode()}.{signature}"
        )
        jws.allowed_algs = ["EdDSA"]

        [key] = JWKSet.from_json(published(client))["keys"]
        with pytest.raises(InvalidJWSSignature):
            jws.verify(key)

    def test_is_for_the_bytes_after_decompression(self, nordlicht, body):
        packed = nordlicht.post(BATCH, gzip.compress(body), Content_Encoding="gzip").json()

        claims = receipts.verify(packed["receipt"], body, keys=receipts.public_keys())
        assert claims["received"] == 3

    def test_counts_what_is_repeated(self, nordlicht, body, receipt):
        again = nordlicht.post(BATCH, body).json()["receipt"]

        claims = receipts.verify(again, body, keys=receipts.public_keys())
        assert (claims["accepted"], claims["held"], claims["repeated"]) == (0, 0, 2)

    def test_of_an_empty_batch_is_given_too(self, nordlicht):
        answer = nordlicht.send_batch([]).json()

        assert receipts.verify(answer["receipt"], b"[]", keys=receipts.public_keys())

    @pytest.mark.parametrize(
        ("forged", "why"),
        [
            ("", "no compact JWS"),
            ("a.b", "no compact JWS"),
            ("a.b.c", "no compact JWS"),
            ("{none}.e30.", "no batch receipt"),
            ("{stranger}", "none of those published"),
        ],
    )
    def test_that_is_none_of_ours_is_refused(self, forged, why, settings):
        none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
        keys = receipts.public_keys()
        settings.RECEIPT_SIGNING_KEY = OTHER_KEY
        stranger = rule.sign({}, receipts._signing_key())

        with pytest.raises(rule.ReceiptInvalid, match=why):
            receipts.verify(forged.format(none=none, stranger=stranger), b"", keys=keys)


class TestAChangedByte:
    def test_of_the_body_does_not_fit(self, receipt, body):
        keys = receipts.public_keys()
        assert receipts.verify(receipt, body, keys=keys)

        with pytest.raises(receipts.NotTheseBytes):
            receipts.verify(receipt, body + b" ", keys=keys)

    def test_of_any_part_of_the_receipt_fails(self, receipt, body):
        keys = receipts.public_keys()
        for place in (5, receipt.index(".") + 5, receipt.rindex(".") + 5):
            changed = "A" if receipt[place] != "A" else "B"
            forged = receipt[:place] + changed + receipt[place + 1 :]
            with pytest.raises(rule.ReceiptInvalid):
                receipts.verify(forged, body, keys=keys)


class TestARotatedKey:
    def test_leaves_old_receipts_verifiable(self, receipt, body, nordlicht, client, settings):
        retired = StringIO()
        call_command("receipt_key", stdout=retired)
        settings.RECEIPT_RETIRED_KEYS = [retired.getvalue().strip()]
        settings.RECEIPT_SIGNING_KEY = OTHER_KEY

        fresh = nordlicht.post(BATCH, b"[]").json()["receipt"]
        keys = json.loads(published(client))["keys"]
        assert len(keys) == 2
        assert receipts.verify(receipt, body, keys=keys)
        assert receipts.verify(fresh, b"[]", keys=keys)

        settings.RECEIPT_RETIRED_KEYS = []
        with pytest.raises(rule.ReceiptInvalid, match="none of those published"):
            receipts.verify(receipt, body, keys=json.loads(published(client))["keys"])

    def test_is_published_without_its_private_half(self, client):
        [key] = json.loads(published(client))["keys"]

        assert set(key) == {"kty", "crv", "x", "kid", "alg", "use"}


class TestVerifyReceipt:
    def test_prints_the_claims(self, receipt, body, tmp_path, client):
        (tmp_path / "body.json").write_bytes(body)
        (tmp_path / "body.json.gz").write_bytes(gzip.compress(body))
        (tmp_path / "receipt").write_text(receipt + "\n")
        (tmp_path / "jwks.json").write_text(published(client))

        for arguments in (
            ["body.json", receipt],
            ["body.json.gz", "receipt"],
            ["body.json", "receipt", "--keys", "jwks.json"],
        ):
            there = [str(tmp_path / a) if (tmp_path / a[:50]).exists() else a for a in arguments]
            out = StringIO()
            call_command("verify_receipt", *there, stdout=out)
            assert json.loads(out.getvalue())["received"] == 3

    def test_fails_on_a_changed_byte(self, receipt, body, tmp_path):
        (tmp_path / "body.json").write_bytes(body.replace(b"18.400", b"18.401", 1))

        with pytest.raises(CommandError, match="Not valid: the receipt is for"):
            call_command("verify_receipt", tmp_path / "body.json", receipt)

    def test_tells_in_a_sentence_what_cannot_be_read(self, tmp_path):
        with pytest.raises(CommandError, match="Cannot be read"):
            call_command("verify_receipt", tmp_path / "none", "a.b.c")


def test_the_guides_program_verifies_a_receipt(receipt, body, client, tmp_path):
    """What docs/partner-api.md gives partners, run as it stands."""
    guide = (ROOT / "docs/partner-api.md").read_text()
    [program] = [
        block.partition("```")[0]
        for block in guide.split("```python\n")[1:]
        if "jwks.json" in block.partition("```")[0]
    ]
    (tmp_path / "verify.py").write_text(program)
    (tmp_path / "jwks.json").write_text(published(client))
    (tmp_path / "receipt.txt").write_text(receipt)

    def verify(sent: bytes):
        (tmp_path / "batch.json").write_bytes(sent)
        return subprocess.run(
            [sys.executable, "verify.py"], cwd=tmp_path, capture_output=True, text=True
        )

    good, bad = verify(body), verify(body + b" ")
    assert (good.returncode, bad.returncode) == (0, 1), good.stderr
    assert "'accepted': 1" in good.stdout
