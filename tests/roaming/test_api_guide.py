"""The developer's guide: every command in it runs, every answer in it is the answer."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import makers
from tests.roaming.partner_systems import PartnerSystem

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCKS = re.findall(r"```(sh|json)\n(.*?)```", (DOCS / "partner-api.md").read_text(), re.DOTALL)
_SEPARATOR = "=== next block ==="


def _commands_and_answers() -> list[tuple[str, object]]:
    """Each shell block with the JSON block that follows it, if one does."""
    pairs: list[tuple[str, object]] = []
    for kind, text in BLOCKS:
        if kind == "sh":
            pairs.append((text, None))
        elif pairs[-1][1] is None:  # further ones show what else is said, not an answer
            pairs[-1] = (pairs[-1][0], json.loads(text))
    return pairs


def _without_ids(text: str) -> str:
    return re.sub(r'("(?:record_id|batch_id|receipt)": ?)"[^"]*"', r"\1…", text)


def _normal(answer: object) -> str:
    return _without_ids(json.dumps(answer, sort_keys=True))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("noon", "quick_secrets")
@pytest.mark.skipif(shutil.which("curl") is None, reason="the guide's commands need curl")
class TestGuide:
    def test_runs_from_top_to_bottom(self, live_server, tmp_path):
        makers.AgreementMaker()
        cso, csp = PartnerSystem(makers.nordlicht()), PartnerSystem(makers.voltaire())
        pairs = _commands_and_answers()
        script = f"\necho\necho '{_SEPARATOR}'\n".join(command for command, _ in pairs)

        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            env={
                "PATH": "/usr/bin:/bin:/usr/local/bin",
                "HOST": live_server.url,
                "CLIENT_ID": cso.credentials.client_id,
                "CLIENT_SECRET": cso.credentials.secret,
                "CSP_CLIENT_ID": csp.credentials.client_id,
                "CSP_CLIENT_SECRET": csp.credentials.secret,
            },
        )

        assert done.returncode == 0, done.stderr
        told = done.stdout.split(_SEPARATOR)
        assert len(told) == len(pairs)
        for (command, expected), answer in zip(pairs, told, strict=True):
            if expected is not None:
                assert _normal(json.loads(answer)) == _normal(expected), command
        page = json.loads((tmp_path / "page.json").read_text())
        assert [one["sdr_id"][-3:] for one in page["results"]] == ["119", "201", "117"]
        assert json.loads(told[5])["events"][0]["to_state"] == "ACCEPTED"
