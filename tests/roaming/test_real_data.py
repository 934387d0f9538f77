"""Real charging sessions through the real commands: the published totals, to the cent."""

import csv
import gzip
import json
import tempfile
from datetime import datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import TestCase, override_settings

from billing.models import ClearedSdr, ClearingWindow, Transfer
from partners.models import RoamingAgreement
from roaming.models import Finding, Sdr, SdrState

# Published data is not ours to redistribute: it lies beside the checkout, never in it.
DATA = settings.BASE_DIR.parent / "shared" / "data"
LUGANO = DATA / "sessions-lugano-ail-2017" / "ail_sessions_2017_01-10.csv.gz"
DUNDEE = [
    DATA / "sessions-dundee-2018" / name
    for name in (
        "cp-data-dec-mar-2018.csv.gz",
        "cp-data-mar-may-2018.csv.gz",
        "charge-sessions-june-sept.csv.gz",
    )
]
needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="../shared/data is absent: real sessions are not in the repository"
)

# One month of another year in Lugano's format: a day below and one above the 12th, so both ways
# to write dates; two billed rows and one that nobody is billed for.
LUGANO_HEAD = (
    "ChargeLogId,UserId,anno,BeginDate,BeginHour,EndDate,EndHour,Duration,Durata ore,"
    "PowerConsumption,Consumo kWh,Durata min,Debit,Net Payout,Parking fee,Penalty,Tariffa,"
    "quota elettricità,Currency,TransactionType,ChargingStationId,ChargingStationName,Paese,"
    "Stazione,Plug,PlugType,UserOperatorName,UserOperatorId"
)
ANOTHER_MONTH = f"""{LUGANO_HEAD}
900001,U1,2018,03.05.18,10:30,,,3600,,10000,,,5.05,4.55,0.50,0.05,,4.50,CHF,RFID,1,,Lugano,A,Destra,T2,evpass,77
900002,U2,2018,03/15/2018,23:30,,,3600,,8000,,,3.45,3.11,,,,3.45,CHF,App,1,,Lugano,A,Destra,T2,evpass,77
900003,U3,2018,03/16/2018,09:00,,,60,,10,,,,,,,,,CHF,RFID,1,,Lugano,A,Destra,T2,Emotì,419
"""


def run(command: str, *arguments: object, **options: object) -> dict:
    """What the command prints on standard output, which is one JSON object."""
    printed = StringIO()
    call_command(command, *map(str, arguments), json=True, stdout=printed, **options)
    return json.loads(printed.getvalue())


def import_sdrs(path: Path, profile: str) -> dict:
    return run("import_sdrs", path, profile=profile, create_parties=True)


def ledger() -> list[tuple]:
    """All that clearing and closing wrote, as it stands in the tables."""
    return [
        sorted(model.objects.values_list(), key=str)
        for model in (ClearedSdr, Transfer, ClearingWindow)
    ]


class _WithFiles(TestCase):
    """Statements are written into a folder of the test's own."""

    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.enterClassContext(override_settings(VAR_DIR=Path(folder)))
        super().setUpClass()


@needs_data
class TestLugano(_WithFiles):
    """Ten months of a city's sessions with roaming partners; ``Debit`` and ``Net Payout``."""

    @classmethod
    def setUpTestData(cls):
        cls.imported = import_sdrs(LUGANO, "lugano")
        cls.closed = run("close_window", currency="CHF")

    def test_is_taken_in_completely(self):
        assert self.imported == {
            "received": 3813,
            "accepted": 3722,
            "held": 91,
            "rejected": 0,
            "duplicates": 0,
            "codes": {"V003": 91, "V107": 1, "V108": 704, "V204": 52, "V209": 1, "V504": 4},
        }

    def test_clears_to_the_published_totals(self):
        pairs = {
            pair["csp"]: (pair["sdrs"], pair["gross_minor"], pair["payout_minor"])
            for pair in self.closed["pairs"]
        }

        assert pairs == {
            "Emotì": (2945, 7_919_58, 7_129_19),
            "evpass": (350, 1_100_87, 990_97),
            "Green Motion": (145, 46_61, 42_08),
            "Hubject Roaming": (282, 1_446_11, 1_301_69),
        }
        assert {pair["cso_id"] for pair in self.closed["pairs"]} == {"CH*AIL"}
        assert self.sum_of("gross_minor") == 10_513_17
        assert self.sum_of("payout_minor") == 9_463_93
        assert (self.sum_of("sdrs"), self.sum_of("billed_sdrs")) == (3722, 3312)
        energy = sum(Decimal(pair["energy_kwh"]) for pair in self.closed["pairs"])
        assert energy == Decimal("16874.153")

    def test_nets_to_zero(self):
        positions = {row["partner"]: row for row in self.closed["positions"]}

        assert sum(row["net_minor"] for row in positions.values()) == 0
        assert positions["AIL"]["net_minor"] == 9_463_93
        assert all(
            Path(row["statement_path"]).read_bytes().startswith(b"%PDF")
            for row in positions.values()
            if row["statement_path"]
        )
        # Everyone but the house has a statement.
        assert [row["statement_path"] for row in positions.values()].count(None) == 1

    def test_has_items_that_sum_to_each_claim(self):
        billed = Sdr.objects.filter(claim_amount__isnull=False)

        differing = [
            (sdr.sdr_id, sdr.item_amounts, sdr.claim_amount)
            for sdr in billed
            if sum(sdr.item_amounts) != sdr.claim_amount
        ]

        assert billed.count() == 3312
        assert not differing
        kinds = {kind for sdr in billed for kind in sdr.item_kinds}
        assert kinds == {"ENERGY", "PARKING", "FEE"}

    def test_holds_what_has_no_counterparty_out_of_every_pair(self):
        held = SdrState.objects.filter(state="HELD").values_list("id", flat=True)

        assert len(held) == 91
        codes = Finding.objects.filter(record_id__in=list(held)).values_list("code", flat=True)
        assert set(codes) == {"V003", "V107", "V108"}
        assert not ClearedSdr.objects.filter(id__in=list(held)).exists()

    def test_changes_nothing_the_second_time(self):
        before = ledger()

        again = import_sdrs(LUGANO, "lugano")
        nothing = run("close_window", currency="CHF")

        assert (again["received"], again["duplicates"]) == (3813, 3813)
        assert (nothing["pairs"], nothing["positions"]) == ([], [])
        assert ledger() == before
        assert RoamingAgreement.objects.count() == 4

    def sum_of(self, figure: str) -> int:
        return sum(pair[figure] for pair in self.closed["pairs"])


