"""``python -m tests.samples``: write a sample of each PDF kind in each language; invented data.

Without a word they go to ``docs/samples``, which is committed; ``--target`` names another folder.
"""

import argparse
import os
import sys
from pathlib import Path

import django

from tests.own_house import ROOT


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.samples")
    parser.add_argument("--target", type=Path, default=ROOT / "docs" / "samples")
    target = parser.parse_args(arguments).target
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clearinghouse.settings")
    django.setup()
    for path in make_samples(target):
        sys.stdout.write(f"{path.stat().st_size:>8,}  {path.name}\n")
    return 0


def make_samples(target: Path) -> list[Path]:
    """Write the samples and their README into ``target``; return the PDFs, sorted."""
    from billing.documents.languages import LANGUAGES
    from tests.samples.kinds import KINDS

    target.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, (_words, render) in sorted(KINDS.items()):
        for language in LANGUAGES:
            path = target / f"{name}.{language}.pdf"
            path.write_bytes(render(language))
            paths.append(path)
    lines = [
        f"| {words} | " + " | ".join(f"[{lg}]({name}.{lg}.pdf)" for lg in LANGUAGES) + " |"
        for name, (words, _render) in sorted(KINDS.items())
    ]
    columns = " | ".join({"en": "English", "de": "German", "fr": "French"}[lg] for lg in LANGUAGES)
    target.joinpath("README.md").write_text(
        "# Samples of the documents\n\n"
        "Each kind of PDF in each language, with invented partners and figures. Made by"
        " `python -m tests.samples`; never edit them by hand. A new kind is a line in"
        " `tests/samples/kinds.py`.\n\n"
        f"| What | {columns} |\n|---|{'---|' * len(LANGUAGES)}\n" + "\n".join(lines) + "\n"
    )
    return paths


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
