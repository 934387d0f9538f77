"""``make bench``: what we do per second, as a share of what this machine could; in its own house.

A ratio below its goal prints WARN and fails nothing: a busy machine is no defect.
``python -m tests.benchmarks posting rating`` measures these parts only; ``--small`` shows in a
minute that the measuring works, its figures mean nothing.
"""

import argparse
import sys
from pathlib import Path

from tests.benchmarks.parts import ALL_PARTS
from tests.own_house import ROOT, own_house

_OURS = "tests.benchmarks.settings"
# The baseline's tables lie beside ours, in this house alone.
_HORDAKS = "tests.benchmarks.hordak_tables"


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    target = Path(options.target).resolve()
    target.parent.mkdir(exist_ok=True)
    small = ["--small"] if options.small else []
    with own_house() as house:
        house.manage("migrate", "--verbosity", "0")
        house.run(
            "manage.py", "migrate", "--skip-checks", "--verbosity", "0", "--settings", _HORDAKS
        )
        measuring = house.start(
            *("-m", "tests.benchmarks.measure", str(target), *small, *options.parts),
            environment={"DJANGO_SETTINGS_MODULE": _OURS},
        )
        try:
            return measuring.wait()
        finally:
            if measuring.poll() is None:
                measuring.terminate()
                measuring.wait()


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    # No default: argparse would look for the whole list among the choices.
    parser.add_argument("parts", nargs="*", choices=[*ALL_PARTS, []])
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--target", default=ROOT / "var" / "bench.json")
    options = parser.parse_args(arguments)
    options.parts = options.parts or list(ALL_PARTS)
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
