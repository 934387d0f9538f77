"""What the runbook tells a tired person to type exists and works."""

import re
from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("docs/runbook.md", "deploy/README.md")


def text_of_pages() -> str:
    return "\n".join((ROOT / page).read_text() for page in PAGES)


def sql_of_runbook() -> list[str]:
    return re.findall(r"```sql\n(.*?)```", (ROOT / "docs/runbook.md").read_text(), re.S)


class TestRunbook:
    def test_names_commands_that_exist(self):
        named = set(re.findall(r"manage\.py (\w+)", text_of_pages()))

        missing = named - set(get_commands())

        assert {"close_window", "import_sdrs"} <= named
        assert missing == set()

    def test_names_services_that_exist(self):
        services = set(yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())["services"])
        acted_upon = (
            r"dc (?:restart|stop|kill|up --detach|logs --tail 50) ([a-z][a-z ]*)(?=[`#&\n])"
        )
        entered = r"dc exec (?:-T |--env \w+='[^']*' )?(\w+)"

        text = text_of_pages()
        named = {name for names in re.findall(acted_upon, text) for name in names.split()}
        named |= set(re.findall(entered, text))

        assert {"postgres", "worker", "beat", "nginx", "valkey", "web"} <= named
        assert named - services == set()

    @pytest.mark.django_db
    @pytest.mark.parametrize("statement", [s.strip().rstrip(";") for s in sql_of_runbook()])
    def test_asks_questions_that_the_database_understands(self, statement):
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {statement}")

            plan = cursor.fetchall()

        assert plan

    def test_has_a_section_for_each_alarm(self):
        headings = re.findall(r"^## (.+)$", (ROOT / "docs/runbook.md").read_text(), re.M)

        assert set(headings) >= {
            "Database down",
            "Broker down",
            "Worker stuck",
            "Job failed",
            "Window did not close",
            "Conservation proof fails",
            "Statement not rendered",
            "Disk full",
            "Partner locked out",
            "Restore from a backup",
        }
