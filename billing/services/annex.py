"""The SDR annex of a statement: one CSV line per cleared record, streamed from the evidence.

UTF-8, ``;`` between fields, decimal point, ISO 8601 instants in UTC. Pseudonyms, never contract
ids. Empty means: not stated. Amounts of items are as the seller sent them; claim, commission and
payout are the booked figures in whole minor units.
"""

import gzip
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import IO, NamedTuple
from uuid import UUID

from django.db import connection

from billing.documents.content import AnnexFacts, EmbeddableAnnex
from billing.models import Settlement
from clearinghouse.money import minor_unit_digits
from clearinghouse.statements import load_statement

# In the order of sql/annex.sql, and what each later file adds. A statement keeps its form.
_FIRST = (
    "sdr_id service_session_id cso csp direction evse_id pseudonym started_at ended_at energy_kwh"
    " energy_amount time_amount parking_amount reservation_amount fee_amount claim_amount"
    " commission_amount payout_amount currency price_basis acceptance"
).split()
_ADDED = (
    "site city country supply_month is_late authorization_method tariff_id charging_minutes"
    " credits_sdr_id is_correction"
).split()
_TAXED = "vat_category vat_rate tariff_version parking_minutes invoice_number invoice_note".split()
FORM = 3
COLUMNS = {1: _FIRST, 2: _FIRST + _ADDED, 3: _FIRST + _ADDED + _TAXED}
HEADERS = {form: (";".join(columns) + "\n").encode() for form, columns in COLUMNS.items()}

# Larger annexes are embedded compressed: WeasyPrint holds an attachment in memory several times.
LARGEST_PLAIN_BYTES = 20 * 1024 * 1024

_SQL = Path(__file__).resolve().parent.parent / "sql"
_FILES = {1: "annex.sql", 2: "annex_2.sql", 3: "annex_3.sql"}
# The query's first column: a UUID and the delimiter.
_PARTNER_PREFIX = 37
# An annex below this stays in memory, larger ones go to a temporary file.
_SPOOL_BYTES = 1024 * 1024


class Source(NamedTuple):
    """Where an annex comes from: the records of a settlement's window, told as of the issue."""

    settlement: Settlement
    as_of: datetime

    def parameters(self, partner_id: UUID | None) -> dict[str, object]:
        return {
            "window_id": self.settlement.window_id,
            "settlement_id": self.settlement.pk,
            "as_of": self.as_of,
            "partner_id": partner_id,
            "digits": minor_unit_digits(self.settlement.currency),
        }


def digest_annexes(source: Source) -> dict[UUID, AnnexFacts]:
    """Hash the annex of every partner with a record in the window, in one pass, keeping nothing.

    A partner that is missing in the answer has the ``empty_annex``.
    """
    rows = _rows(source, partner_id=None, form=FORM)
    return {
        UUID(partner.decode()): _consume((row[_PARTNER_PREFIX:] for row in rows_of_partner), FORM)
        for partner, rows_of_partner in groupby(rows, key=lambda row: row[: _PARTNER_PREFIX - 1])
    }


def empty_annex() -> AnnexFacts:
    """The facts of an annex of a header and no record."""
    return _consume(iter(()), FORM)


@contextmanager
def open_annex(
    source: Source, *, partner_id: UUID, number: str, form: int = FORM
) -> Iterator[EmbeddableAnnex]:
    """Spool one partner's annex to a temporary file and open it, gzipped where it is large."""
    with tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES) as plain:
        facts = spool_annex(plain, source, partner_id=partner_id, form=form)
        if facts.size_bytes <= LARGEST_PLAIN_BYTES:
            yield EmbeddableAnnex(f"{number}-sdrs.csv", "text/csv", plain, facts)
            return
        with tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES) as packed:
            _compress(plain, packed)
            yield EmbeddableAnnex(f"{number}-sdrs.csv.gz", "application/gzip", packed, facts)


def spool_annex(
    target: IO[bytes], source: Source, *, partner_id: UUID, form: int = FORM
) -> AnnexFacts:
    """Write one partner's annex as plain CSV and go back to its start; return what it is."""
    rows = _rows(source, partner_id=partner_id, form=form)
    facts = _consume((row[_PARTNER_PREFIX:] for row in rows), form, into=target)
    target.seek(0)
    return facts


def _rows(source: Source, *, partner_id: UUID | None, form: int) -> Iterator[bytes]:
    """Each row as bytes; libpq hands out COPY data one row at a time, so memory stays flat."""
    parameters = source.parameters(partner_id)
    with (
        connection.cursor() as cursor,
        cursor.copy(load_statement(_SQL / _FILES[form]), parameters) as copy,
    ):
        for row in copy:
            yield bytes(row)


def _consume(rows: Iterator[bytes], form: int, *, into: IO[bytes] | None = None) -> AnnexFacts:
    header = HEADERS[form]
    digest, count, size = hashlib.sha256(header), 0, len(header)
    if into:
        into.write(header)
    for row in rows:
        digest.update(row)
        count += 1
        size += len(row)
        if into:
            into.write(row)
    return AnnexFacts(rows=count, size_bytes=size, sha256=digest.hexdigest(), form=form)


def _compress(plain: IO[bytes], packed: IO[bytes]) -> None:
    # No name and no time in the header: the same rows give the same bytes.
    with gzip.GzipFile(filename="", fileobj=packed, mode="wb", mtime=0) as target:
        shutil.copyfileobj(plain, target)
    packed.seek(0)
