"""What is kept of a message: no secret, no driver; still readable, and exact in its numbers."""

import json

import pytest

from roaming.rules.masking import HIDDEN, LONGEST_BODY, Mask


@pytest.fixture
def mask():
    return Mask(b"key of a test")


def kept(mask: Mask, tree) -> dict:
    return json.loads(mask.body(json.dumps(tree).encode()))


def test_drivers_become_digests_that_can_be_followed(mask):
    first = kept(mask, {"cdr_token": {"uid": "04A2B3C4D5", "type": "RFID"}})
    second = kept(Mask(b"key of a test"), [{"auth_id": "04a2b3c4d5"}])

    digest = first["cdr_token"]["uid"]
    assert digest.startswith("~")
    assert second == [{"auth_id": digest}]
    assert first["cdr_token"]["type"] == "RFID"
    assert kept(Mask(b"another key"), {"uid": "04A2B3C4D5"})["uid"] != digest


@pytest.mark.parametrize(
    "name", ["contract_id", "auth_id", "visual_number", "issuer", "uid", "Contract_ID", "group_id"]
)
def test_all_that_names_a_driver_is_masked(mask, name):
    assert kept(mask, {"a": [{name: "somebody"}]})["a"][0][name].startswith("~")


def test_secrets_are_hidden(mask):
    assert kept(mask, {"token": "abc", "url": "https://a"}) == {"token": HIDDEN, "url": "https://a"}
    assert kept(mask, {"response_url": "https://a/b/secret"})["response_url"] == HIDDEN


def test_a_token_object_is_no_secret(mask):
    assert kept(mask, {"token": {"uid": "AB", "valid": True}})["token"]["valid"] is True


def test_the_uid_of_an_evse_is_nobody(mask):
    location = {"evses": [{"uid": "3256", "evse_id": "BE*BEC*E041503001", "status": "AVAILABLE"}]}

    assert kept(mask, location) == location


def test_numbers_stay_as_they_were_written(mask):
    assert mask.body(b'{"a": 1.10000000000000000000, "b": 1e400}') == (
        '{"a":1.10000000000000000000,"b":1e400}'
    )


def test_a_long_body_is_cut_and_masked_all_the_same(mask):
    many = [{"uid": f"CARD{n:08}", "note": "x" * 50} for n in range(2000)]
    text = mask.body(json.dumps(many).encode())

    assert len(text) <= LONGEST_BODY
    assert "CARD0" not in text
    assert text.startswith('[{"uid": "~')


@pytest.mark.parametrize("end", [b"", b"\\", b'\\"'])
def test_a_value_that_the_cut_parts_is_masked(mask, end):
    assert "CARD" not in mask.body(b'{"uid": "CARD1234' + end)


def test_what_is_no_json_is_kept_as_text(mask):
    assert mask.body(b"<h1>\xff\x00</h1>") == "<h1>��</h1>"
    assert mask.body(b"[" * 5000).startswith("[[")
    assert mask.body(b"") == ""


def test_what_one_text_told_is_masked_in_the_next(mask):
    mask.body(b'{"contract_id":"DE-VOL-C1","token":"s3cr3t"}')

    assert mask.text("no contract DE-VOL-C1 for s3cr3t") == (
        f"no contract {Mask(b'key of a test', private=['DE-VOL-C1']).text('DE-VOL-C1')}"
        f" for {HIDDEN}"
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/ocpi/2.2.1/tokens/DE/VOL/04A2B3C4D5?type=RFID",
        "https://a.example/ocpi/2.2.1/tokens/04A2B3C4D5/authorize?type=RFID",
    ],
)
def test_addresses_of_credentials_are_masked(mask, url):
    shown = mask.address(url)

    assert "04A2B3C4D5" not in shown
    assert shown.endswith("?type=RFID")
    assert shown.startswith("https://a.example/ocpi/2.2.1/tokens/")


def test_values_that_are_told_to_be_private_are_masked_in_addresses():
    mask = Mask(b"key", private=["DE-VOL C1"], secrets=["hush-hush"])

    shown = mask.address("https://a.example/x/DE-VOL%20C1/y?k=hush-hush")
    assert shown.startswith("https://a.example/x/~")
    assert shown.endswith(f"/y?k={HIDDEN}")


def test_other_addresses_stay(mask):
    url = "https://a.example/ocpi/2.2.1/locations/DE/NOR/L1/3256"

    assert mask.address(url) == url
