"""The process that measures; its house was made by ``__main__``."""

import sys
from pathlib import Path

import django


def main(target: Path, *parts: str, is_small: bool) -> None:
    django.setup()
    from tests.benchmarks import rating, rounds
    from tests.benchmarks.parts import RATING
    from tests.benchmarks.sizes import FULL, SMALL

    rounds.run(target, [part for part in parts if part != RATING], SMALL if is_small else FULL)
    if RATING in parts:
        rating.main()


if __name__ == "__main__":
    told = [argument for argument in sys.argv[2:] if argument != "--small"]
    main(Path(sys.argv[1]), *told, is_small="--small" in sys.argv)
