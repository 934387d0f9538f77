"""Find a reference that we gave in what a payer or its bank wrote."""

import re
from collections.abc import Iterable

# What people and banks put between the signs of a reference, and where banks break lines.
BETWEEN = r"[\s\-./_]*"
LEAST_SIGNS = 6


def names(reference: str, *, texts: Iterable[str]) -> bool:
    """Tell whether a text names the reference: whole, in any case, spaced in any way.

    ``CH26-STM-000012`` is in "inv ch26 stm 000012" but not in "CH26-STM-0000123".
    """
    signs = _signs(reference)
    # A short number is in many a text by chance.
    if len(signs) < LEAST_SIGNS:
        return False
    return any(signs in _signs(text) and _is_whole(signs, text.upper()) for text in texts)


def _is_whole(signs: str, text: str) -> bool:
    return bool(re.search(rf"(?<![A-Z0-9]){BETWEEN.join(signs)}(?![A-Z0-9])", text))


def _signs(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", text.upper())
