"""SQL statements in named files beside the code that runs them."""

from functools import cache
from pathlib import Path


@cache
def load_statement(path: Path) -> str:
    """The text of one ``.sql`` file: one statement, with its purpose, grain and promise on top."""
    return path.read_text(encoding="utf-8")
