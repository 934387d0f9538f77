"""One intake behind three doors: a record gets the same answer, whichever it came through."""

import csv
import io
import json

import pytest
from django.core.management import call_command

from partners.models import Job
from partners.services import jobs
from roaming.models import Finding, Sdr, SdrState
from roaming.services import import_job
from tests.makers import NOON, AgreementMaker, later, nordlicht, record
from tests.roaming.partner_systems import PartnerSystem

pytestmark = pytest.mark.django_db

PROFILE = """
title = "The test's own columns"
file = { time_zone = "UTC" }
seller = { party = "DE*NLX", name = "Nordlicht" }
items = [{ kind = "ENERGY", column = "amount", quantity = "energy_kwh" }]
counterparties = [{ column = "csp", value = "FR*VOL", party = "FR*VOL", name = "Voltaire" }]

[texts]
sdr_id = "sdr"
service_session_id = "session"
evse_id = "evse"
contract_id = "contract"
credential_type = "type"
location_country = "country"
currency = "currency"

[times]
started_at = { columns = ["start"], formats = ["%Y-%m-%d %H:%M:%S"] }
ended_at = { columns = ["end"], formats = ["%Y-%m-%d %H:%M:%S"] }

[numbers]
energy_kwh = { column = "kwh" }
max_power_kw = { column = "power" }
total_amount = { column = "amount" }

[agreement]
starts_on = 2020-01-01
currency = "EUR"
group = { name = "EUR monthly" }
"""
DAYS = {"API": "11-12", "CLI": "11-13", "JOB": "11-14"}
CASES = {
    "good": {},
    "two wrong": {"energy_kwh": "-1", "ended_at": "2026-11-14T09:00:00Z"},
    "unknown provider": {"csp_id": ""},
    "wrong digit": {"contract_id": "DE-8AA-CA2B3C4D5-N"},
    "no end": {"ended_at": None},
}


def as_row(fields: dict) -> dict[str, str]:
    def local(instant: str | None) -> str:
        return instant.replace("T", " ").removesuffix("Z") if instant else ""

    return {
        "sdr": fields["sdr_id"],
        "session": fields["service_session_id"],
        "csp": fields["csp_id"],
        "evse": fields["evse_id"],
        "contract": fields["contract_id"],
        "type": fields["credential_type"],
        "country": fields["location_country"],
        "currency": fields["currency"],
        "start": local(fields["started_at"]),
        "end": local(fields.get("ended_at")),
        "kwh": fields["energy_kwh"],
        "power": fields["max_power_kw"],
        "amount": fields["total_amount"],
    }


def as_csv(fields: dict) -> bytes:
    text, row = io.StringIO(), as_row(fields)
    writer = csv.DictWriter(text, fieldnames=list(row))
    writer.writeheader()
    writer.writerow(row)
    return text.getvalue().encode()


def told_of(sdr_id: str) -> dict[str, object]:
    """Everything that a door decides about a record, but its ids and instants."""
    sdr = Sdr.objects.get(sdr_id=sdr_id)
    state = SdrState.objects.get(id=sdr.id)
    findings = Finding.objects.filter(record_id=sdr.id)
    return {
        "state": state.state,
        "codes": sorted(findings.values_list("code", "severity")),
        # Only a file tells local times, which may have happened twice.
        "not_applicable": set(sdr.not_applicable) - {"V113"},
        "claim": sdr.claim_amount,
        "energy": sdr.energy_kwh,
        "evse": (sdr.evse_id, sdr.evse_id_received),
        "pseudonym": sdr.pseudonym,
        "ended_at": sdr.ended_at.time() if sdr.ended_at else None,
        "items": (sdr.item_kinds, sdr.item_amounts, sdr.item_quantities),
    }


@pytest.fixture
def world(tmp_path, settings):
    AgreementMaker(refuse_after_days=None, warn_after_days=None)
    settings.MEDIA_ROOT = tmp_path / "files"
    (tmp_path / "files").mkdir()
    profile = tmp_path / "own.toml"
    profile.write_text(PROFILE)
    return tmp_path, profile


@pytest.mark.parametrize("case", CASES)
def test_a_record_gets_the_same_answer_at_every_door(world, case, capsys):
    folder, profile = world
    changes = {
        "items": [{"kind": "ENERGY", "quantity": None, "amount": "9.02"}],
        **CASES[case],
    }

    def fields(door: str) -> dict:
        made = record(sdr_id=f"{door}-1", service_session_id=f"S-{door}", **changes)
        # One EVSE and one contract: each door has a day of its own.
        for name in {"started_at", "ended_at"} & made.keys():
            made[name] = made[name].replace("11-14", DAYS[door])
        energy = made["energy_kwh"]
        made["items"] = [{"kind": "ENERGY", "quantity": energy, "amount": "9.02"}]
        return made

    PartnerSystem(nordlicht()).send(fields("API"))

    path = folder / "command.csv"
    path.write_bytes(as_csv(fields("CLI")))
    call_command("import_sdrs", str(path), "--profile", str(profile), "--json")
    counts = json.loads(capsys.readouterr().out)

    (folder / "files" / "upload.csv").write_bytes(as_csv(fields("JOB")))
    job = jobs.enqueue(
        import_job.KIND,
        run_key="three doors",
        title="upload",
        parameters={"profile": str(profile)},
        input_name="upload.csv",
    )
    import_job.run(jobs.claim(job.pk, now=NOON), clock=lambda: later(minutes=1))

    told = told_of("API-1")
    assert told_of("CLI-1") == told
    assert told_of("JOB-1") == told
    assert counts["received"] == 1
    assert sorted(counts["codes"]) == sorted({code for code, _ in told["codes"]})
    assert Job.objects.get(pk=job.pk).result == counts
