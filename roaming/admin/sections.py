"""Where other rooms add to a record's page.

Roaming does not know what is cleared: the roof hands in functions that do.
"""

from collections.abc import Callable, Iterable

from roaming.models import Sdr

Section = Callable[[Sdr], Iterable[object]]
_SECTIONS: list[Section] = []


def add_section(section: Section) -> None:
    """Let ``section(sdr)`` tell more on the page of each record; adding it twice is once."""
    if section not in _SECTIONS:
        _SECTIONS.append(section)


def told_by_others(sdr: Sdr) -> list[object]:
    return [part for section in _SECTIONS for part in section(sdr)]
