"""What the simulator sends, read by the hub's schemas: two independent hands agree."""

from decimal import Decimal

import pytest

from roaming.protocols.ocpi import objects
from roaming.protocols.ocpi.simulator import FakePartner

KINDS = {
    "locations": "Location",
    "tariffs": "Tariff",
    "sessions": "Session",
    "cdrs": "CDR",
    "tokens": "Token",
    "credentials": "Credentials",
}


def story(version):
    """Both partners after one session, remotely started as well."""
    with FakePartner("cso", version) as seller, FakePartner("csp", version) as provider:
        seller.register(provider.versions_url, provider.issue_registration_token())
        for call in (seller.push_tariff(), seller.push_location(), provider.push_token()):
            assert call.ok
        token = provider.drafts("tokens")["04A1B2C3D4E5F6"]
        session_id = seller.start_session(token, authorization_reference="REF-1").body["id"]
        seller.finish_session(session_id, Decimal("20.45"))
        cdr_id = seller.post_cdr(session_id).body["id"]
        if version != "2.1.1":
            seller.credit_cdr(cdr_id)
        provider.decide("04A1B2C3D4E5F6", "ALLOWED", "REF-2")
        provider.result_of(provider.start_remote("04A1B2C3D4E5F6", "LOC1"))
        asked = seller.authorize("04A1B2C3D4E5F6")
    return seller, provider, asked


@pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
def test_has_no_fault_in_any_version(version):
    seller, provider, asked = story(version)
    seen = {}

    for partner in (seller, provider):
        for module, kind in KINDS.items():
            for call in partner.sent(module):
                if call.body and call.method in ("PUT", "POST") and "authorize" not in call.url:
                    faults = objects.faults_of(version, kind, objects.decode(call.raw))
                    seen.setdefault(kind, []).extend(faults)
    for call in provider.sent("commands"):
        seen.setdefault("StartSession", []).extend(
            objects.faults_of(version, "StartSession", objects.decode(call.raw))
        )
    answer = objects.decode(asked.answer_raw)["data"]
    seen["AuthorizationInfo"] = objects.faults_of(version, "AuthorizationInfo", answer)

    assert seen == {kind: [] for kind in (*KINDS.values(), "StartSession", "AuthorizationInfo")}
