"""The process that measures; its house was made by ``__main__``."""

import sys
from pathlib import Path

import django


def main(target: Path, *parts: str, is_small: bool) -> None:
    django.setup()
    from tests.benchmarks import authorizations, rating, rounds
    from tests.benchmarks.parts import AUTHORIZATIONS, RATING
    from tests.benchmarks.sizes import FULL, SMALL

    by_rounds = [part for part in parts if part not in (RATING, AUTHORIZATIONS)]
    if by_rounds:
        rounds.run(target, by_rounds, SMALL if is_small else FULL)
    if RATING in parts:
        rating.main()
    if AUTHORIZATIONS in parts:
        authorizations.main(is_small=is_small)


if __name__ == "__main__":
    told = [argument for argument in sys.argv[2:] if argument != "--small"]
    main(Path(sys.argv[1]), *told, is_small="--small" in sys.argv)