class TestAnotherMonthOfTheFormat(_WithFiles):
    def test_clears_without_a_change_of_code(self):
        path = settings.VAR_DIR / "march.csv"
        path.write_text(ANOTHER_MONTH, encoding="utf-8")

        imported = import_sdrs(path, "lugano")
        closed = run("close_window", currency="CHF")

        assert (imported["received"], imported["accepted"]) == (3, 3)
        assert {
            pair["csp"]: (pair["sdrs"], pair["billed_sdrs"], pair["gross_minor"])
            for pair in closed["pairs"]
        } == {"evpass": (2, 2, 8_50), "Emotì": (1, 0, 0)}
        # half-up per record: 4.545 → 4.55 and 3.105 → 3.11
        assert sum(pair["payout_minor"] for pair in closed["pairs"]) == 7_66
        late = Sdr.objects.get(sdr_id="900002")
        assert late.started_at.isoformat() == "2018-03-15T22:30:00+00:00"


class _Dundee(TestCase):
    """Lost stops, meter resets and clocks that went wrong."""

    __test__ = False
    count: int

    @classmethod
    def files(cls, folder: Path) -> list[Path]:
        raise NotImplementedError

    @classmethod
    def setUpTestData(cls):
        with tempfile.TemporaryDirectory() as folder:
            files = cls.files(Path(folder))
            cls.imported = [import_sdrs(path, "dundee") for path in files]
            cls.rows = [row for path in files for row in rows_of(path)]

    def test_is_taken_in_completely(self):
        counts = ("received", "accepted", "held", "rejected", "duplicates")
        total = {name: sum(one[name] for one in self.imported) for name in counts}

        assert total["received"] == self.count
        assert total["received"] == sum(total[name] for name in counts[1:])
        assert total["duplicates"] == 0

    def test_gives_a_code_to_every_lost_stop(self):
        self.check(lambda row: end_of(row) is None, rows=247, code="V111")

    def test_gives_a_code_to_every_negative_energy(self):
        self.check(lambda row: energy_of(row) < 0, rows=27, code="V201")

    def test_gives_a_code_to_the_impossible_energy(self):
        self.check(lambda row: energy_of(row) == Decimal("1430.17"), rows=1, code="V203")

    def test_gives_a_code_to_every_end_before_its_start(self):
        self.check(
            lambda row: (end := end_of(row)) is not None and end < start_of(row),
            rows=2,
            code="V101",
        )

    def test_gives_a_code_to_every_energy_in_no_time(self):
        self.check(
            lambda row: end_of(row) == start_of(row) and energy_of(row) > 0, rows=116, code="V102"
        )

    def check(self, is_wrong, *, rows: int, code: str) -> None:
        wrong = {row["Charging event"] for row in self.rows if is_wrong(row)}

        told = Finding.objects.filter(code=code).values_list("record_id", flat=True)
        coded = set(Sdr.objects.filter(id__in=list(told)).values_list("sdr_id", flat=True))

        assert len(wrong) == rows
        assert wrong - coded == set()


@needs_data
@pytest.mark.long
class TestDundee(_Dundee):
    """All 51,610 rows."""

    __test__ = True
    count = 51_610

    @classmethod
    def files(cls, folder):
        return DUNDEE


@needs_data
class TestWhatIsWrongInDundee(_Dundee):
    """Every wrong row, and each hundredth of the others."""

    __test__ = True
    count = 905

    @classmethod
    def files(cls, folder):
        return [_sample(path, folder / path.name) for path in DUNDEE]


def _sample(path: Path, sample: Path) -> Path:
    rows = rows_of(path)
    with gzip.open(sample, "wt", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, rows[0].keys())
        writer.writeheader()
        writer.writerows(row for n, row in enumerate(rows) if n % 100 == 0 or _is_wrong(row))
    return sample


def _is_wrong(row: dict[str, str]) -> bool:
    end, energy = end_of(row), energy_of(row)
    return (
        end is None
        or end < start_of(row)
        or energy < 0
        or energy > 1000
        or (end == start_of(row) and energy > 0)
    )


def rows_of(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def start_of(row: dict[str, str]) -> datetime:
    return datetime.strptime(f"{row['Start Date']} {row['Start Time']}", "%d/%m/%Y %H:%M")  # noqa: DTZ007


def end_of(row: dict[str, str]) -> datetime | None:
    text = f"{row['End Date']} {row['End Time']}".strip()
    return datetime.strptime(text, "%d/%m/%Y %H:%M") if text else None  # noqa: DTZ007


def energy_of(row: dict[str, str]) -> Decimal:
    return Decimal(row["Total kWh"] or 0)
