"""The process that measures; its house was made by ``__main__``."""

import sys
from pathlib import Path

import django


def main(target: Path) -> None:
    django.setup()
    from tests.benchmarks import rating, rounds

    rounds.run(target)
    rating.main()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
