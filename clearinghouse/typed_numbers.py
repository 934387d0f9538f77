"""Figures as people type them: with a comma or a point, as their country writes them."""

import re
from decimal import Decimal

_SPACES = re.compile(r"(?<=\d)[ \u00a0\u202f'\N{RIGHT SINGLE QUOTATION MARK}](?=\d{3}(?:\D|$))")
_A_FIGURE = re.compile(r"[+-]?\d[\d.,]*|[+-]?[.,]\d+")
_GROUPED = re.compile(r"\d{1,3}(?:(?P<sign>[.,])\d{3})(?:(?P=sign)\d{3})*")


class NumberUnclear(ValueError):
    """It may be read in two ways, such as 1.234: a thousand and more, or one and a bit."""


class NumberUnreadable(ValueError):
    """It is no number."""


def read_number(text: str) -> Decimal:
    """The number that was typed; signs between thousands may be left out.

    :raises NumberUnclear: one comma or point stands before exactly three digits
    :raises NumberUnreadable: it is no number
    """
    said = _SPACES.sub("", text.strip()).replace("\N{MINUS SIGN}", "-")
    if not _A_FIGURE.fullmatch(said):
        raise NumberUnreadable(text)
    sign, figure = ("-", said[1:]) if said[0] == "-" else ("", said.lstrip("+"))
    whole, decimals = _parts(figure, text)
    return Decimal(f"{sign}{whole or 0}.{decimals or 0}")


def _parts(figure: str, text: str) -> tuple[str, str]:
    """Digits before and after the decimal sign."""
    marks = [mark for mark in figure if mark in ".,"]
    if not marks:
        return figure, ""
    last = marks[-1]
    head, _, tail = figure.rpartition(last)
    if len(marks) == 1:
        if len(tail) == 3 and 1 <= len(head) <= 3 and head.lstrip("0"):
            raise NumberUnclear(text)
        return head, tail
    if len(set(marks)) == 1:
        return _grouped(figure, text), ""
    if marks.count(last) > 1:
        raise NumberUnreadable(text)
    return _grouped(head, text), tail


def _grouped(figure: str, text: str) -> str:
    if not _GROUPED.fullmatch(figure):
        raise NumberUnreadable(text)
    return re.sub(r"[.,]", "", figure)
