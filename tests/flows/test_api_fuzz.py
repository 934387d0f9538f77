"""The native API as Schemathesis asks it: whatever comes, no 5xx and no answer that is not in the
OpenAPI document, over real HTTP with a token of the real token endpoint.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import transaction

from billing.models import BalanceConfirmation
from roaming.models import Location, RemoteRequest, Reservation, ServiceSession
from tests import makers
from tests.billing.part_four_rows import invoice
from tests.billing.part_four_rows import make as make_finance
from tests.billing.portal_world import settled_month
from tests.roaming.part_five_rows import make
from tests.roaming.partner_systems import PartnerSystem

pytestmark = pytest.mark.django_db(transaction=True)
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance,response_headers_conformance"
)


def what_there_is() -> dict[str, str]:
    """Ids of Nordlicht's, so that not every answer is a 404."""
    world = settled_month()
    return {
        "record_id": world.settled_id,
        "document_id": str(world.statement.id),
        "invoice_id": str(invoice().pk),
        "confirmation_id": str(make_finance(BalanceConfirmation).pk),
        "party": "DE*NLX",
        "cso": "DE*NLX",
        "id": str(make(Location).pk),
        "session_id": str(make(ServiceSession).pk),
        "request_id": str(make(RemoteRequest).pk),
        "reservation_id": str(make(Reservation).pk),
    }


def settings_of_a_run(folder: Path, ids: dict[str, str], token: str) -> Path:
    """Half of the ids are real; the token is in a file, for arguments are seen by everybody."""
    bound = "\n".join(
        f'"path.{name}" = {{ dictionary = "{name}", probability = 0.6 }}' for name in ids
    )
    values = "\n".join(f"[dictionaries.{name}]\nvalues = [{json.dumps(ids[name])}]" for name in ids)
    config = folder / "schemathesis.toml"
    config.write_text(
        f'headers = {{ Authorization = "Bearer {token}" }}\n'
        f"[cache]\nenabled = false\n[parameters]\n{bound}\n{values}\n"
    )
    return config


@pytest.mark.parametrize(
    ("phases", "examples"),
    [
        pytest.param("examples,fuzzing", 1, marks=pytest.mark.long, id="a few"),
        pytest.param("examples,coverage,fuzzing", 60, marks=pytest.mark.long, id="many"),
    ],
)
def test_answers_whatever_is_asked_as_its_document_says(live_server, tmp_path, phases, examples):
    with transaction.atomic():
        ids = what_there_is()
    token = PartnerSystem(makers.nordlicht()).token
    config = settings_of_a_run(tmp_path, ids, token)

    run = subprocess.run(
        [
            str(SCHEMATHESIS), "--no-color", "--config-file", str(config),
            "run", f"{live_server.url}/api/schema/", "--checks", CHECKS,
            "--phases", phases, "--max-examples", str(examples), "--seed", "63119",
            "--suppress-health-check", "all", "--continue-on-failure", "--no-shrink",
        ],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-20_000:]
