"""``manage.py certify_partner``: its table, its report, its signature, and whom it leaves alone."""

import json

import pytest
from django.core.management import CommandError, call_command

from partners.models import CertificationRun, Environment, RoamingEndpoint
from roaming.protocols.ocpi.simulator import FakePartner
from roaming.rules import receipt
from roaming.rules.receipt import ReceiptInvalid
from roaming.services import certification, receipts
from tests.makers import nordlicht, partner_of

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def partner():
    with FakePartner("csp", party="NL*AAA") as partner:
        partner.add_token("04A1B2C3")
        yield partner


def run(partner, *arguments, capsys):
    """Exit status and standard output."""
    token = partner.connection.issue()
    try:
        call_command(
            *("certify_partner", "--url", partner.versions_url, "--token", token),
            *("--role", "csp", *arguments),
        )
        status = 0
    except SystemExit as stopped:
        status = stopped.code
    return status, capsys.readouterr().out


def test_prints_a_table_with_totals(partner, capsys):
    status, printed = run(partner, "--only", "TRN-01,TOK-02,cmd-01,CRD-04", capsys=capsys)

    assert status == 0
    for words in ("TRN-01", "HTTP 401", "for partners in the role CPO", "--register"):
        assert words in printed
    assert "2 passed, 0 failed, 2 not applicable" in printed


def test_ends_with_status_one_where_a_case_fails(partner, capsys):
    partner.behave("html500")
    try:
        status, printed = run(partner, "--only", "TOK-02", "--json", capsys=capsys)
    finally:
        partner.behave("well")

    (case,) = json.loads(printed)["report"]["cases"]
    assert status == 1
    assert case["verdict"] == "failed"
    assert case["came"] == "HTTP 500, no OCPI answer"
    assert case["calls"][0].startswith(f"POST {partner.base_url}/ocpi/2.2.1/sender/tokens/CERT")
    assert partner.connection.inbound[-1] not in printed


def test_asks_the_handshake_with_a_registration_token(capsys):
    with FakePartner("cso") as seller:
        seller.add_location()
        token = seller.issue_registration_token()
        call_command(
            *("certify_partner", "--url", seller.versions_url, "--token", token, "--register"),
            *("--only", "CRD-01,CRD-09,CRD-10", "--json"),
        )

    cases = json.loads(capsys.readouterr().out)["report"]["cases"]
    assert [(one["case"], one["verdict"]) for one in cases] == [
        ("CRD-01", "passed"),
        ("CRD-02", "passed"),
        ("CRD-09", "passed"),
        ("CRD-10", "passed"),
    ]


class TestSignature:
    @pytest.fixture
    def signed(self, partner, capsys, tmp_path):
        _, printed = run(partner, "--only", "TRN-01", "--sign", capsys=capsys)
        path = tmp_path / "report.json"
        path.write_text(printed)
        return path

    def test_is_verified_with_the_published_keys(self, signed, tmp_path, client, capsys):
        keys = tmp_path / "jwks.json"
        keys.write_bytes(client.get("/.well-known/jwks.json").content)

        call_command("certify_partner", "--verify", signed, "--keys", keys)

        assert 'Valid: {"passed": 1, "failed": 0' in capsys.readouterr().out

    def test_says_that_a_report_was_changed(self, signed):
        told = json.loads(signed.read_text())
        told["report"]["totals"]["passed"] = 99
        signed.write_text(json.dumps(told))

        with pytest.raises(CommandError, match="not the one that was signed"):
            call_command("certify_partner", "--verify", signed)

    def test_of_a_stranger_or_of_a_receipt_is_none(self, signed):
        told = json.loads(signed.read_text())
        keys = receipts.public_keys()
        as_receipt = receipts.sign({"report": told["report"]}, kind=receipt.TYPE)

        with pytest.raises(ReceiptInvalid, match="no certification report"):
            certification.verify(as_receipt, keys=keys)
        with pytest.raises(ReceiptInvalid, match="no batch receipt"):
            receipts.verify(told["signature"], b"", keys=keys)
        with pytest.raises(ReceiptInvalid, match="none of those published"):
            certification.verify(told["signature"], keys=[])

    def test_is_kept_with_the_partner(self, partner, capsys):
        owner = partner_of(nordlicht(Environment.TEST))
        endpoint = RoamingEndpoint.objects.create(
            owner=owner,
            environment=Environment.TEST,
            protocol="OCPI",
            versions_url=partner.versions_url,
        )

        run(partner, "--only", "TRN-01,CMD-01", "--keep", owner.name, capsys=capsys)

        kept = CertificationRun.objects.get()
        assert (kept.partner, kept.endpoint) == (owner, endpoint)
        assert (kept.passed, kept.failed, kept.not_applicable) == (1, 0, 1)
        assert certification.verify(kept.signature, keys=receipts.public_keys()) == kept.report


class TestRefusals:
    def test_of_a_live_system(self, partner, capsys):
        RoamingEndpoint.objects.create(
            owner=partner_of(nordlicht()),
            environment=Environment.LIVE,
            protocol="OCPI",
            versions_url=f"{partner.versions_url}/",
        )
        earlier = len(partner.exchanges.of("in"))

        with pytest.raises(CommandError, match="is a live system"):
            run(partner, capsys=capsys)
        assert len(partner.exchanges.of("in")) == earlier

    @pytest.mark.parametrize(
        ("arguments", "why"),
        [
            (["--environment", "LIVE"], "only a TEST system"),
            (["--only", "TRN-99"], "no such cases: TRN-99"),
            (["--keep", "Nobody"], "there is no partner Nobody"),
            (["--as", "NL-TST"], "no role and party"),
            (["--url", ""], "are needed"),
            (["--url", "http://127.0.0.1:1/"], "cannot be learnt"),
        ],
    )
    def test_of_what_cannot_be_asked(self, partner, arguments, why, capsys):
        with pytest.raises(CommandError, match=why):
            run(partner, *arguments, capsys=capsys)

    def test_of_a_file_that_is_no_report(self, tmp_path):
        path = tmp_path / "report.json"
        path.write_text("[]")

        with pytest.raises(CommandError, match="Cannot be read"):
            call_command("certify_partner", "--verify", path)


def test_lists_its_cases(capsys):
    call_command("certify_partner", "--cases")

    assert "TRN-05  a body that is no JSON: HTTP 400" in capsys.readouterr().out
