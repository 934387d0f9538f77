"""``make bench``: what we do per second, as a share of what this machine could; in its own house.

A ratio below its goal prints WARN and fails nothing: a busy machine is no defect.
"""

import sys
from pathlib import Path

from tests.own_house import ROOT, own_house


def main() -> int:
    target = ROOT / "var" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    with own_house() as house:
        house.manage("migrate", "--verbosity", "0")
        environment = {"DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings"}
        measuring = house.start(
            "-m", "tests.benchmarks.measure", str(Path(target)), environment=environment
        )
        try:
            return measuring.wait()
        finally:
            if measuring.poll() is None:
                measuring.terminate()
                measuring.wait()


if __name__ == "__main__":
    sys.exit(main())
