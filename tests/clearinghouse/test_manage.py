"""Which commands start servers, and as whom they run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


def run_manage(var: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={"PATH": os.defpath, "CLEARINGHOUSE_VAR": str(var)} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


class TestCommand:
    @pytest.mark.parametrize(
        "arguments",
        [
            ["makemigrations", "--check", "--dry-run"],
            pytest.param(["check"], marks=pytest.mark.long),
            pytest.param(["migrate", "--help"], marks=pytest.mark.long),
        ],
    )
    def test_that_needs_no_server_starts_none(self, tmp_path, arguments):
        result = run_manage(tmp_path / "var", *arguments)

        assert result.returncode == 0, result.stderr
        assert "Warning" not in result.stderr
        assert not (tmp_path / "var").exists()

    def test_refuses_embedded_servers_in_production(self, tmp_path):
        result = run_manage(tmp_path / "var", "shell", CLEARINGHOUSE_ENV="production")

        assert result.returncode != 0
        assert "set DATABASE_URL and REDIS_URL" in result.stderr
        assert not (tmp_path / "var").exists()

    @pytest.mark.long
    def test_migrates_a_new_database_once_though_two_start_at_once(self, var):
        question = (
            "from django.db import connection as c; k = c.cursor();"
            "k.execute('SELECT current_user, count(*) FROM django_migrations');print(k.fetchone())"
        )
        both = [
            subprocess.Popen(
                [sys.executable, "manage.py", "shell", "--no-imports", "-c", question],
                cwd=ROOT,
                env={"PATH": os.defpath, "CLEARINGHOUSE_VAR": str(var)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]

        (first, error), (second, other_error) = [process.communicate() for process in both]

        assert "clearinghouse_app" in first, error
        assert first == second, other_error
