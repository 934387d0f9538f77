"""The rules of the house that a machine can hold."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps

from tests.conftest import VIOLATED

ROOT = Path(__file__).resolve().parent.parent.parent
FLOORS = ("partners", "roaming", "billing")
FILE_STOP_LINES = 400
TEST_FILE_STOP_LINES = 600
FUNCTION_STOP_LINES = 60
MOST_ARGUMENTS = 7


def our_models():
    return [model for model in apps.get_models() if model._meta.app_label in FLOORS]


def our_files():
    folders = ("clearinghouse", *FLOORS, "tests")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return [path for path in files if "migrations" not in path.parts]


def functions(path: Path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def test_every_relation_points_down():
    upward = []
    for model in our_models():
        for field in model._meta.get_fields():
            related = field.related_model if field.concrete else None
            if related is None or related._meta.app_label not in FLOORS:
                continue
            here, there = (FLOORS.index(m._meta.app_label) for m in (model, related))
            if there > here:
                upward.append(f"{model.__name__}.{field.name}")

    assert not upward


def test_no_relation_points_into_what_grows():
    """A referenced partition can never be detached."""
    growing = {
        "RawRecord",
        "Sdr",
        "SdrState",
        "SdrEvent",
        "Finding",
        "ClearedSdr",
        "AuthorizationRequest",
    }
    pointers = [
        f"{model.__name__}.{field.name}"
        for model in our_models()
        for field in model._meta.get_fields()
        if field.concrete and field.related_model and field.related_model.__name__ in growing
    ]

    assert not pointers


def test_evidence_is_never_deleted_along_with_something_else():
    cascades = [
        f"{model.__name__}.{field.name}"
        for model in our_models()
        for field in model._meta.get_fields()
        if field.concrete
        and getattr(field, "remote_field", None)
        and getattr(field.remote_field, "on_delete", None).__class__.__name__ == "function"
        and field.remote_field.on_delete.__name__ == "CASCADE"
        and model._meta.app_label in {"roaming", "billing"}
    ]

    assert not cascades


def test_no_file_is_longer_than_one_can_read():
    long = {}
    for path in our_files():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        stop = TEST_FILE_STOP_LINES if "tests" in path.parts else FILE_STOP_LINES
        if lines > stop:
            long[str(path.relative_to(ROOT))] = lines

    assert not long


def test_no_function_is_longer_than_a_screen():
    long = {
        f"{path.relative_to(ROOT)}:{node.name}": node.end_lineno - node.lineno + 1
        for path in our_files()
        for node in functions(path)
        if node.end_lineno - node.lineno + 1 > FUNCTION_STOP_LINES
    }

    assert not long


def test_no_function_takes_more_than_seven_arguments():
    wide = {}
    for path in our_files():
        for node in functions(path):
            names = [
                a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
            ]
            count = len([name for name in names if name not in {"self", "cls"}])
            if count > MOST_ARGUMENTS:
                wide[f"{path.relative_to(ROOT)}:{node.name}"] = count

    assert not wide


def test_no_room_is_called_utils():
    forbidden = re.compile(r"^(utils?|helpers?|common|misc|managers?)(\.py)?$")

    assert not [path for path in our_files() if forbidden.match(path.name)]
    assert not [path.parent for path in our_files() if forbidden.match(path.parent.name)]


def test_every_module_says_what_it_is_for():
    silent = [
        str(path.relative_to(ROOT))
        for path in our_files()
        if "tests" not in path.parts
        and path.name not in {"__init__.py", "apps.py"}
        and ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) is None
        and path.read_text(encoding="utf-8").strip()
        and "models" not in path.parts
    ]

    assert not silent


def test_every_statement_file_has_its_header():
    headless = [
        str(path.relative_to(ROOT))
        for folder in FLOORS
        for path in (ROOT / folder).rglob("*.sql")
        if not path.read_text(encoding="utf-8").startswith("-- ")
    ]

    assert not headless


def test_names_of_constraints_are_sentences():
    nameless = [
        constraint.name
        for model in our_models()
        for constraint in model._meta.constraints
        if "_" not in constraint.name or constraint.name.startswith(model._meta.app_label)
    ]

    assert not nameless


def named_in_models() -> set[str]:
    return {c.name for model in our_models() for c in model._meta.constraints}


# Triggers that a later migration put another in place of.
_TAKEN_BACK = {"invoice_supply_is_append_only"}


def named_in_migrations() -> set[str]:
    """Triggers and foreign keys that migrations name; they are in no model's Meta."""
    named = set()
    for path in ROOT.glob("*/migrations/*.py"):
        text = path.read_text(encoding="utf-8")
        named |= set(re.findall(r'"(\w+_is_append_only)"', text)) - _TAKEN_BACK
        named |= set(re.findall(r"CONSTRAINT = '(\w+)'", text))
        named |= set(re.findall(r'"(\w+_shares?_environment)"', text))
        named |= set(re.findall(r'"(\w+_is_in_its_\w+_environment)"', text))
        named |= set(re.findall(r'"(\w+_is_deleted_by_erasure_only)"', text))
        named |= set(re.findall(r'"(\w+_as_it_was_asked_for)"', text))
        named |= set(re.findall(r'"(\w+_keeps_what_it_said)"', text))
    return named


def test_every_named_constraint_has_a_test_that_breaks_it(request):
    if len(request.config.args) != 1 or not request.config.args[0].rstrip("/").endswith("tests"):
        pytest.skip("needs the whole suite")
    broken = request.config.stash[VIOLATED]

    missing = (named_in_models() | named_in_migrations()) - broken
    strangers = broken - named_in_models() - named_in_migrations()

    assert not missing, f"no test violates: {sorted(missing)}"
    assert not strangers, f"no constraint is called: {sorted(strangers)}"
