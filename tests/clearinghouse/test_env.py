"""Half-configuration stops the start with a sentence that says what to do."""

import pytest

from clearinghouse import env


class TestEnvBool:
    @pytest.mark.parametrize(("text", "value"), [("true", True), ("False", False), ("TRUE", True)])
    def test_reads_true_and_false(self, monkeypatch, text, value):
        monkeypatch.setenv("FLAG", text)

        assert env.env_bool("FLAG", default=not value) is value

    @pytest.mark.parametrize("text", ["", "1", "yes", "on", "truee", " true"])
    def test_refuses_to_guess(self, monkeypatch, text):
        monkeypatch.setenv("FLAG", text)

        with pytest.raises(env.Misconfigured, match=r"FLAG .* say true or false"):
            env.env_bool("FLAG", default=True)

    def test_falls_back_where_nothing_is_said(self, monkeypatch):
        monkeypatch.delenv("FLAG", raising=False)

        assert env.env_bool("FLAG", default=True) is True


class TestEnvList:
    def test_splits_at_commas_and_drops_blanks(self, monkeypatch):
        monkeypatch.setenv("HOSTS", " a.example , ,b.example,")

        assert env.env_list("HOSTS", ["*"]) == ["a.example", "b.example"]

    def test_takes_an_empty_value_for_an_empty_list(self, monkeypatch):
        monkeypatch.setenv("HOSTS", "")

        assert env.env_list("HOSTS", ["*"]) == []


class TestEnvChoice:
    def test_names_the_choices_when_it_refuses(self, monkeypatch):
        monkeypatch.setenv("FLOW", "CASH")

        with pytest.raises(env.Misconfigured, match="CCP, PI_PARTNER"):
            env.env_choice("FLOW", ["CCP", "PI_PARTNER"], default="CCP")


class TestEnvSecret:
    def test_must_be_set_in_production(self, monkeypatch):
        monkeypatch.setenv("CLEARINGHOUSE_ENV", "production")
        monkeypatch.setenv("KEY", "")

        with pytest.raises(env.Misconfigured, match="KEY is not set"):
            env.env_secret("KEY", development="development-only")

    def test_takes_what_is_set(self, monkeypatch):
        monkeypatch.setenv("CLEARINGHOUSE_ENV", "production")
        monkeypatch.setenv("KEY", "of-production")

        assert env.env_secret("KEY", development="development-only") == "of-production"
