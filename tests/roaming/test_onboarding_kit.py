"""``docs/onboarding-kit.md`` says what the commands can do, and no more."""

import re
from pathlib import Path

from django.core.management.base import BaseCommand

from roaming.management.commands import certify_partner, partner_simulator
from roaming.protocols.ocpi.certify import CASES
from roaming.protocols.ocpi.simulator import Behaviour
from roaming.protocols.ocpi.simulator.scenario import SCENARIOS

PAGE = (Path(__file__).resolve().parents[2] / "docs/onboarding-kit.md").read_text("utf-8")


CASE_LINE = r"^\| ([A-Z]{3}-\d\d) \| \w+ \| (.*?)(?: \(from 2\.2\))? \| (.*) \|$"


def test_has_a_line_for_each_case_as_the_command_lists_it():
    lines = re.findall(CASE_LINE, PAGE, re.MULTILINE)

    assert sorted(lines) == sorted((one.id, one.asks, one.expects) for one in CASES)


def test_names_each_mode_and_scenario():
    words = set(re.findall(r"`([\w-]+)`", PAGE))

    assert {str(one) for one in Behaviour} - {"well"} <= words
    assert SCENARIOS.keys() <= words


def test_names_options_that_exist_and_all_of_them():
    commands = (partner_simulator.Command(), certify_partner.Command())
    django = {name for action in _actions(BaseCommand()) for name in action.option_strings}
    known = {
        action.option_strings[0]
        for command in commands
        for action in _actions(command)
        if action.option_strings[0] not in django or action.dest == "ocpi_version"
    }

    assert set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", PAGE)) == known


def _actions(command):
    return command.create_parser("manage.py", "any")._actions
