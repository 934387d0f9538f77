"""Import the ECB's reference rates, and give those of a cut-off day."""

import csv
import gzip
import hashlib
import io
import zipfile
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from billing.models import FxRate
from billing.rules.conversion import EcbRates, NoRate
from clearinghouse.periods import reference_rate_date
from clearinghouse.uuid7 import uuid7_at


class UnreadableRates(ValueError):
    """The file is none of the ECB's; the message names the line."""


class RateDiffers(ValueError):
    """A day and currency are known with another rate: what was published stays."""


@dataclass(frozen=True, slots=True)
class Imported:
    """How many rates were new, and how many were known already."""

    added: int
    known: int


def import_ecb_csv(content: bytes, *, now: datetime) -> Imported:
    """Take in the ECB's CSV (``eurofxref.csv``, ``eurofxref-hist.csv``, zipped or gzipped too).

    A second import of the same days adds nothing.

    :raises UnreadableRates: no dates or no number where one must be.
    :raises RateDiffers: a known rate would change.
    """
    rows = list(_rows(content))
    known = {
        (rate.rate_date, rate.currency): rate.per_euro
        for rate in FxRate.objects.filter(rate_date__in={row[0] for row in rows})
    }
    fresh = []
    for day, currency, rate in rows:
        before = known.get((day, currency))
        if before is None:
            fresh.append((day, currency, rate))
        elif before != rate:
            raise RateDiffers(f"{currency} of {day} is {before}; the file says {rate}.")
    digest = hashlib.sha256(content).hexdigest()
    FxRate.objects.bulk_create(
        [
            FxRate(
                id=uuid7_at(now),
                rate_date=day,
                currency=currency,
                per_euro=rate,
                imported_at=now,
                file_sha256=digest,
            )
            for day, currency, rate in sorted(fresh)
        ],
        batch_size=2_000,
    )
    return Imported(added=len(fresh), known=len(rows) - len(fresh))


def rates_of(cut_off_at: datetime) -> EcbRates:
    """The rates of the cut-off day, or the last published before it, and no older ones.

    :raises NoRate: they were not imported.
    """
    day = reference_rate_date(cut_off_at)
    rates = dict(FxRate.objects.filter(rate_date=day).values_list("currency", "per_euro"))
    if not rates:
        raise NoRate(
            f"The ECB's reference rates of {day} are missing. Import its file of that day"
            " (manage.py import_ecb_rates, or the page of the rates), then try again."
        )
    return EcbRates(day, rates)


def _rows(content: bytes):
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = archive.read(archive.namelist()[0])
    reader = csv.reader(io.StringIO(content.decode("utf-8-sig", errors="replace")))
    header = [name.strip() for name in next(reader, [])]
    if not header or header[0] != "Date":
        raise UnreadableRates("The first column of an ECB file is called Date.")
    for number, row in enumerate(reader, start=2):
        if not row or not row[0].strip():
            continue
        day = _day(row[0].strip(), number)
        for currency, text in zip(header[1:], row[1:], strict=False):
            text = text.strip()
            if currency and text and text != "N/A":
                yield day, currency, _rate(text, number, currency)


def _day(text: str, number: int) -> date:
    for form in ("%Y-%m-%d", "%d %B %Y"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    raise UnreadableRates(f"Line {number}: {text!r} is no date.")


def _rate(text: str, number: int, currency: str) -> Decimal:
    try:
        rate = Decimal(text)
    except InvalidOperation as error:
        raise UnreadableRates(f"Line {number}: {currency} {text!r} is no number.") from error
    if not rate.is_finite() or rate <= 0:
        raise UnreadableRates(f"Line {number}: {currency} {text} is not above zero.")
    return rate
