"""The page of the replay is true: real files, imported and simulated, give its figures."""

import re
from collections import defaultdict

import pytest
from django.conf import settings

from tests.roaming.test_real_data import DUNDEE, LUGANO, import_sdrs, needs_data, run

pytestmark = [pytest.mark.long, pytest.mark.django_db, needs_data]

PAGE = settings.BASE_DIR / "docs" / "algorithms" / "replay.md"
SENDERS = ("AIL", "Dundee City Council")


@pytest.fixture
def simulated() -> list[dict]:
    import_sdrs(LUGANO, "lugano")
    for path in DUNDEE:
        import_sdrs(path, "dundee")
    return [run("simulate_rules", default=True, sender=sender) for sender in SENDERS]


def rows_of(section: str) -> list[list[str]]:
    """The cells of the table under a heading of the page, without its head."""
    text = PAGE.read_text(encoding="utf-8").split(f"## {section}\n")[1].split("\n## ")[0]
    lines = re.findall(r"^\|(.+)\|$", text, flags=re.MULTILINE)
    return [[cell.strip() for cell in line.split("|")] for line in lines[2:]]


def test_the_figures_are_those_of_the_page(simulated):
    verdicts = [one["after"] for one in simulated]
    weights: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for column, one in enumerate(simulated):
        for code, figures in one["codes"].items():
            for weight, count in figures["after"].items():
                weights[code, weight][column] = count

    assert [
        [verdict, *(str(one.get(verdict, 0)) for one in verdicts)]
        for verdict in ("ACCEPT", "HOLD", "REJECT")
    ] == rows_of("How many")
    assert [
        [code, weight, *map(str, counts)] for (code, weight), counts in sorted(weights.items())
    ] == [row[:4] for row in rows_of("Why")]
    assert [one["differing_from_intake"] for one in simulated] == [0, 0]


def test_at_least_thirty_were_read():
    assert sum(int(row[4]) for row in rows_of("Why")) >= 30
