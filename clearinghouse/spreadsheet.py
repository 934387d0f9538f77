"""Text that strangers wrote, made safe for people who open a CSV in a spreadsheet."""

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def neutralize(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run (OWASP: CSV injection)."""
    return f"'{text}" if text.startswith(_STARTS_A_FORMULA) else text
