"""Days that people choose, as instants of our clocks."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator

# Within what intake takes: at the ends of the calendar a day has no midnight before or after it.
_A_POSSIBLE_DAY = (MinValueValidator(date(1900, 1, 1)), MaxValueValidator(date(2199, 12, 31)))


def day_field(label) -> forms.DateField:
    """A day that may be left out."""
    widget = forms.DateInput({"type": "date"})
    return forms.DateField(label=label, required=False, widget=widget, validators=_A_POSSIBLE_DAY)


def midnight(day: date | None, *, days_later: int = 0) -> datetime | None:
    """The instant at which the day begins on our clocks."""
    if day is None:
        return None
    local = datetime.combine(day + timedelta(days=days_later), time.min)
    return local.replace(tzinfo=ZoneInfo(settings.TIME_ZONE)).astimezone(UTC)
