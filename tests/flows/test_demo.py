"""The demo world: what a new user sees, the same at every run."""

import hashlib
import re

import pytest
from django.core.management import call_command
from django.db.models import Sum

from billing.models import ClearingWindow, Position, Settlement, SupplyBlock, TaxedSupply
from partners.models import AgreementOffer, FeeComponent, Partner, User
from roaming.models import Sdr

pytestmark = pytest.mark.django_db


@pytest.fixture
def var(tmp_path, settings):
    settings.VAR_DIR = tmp_path
    return tmp_path


def digests(var) -> dict[str, str]:
    files = sorted((var / "demo").glob("*.pdf"))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.long
def test_gives_the_same_bytes_when_it_is_run_again(var):
    call_command("demo")
    first = digests(var)

    call_command("demo")

    assert len(first) == 10
    assert digests(var) == first
    assert Sdr.objects.count() == 2884


def test_turns_three_months_of_records_into_ten_statements(var, capsys):
    call_command("demo")

    told = capsys.readouterr().out
    assert "2884 records through the intake" in told
    assert "make run" in told
    assert len(digests(var)) == 10
    assert Sdr.objects.count() == 2884
    assert Partner.objects.filter(is_clearing_house=False).count() == 5
    assert ClearingWindow.objects.exclude(state="OPEN").count() == 2
    assert Position.objects.aggregate(total=Sum("net_minor"))["total"] == 0
    nordlicht = Position.objects.filter(partner__name="Nordlicht").order_by("id")
    assert list(nordlicht.values_list("net_minor", flat=True)) == [316_793, 212_599]
    assert not SupplyBlock.objects.exists()
    assert {"AE", "S"} <= set(TaxedSupply.objects.values_list("category", flat=True))
    assert {"PER_SDR", "BP_OF_AMOUNT", "MONTHLY"} == set(
        FeeComponent.objects.filter(lines__isnull=False).values_list("kind", flat=True)
    )
    assert AgreementOffer.objects.get().taker.code == "DE*NLX"
    assert "verify_ledger: ok" in told
    assert "0 unsealed" in told
    assert re.search(r"all\s+│\s+0.00 EUR", told)
    staff = User.objects.filter(is_staff=True)
    assert set(staff.values_list("username", flat=True)) == {
        *("operator", "controller", "finance", "approver", "auditor", "admin", "regulator", "lab")
    }
    for settlement in Settlement.objects.all():
        assert settlement.state == "ISSUED"
        assert settlement.approval.maker != settlement.approval.checker
    assert (var / "demo" / "logins.json").stat().st_mode & 0o077 == 0
