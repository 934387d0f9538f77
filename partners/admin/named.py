"""A row under another name than its own."""

from django.db.models import Model


class Named:
    """A row under another name and on the pages of ``opts``, for the theme's title line."""

    def __init__(self, row: Model, name: str, opts):
        self.pk, self._meta, self._name = row.pk, opts, name

    def __str__(self) -> str:
        return self._name
