"""``manage.py close_window``: what it prints, and how it says that it cannot."""

import json
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from billing.models import Document, Settlement
from partners.models import Environment
from roaming.models import IntakeTally
from tests.billing.stories import Story, a_world, tell
from tests.makers import GroupMaker

pytestmark = pytest.mark.django_db

REAL_SESSIONS = Path(__file__).resolve().parents[3] / (
    "shared/data/sessions-lugano-ail-2017/ail_sessions_2017_01-10.csv.gz"
)


@pytest.fixture(autouse=True)
def var(settings, tmp_path):
    settings.VAR_DIR = tmp_path


def close(*arguments: str) -> str:
    out = StringIO()
    call_command("close_window", *arguments, stdout=out)
    return out.getvalue()


def close_json(*arguments: str) -> dict:
    return json.loads(close(*arguments, "--json"))


class TestJson:
    def test_states_window_positions_and_pairs(self):
        world = a_world(rates=["0.1"])
        tell(world, Story(Decimal("10.00")), Story(None))

        report = close_json("--currency", "EUR")

        window = Settlement.objects.get().window
        assert report["currency"] == "EUR"
        assert report["window"] == {
            "id": str(window.pk),
            "opened_at": window.opened_at.isoformat(),
            "closed_at": window.closed_at.isoformat(),
        }
        assert report["pairs"] == [
            {
                "cso": "Nordlicht",
                "cso_id": "DE*NLX",
                "csp": "Voltaire",
                "csp_id": "FR*VOL",
                "sdrs": 2,
                "billed_sdrs": 1,
                "energy_kwh": "10.5",
                "energy_kwh_all": "21",
                "gross_minor": 1000,
                "payout_minor": 900,
            }
        ]
        nordlicht, _, house = report["positions"]
        assert {key: nordlicht[key] for key in nordlicht if key != "statement_path"} == {
            "partner": "Nordlicht",
            "receivable_minor": 1000,
            "payable_minor": 0,
            "fees_minor": 100,
            "net_minor": 900,
        }
        assert (house["receivable_minor"], house["statement_path"]) == (100, None)
        assert sum(position["net_minor"] for position in report["positions"]) == 0

    def test_points_at_the_rendered_statement_of_each_partner(self):
        world = a_world()
        tell(world, Story(Decimal("10.00")))

        report = close_json("--currency", "EUR")

        paths = [Path(p["statement_path"]) for p in report["positions"] if p["statement_path"]]
        assert [path.read_bytes()[:5] for path in paths] == [b"%PDF-", b"%PDF-"]
        assert {path.stem for path in paths} == set(
            Document.objects.values_list("number", flat=True)
        )

    def test_of_a_dry_run_has_the_figures_and_keeps_nothing(self):
        world = a_world()
        tell(world, Story(Decimal("10.00")))

        dry = close_json("--currency", "EUR", "--dry-run")

        assert {position["statement_path"] for position in dry["positions"]} == {None}
        assert dry["window"]["closed_at"] is None
        assert not Settlement.objects.exists()
        assert dry["pairs"] == close_json("--currency", "EUR")["pairs"]

    def test_is_empty_where_there_is_nothing_to_close(self):
        GroupMaker()

        assert close_json("--currency", "EUR") == {
            "window": None,
            "currency": "EUR",
            "positions": [],
            "pairs": [],
            "differences": [],
            "blocked": [],
        }

    @pytest.mark.skipif(not REAL_SESSIONS.exists(), reason="the shared data is not here")
    @pytest.mark.long
    def test_of_the_lugano_sessions_is_what_the_owner_counted(self):
        call_command(
            "import_sdrs",
            REAL_SESSIONS,
            profile="lugano",
            create_parties=True,
            json=True,
            stdout=StringIO(),
        )

        report = close_json("--currency", "CHF", "--dry-run")

        pairs = {pair["csp"]: pair for pair in report["pairs"]}
        assert {name: (p["gross_minor"], p["payout_minor"]) for name, p in pairs.items()} == {
            "Emotì": (791958, 712919),
            "evpass": (110087, 99097),
            "Green Motion": (4661, 4208),
            "Hubject Roaming": (144611, 130169),
        }
        assert sum(pair["sdrs"] for pair in pairs.values()) == 3722
        assert sum(pair["billed_sdrs"] for pair in pairs.values()) == 3312
        energy_kwh = sum(Decimal(pair["energy_kwh"]) for pair in pairs.values())
        assert energy_kwh == Decimal("16874.153")


class TestTable:
    def test_is_for_people(self, capsys):
        world = a_world()
        tell(world, Story(Decimal("1234.50")))

        close("--currency", "eur")

        printed = capsys.readouterr().out
        assert "1,234.50" in printed
        assert "Nordlicht" in printed
        assert "The statements lie in " in printed

    def test_says_that_there_is_nothing_to_close(self, capsys):
        GroupMaker()

        close("--currency", "EUR")

        assert capsys.readouterr().out == "EUR monthly: nothing to close.\n"


class TestRefusal:
    def test_names_the_groups_where_the_currency_has_several(self):
        GroupMaker(name="EUR monthly")
        GroupMaker(name="EUR weekly")

        with pytest.raises(CommandError, match='"EUR monthly", "EUR weekly"') as refusal:
            close("--currency", "EUR")

        assert refusal.value.returncode == 2
        assert close_json("--currency", "EUR", "--group", "EUR weekly")["window"] is None

    @pytest.mark.parametrize(
        "arguments",
        [
            ("--currency", "CHF"),
            ("--currency", "EUR", "--group", "Other"),
            ("--currency", "EUR", "--environment", Environment.TEST),
        ],
    )
    def test_names_what_there_is_where_the_group_is_unknown(self, arguments):
        GroupMaker()

        with pytest.raises(CommandError, match=r"no (LIVE|TEST) group.*Known groups") as refusal:
            close(*arguments)

        assert refusal.value.returncode == 2

    def test_says_which_sender_does_not_add_up(self):
        world = a_world()
        tell(world, Story(Decimal("10.00")))
        lost = IntakeTally.objects.get()
        lost.pk, lost.received, lost.repeated = None, 1, 0
        lost.save(force_insert=True)

        with pytest.raises(CommandError, match="2 records of 20 received, 1 of 10 found"):
            close("--currency", "EUR")
