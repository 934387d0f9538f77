"""Text that strangers wrote, and figures, as people's spreadsheets must get them."""

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")

# A spreadsheet counts in doubles: what has more digits than they keep stays a text.
_EXACT_DIGITS = 15


def neutralize(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run (OWASP: CSV injection)."""
    return f"'{text}" if text.startswith(_STARTS_A_FORMULA) else text


def is_exact(figure: str) -> bool:
    """Tell whether a spreadsheet keeps every digit of a figure written with a decimal point."""
    return len(figure.lstrip("-0.").replace(".", "")) <= _EXACT_DIGITS
