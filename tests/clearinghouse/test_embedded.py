"""The embedded servers in quiet times; ``test_embedded_faults`` kills them."""

import shutil

import psycopg
import pytest
import redis

from clearinghouse import embedded
from clearinghouse.embedded.home import find_home
from tests.clearinghouse.embedded_starter import Starter


class TestEnsureRunning:
    def test_starts_servers_that_end_with_the_last_process_that_needs_them(self, var):
        with Starter(var) as first:
            address = first.services

            with Starter(var) as second:
                assert second.services == address
            assert first.connect().execute("SELECT 1").fetchone() == (1,)
            assert first.valkey().ping()

        with pytest.raises(psycopg.OperationalError):
            first.connect()
        with pytest.raises(redis.ConnectionError):
            first.valkey().ping()

    def test_knows_three_roles_of_which_only_the_owner_makes_tables(self, var):
        with Starter(var) as starter:
            starter.connect("owner_database_url").execute("CREATE TABLE note (text text)")

            app, partner = starter.connect("database_url"), starter.connect("partner_database_url")
            app.execute("INSERT INTO note VALUES ('by app')")

            for connection in (app, partner):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute("CREATE TABLE other (text text)")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute("TRUNCATE note")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                partner.execute("SELECT * FROM note")
            app.execute("SET ROLE clearinghouse_partner")
            assert app.execute("SELECT current_user").fetchone() == ("clearinghouse_partner",)

    def test_refuses_production(self, var, monkeypatch):
        monkeypatch.setenv("CLEARINGHOUSE_VAR", str(var))
        monkeypatch.setenv("CLEARINGHOUSE_ENV", "production")

        with pytest.raises(embedded.EmbeddedRefused, match="DATABASE_URL"):
            embedded.ensure_running()

        assert not var.exists()


class TestFindHome:
    def test_finds_the_same_home_again(self, var, monkeypatch):
        monkeypatch.setenv("CLEARINGHOUSE_VAR", str(var))

        assert find_home() == find_home()

    def test_does_not_follow_a_copied_var_to_the_original_database(self, var, monkeypatch):
        monkeypatch.setenv("CLEARINGHOUSE_VAR", str(var))
        original = find_home()
        copy = var.with_name("copy of var")
        shutil.copytree(var, copy)

        monkeypatch.setenv("CLEARINGHOUSE_VAR", str(copy))

        assert find_home().folder != original.folder

    def test_follows_a_var_that_moved(self, var, monkeypatch):
        monkeypatch.setenv("CLEARINGHOUSE_VAR", str(var))
        find_home().mark("migrated").write_text("yes")
        moved = var.rename(var.with_name("moved"))

        monkeypatch.setenv("CLEARINGHOUSE_VAR", str(moved))

        assert find_home().mark("migrated").read_text() == "yes"

    def test_starts_afresh_where_var_was_removed(self, var, monkeypatch):
        monkeypatch.setenv("CLEARINGHOUSE_VAR", str(var))
        first = find_home()
        first.mark("migrated").write_text("yes")
        (var / "embedded-home").unlink(missing_ok=True)
        shutil.rmtree(var / "embedded", ignore_errors=True)

        second = find_home()

        assert not second.mark("migrated").exists()
        shutil.rmtree(first.folder, ignore_errors=True)
