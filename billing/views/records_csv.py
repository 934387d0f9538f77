"""The list of records as CSV: UTF-8 with a byte order mark, as it is read, chunk after chunk."""

import csv
from collections.abc import Iterator

from django.db.models import QuerySet

from billing.queries_records import page_of_records
from billing.services.record_lines import COLUMNS, cells_of
from clearinghouse.database_roles import partner_role
from roaming.models import SdrState
from roaming.queries import Reader

_CHUNK = 5_000


class _Line:
    """What ``csv.writer`` writes to: it hands each line straight back."""

    def write(self, text: str) -> str:
        return text


def stream_records(states: QuerySet[SdrState], *, reader: Reader) -> Iterator[str]:
    """Header and lines, a chunk of 5,000 at a time, read as the partner role."""
    writer = csv.writer(_Line(), delimiter=";", lineterminator="\r\n")
    yield "\N{BYTE ORDER MARK}" + writer.writerow(COLUMNS)
    before, is_more = None, True
    while is_more:
        with partner_role():
            page = page_of_records(states, reader=reader, size=_CHUNK, before=before)
        yield "".join(writer.writerow(cells_of(line)) for line in page.lines)
        before, is_more = page.older, page.older is not None
