"""Postings of a period as a file for an accountant, kept as it was handed out.

Only sealed books leave the house, and only where each account is mapped: the export is refused
with the list of what is missing. Rows are written to a file that may spill to the disk; what is
stored is re-added first.
"""

import csv
import hashlib
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from billing.documents import datev
from billing.documents.datev import Batch, Voucher
from billing.models import Account, AccountMapping, FiscalPeriod, PostingExport, Transfer
from billing.queries_books import complete_until
from billing.rules.books import BookAccount
from billing.rules.posting_map import External, MappingKey, mapped, unmapped
from clearinghouse.money import from_minor_units
from clearinghouse.periods import DEFAULT_TIME_ZONE
from clearinghouse.spreadsheet import neutralize
from clearinghouse.statements import load_statement
from clearinghouse.uuid7 import uuid7_at
from partners.models import Partner

_SQL = Path(__file__).resolve().parent.parent / "sql" / "postings.sql"
_ZONE = ZoneInfo(DEFAULT_TIME_ZONE)
_AN_INSTANT = timedelta(microseconds=1)
_SPOOL_BYTES = 4 * 1024 * 1024
_AT_ONCE = 2_000
CSV_COLUMNS = (
    "sequence posted_at kind debit_account debit_external debit_tax_key debit_partner"
    " credit_account credit_external credit_tax_key credit_partner amount currency country_code"
    " supply_month event_key reason reverses transfer_id"
).split()


class NotExportable(Exception):
    """Nothing was exported; ``missing`` are the accounts that no mapping names."""

    def __init__(self, text: str, missing: list[BookAccount] | None = None):
        self.missing = missing or []
        super().__init__(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Which postings, in which format; the period is [starts_at, ends_at).

    The last four are DATEV's: numbers of consultant and client, begin of the fiscal year, digits
    of general-ledger accounts.
    """

    format: str
    environment: str
    currency: str
    starts_at: datetime
    ends_at: datetime
    made_by: str
    consultant: int = 1001
    client: int = 1
    year_starts: date | None = None
    account_digits: int = 4


class Posting(NamedTuple):
    """A row of ``sql/postings.sql``."""

    id: UUID
    kind: str
    posted_at: datetime
    amount_minor: int
    event_key: str
    reason: str
    reverses: UUID | None
    sequence: int | None
    debit_code: str
    debit_partner: UUID | None
    debit_country: str
    credit_code: str
    credit_partner: UUID | None
    credit_country: str
    supply_month: str | None

    def accounts(self, currency: str) -> tuple[BookAccount, BookAccount]:
        return (
            BookAccount(currency, self.debit_code, self.debit_partner, self.debit_country),
            BookAccount(currency, self.credit_code, self.credit_partner, self.credit_country),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The mapping of one environment, and the partners' names."""

    rows: dict[MappingKey, External]
    names: dict[UUID | None, str]

    def external(self, account: BookAccount) -> External:
        found = mapped(account, self.rows)
        if found is None:
            raise NotExportable(f"{account.code} is not mapped.", [account])
        return found


def chart_of(environment: str) -> Chart:
    names: dict[UUID | None, str] = dict(Partner.objects.values_list("pk", "name"))
    names[None] = ""
    return Chart(rows=_mappings(environment), names=names)


def not_mapped(environment: str) -> list[tuple[BookAccount, str]]:
    """Accounts with a posting that no mapping names, and whose they are; sorted, in two queries."""
    debits = Transfer.objects.filter(debit_account=OuterRef("pk"))
    credits = Transfer.objects.filter(credit_account=OuterRef("pk"))
    used = Account.objects.filter(Exists(debits) | Exists(credits), environment=environment)
    owners: dict[BookAccount, str] = {
        BookAccount(*row[:4]): row[4] or "the house"
        for row in used.values_list("currency", "code", "partner", "country_code", "partner__name")
    }
    return [(account, owners[account]) for account in unmapped(owners, _mappings(environment))]


def _mappings(environment: str) -> dict[MappingKey, External]:
    return {
        MappingKey(row.code, row.partner_id, row.country_code): External(
            row.external_account, row.tax_key
        )
        for row in AccountMapping.objects.filter(environment=environment)
    }


def _used(transfers: QuerySet[Transfer]) -> set[BookAccount]:
    used: set[BookAccount] = set()
    for side in ("debit_account", "credit_account"):
        names = [f"{side}__{name}" for name in ("currency", "code", "partner", "country_code")]
        used |= {BookAccount(*row) for row in transfers.order_by().values_list(*names).distinct()}
    return used


def check(order: Order) -> Chart:
    """:raises NotExportable: the books are not sealed so far, or something is not mapped."""
    until = complete_until()
    if until is None or order.ends_at > until:
        raise NotExportable("The period is not over, or its books are not sealed to its end yet.")
    period = _transfers(order)
    if period.filter(seal__isnull=True).exists():
        raise NotExportable("Postings of the period are not sealed yet: wait for the next sealing.")
    chart = chart_of(order.environment)
    used = _used(period)
    if missing := unmapped(used, chart.rows):
        raise NotExportable("Accounts are not mapped yet.", missing)
    if order.format == PostingExport.Format.DATEV:
        _check_datev(order, used, chart)
    return chart


def _check_datev(order: Order, used: set[BookAccount], chart: Chart) -> None:
    if order.currency != datev.CURRENCY:
        raise NotExportable("DATEV's batch is kept in EUR here; export other currencies as CSV.")
    for account in used:
        if problem := datev.why_not(chart.external(account), account_digits=order.account_digits):
            raise NotExportable(f"{account.code}: {problem}. Mend the mapping.", [account])
    first, last = _days(order)
    begins = order.year_starts or date(first.year, 1, 1)
    ends = begins.replace(year=begins.year + 1)
    if not begins <= first <= last < ends:
        raise NotExportable("A batch of DATEV lies in one fiscal year: export each year apart.")


def export(
    order: Order,
    *,
    now: datetime,
    largest: int = datev.LARGEST_FILE,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> list[PostingExport]:
    """Write the period's postings as one file or as many as it takes; keep the bytes.

    ``told`` hears how many rows of how many are done.

    :raises NotExportable: see ``check``; nothing is kept.
    """
    chart = check(order)
    total = _transfers(order).count()
    if not total:
        raise NotExportable("Nothing was posted in the period.")
    rows, made, done = _postings(order, told=lambda done: told(done, total)), [], 0
    while done < total:
        made.append(_write(order, chart, islice(rows, largest), now=now))
        done += made[-1].rows
        if not made[-1].rows:
            break
    with transaction.atomic():
        _readd(order, made, total)
        for one in made:
            one.save(force_insert=True)
    return made


def _readd(order: Order, exports: list[PostingExport], total: int) -> None:
    """The files hold each posting of the period, and its amount, once."""
    posted = sum(_transfers(order).values_list("amount_minor", flat=True).iterator())
    found = sum(one.rows for one in exports), sum(one.total_minor for one in exports)
    if found != (total, posted):
        raise NotExportable(
            f"The files hold {found[0]} postings of {found[1]} minor units, the ledger {total} of"
            f" {posted}: something was posted meanwhile. Export again."
        )


def _write(order: Order, chart: Chart, rows: Iterable[Posting], *, now: datetime) -> PostingExport:
    with tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES) as file:
        count = amount = 0
        lines = _lines(order, chart, now=now)
        file.write(lines.head)
        for row in rows:
            file.write(lines.line(row))
            count, amount = count + 1, amount + row.amount_minor
        content = _content(file)
    return PostingExport(
        id=uuid7_at(now),
        environment=order.environment,
        format=order.format,
        currency=order.currency,
        starts_at=order.starts_at,
        ends_at=order.ends_at,
        rows=count,
        total_minor=amount,
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        made_by=order.made_by[:150],
        made_at=now,
    )


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


class _Lines(NamedTuple):
    head: bytes
    line: Callable[[Posting], bytes]


def _lines(order: Order, chart: Chart, *, now: datetime) -> _Lines:
    if order.format == PostingExport.Format.CSV:
        head = "\N{BYTE ORDER MARK}" + ";".join(CSV_COLUMNS) + "\r\n"
        return _Lines(head.encode(), lambda row: _csv_line(row, order, chart))
    first, last = _days(order)
    is_fixed = _is_locked(order)
    batch = Batch(
        consultant=order.consultant,
        client=order.client,
        year_starts=order.year_starts or date(first.year, 1, 1),
        account_digits=order.account_digits,
        first=first,
        last=last,
        made_at=now.astimezone(_ZONE),
        name=f"Clearing {first:%Y-%m-%d}",
        is_fixed=is_fixed,
    )
    return _Lines(datev.head(batch), lambda row: _datev_line(row, order, chart, is_fixed))


def _datev_line(row: Posting, order: Order, chart: Chart, is_fixed: bool) -> bytes:
    debit, credit = row.accounts(order.currency)
    names = [chart.names[one.partner] for one in (debit, credit) if one.partner]
    voucher = Voucher(
        debit=chart.external(debit),
        credit=chart.external(credit),
        amount_minor=row.amount_minor,
        day=row.posted_at.astimezone(_ZONE).date(),
        number=row.id.hex,
        second=row.supply_month or "",
        text=" ".join([row.kind, *dict.fromkeys(names)]),
    )
    try:
        return datev.line(voucher, is_fixed=is_fixed)
    except ValueError as error:
        raise NotExportable(f"Posting {row.id}: {error}", [debit, credit]) from error


def _csv_line(row: Posting, order: Order, chart: Chart) -> bytes:
    debit, credit = row.accounts(order.currency)
    sides = []
    for account in (debit, credit):
        external = chart.external(account)
        sides += [account.code, external.account, external.tax_key, chart.names[account.partner]]
    cells = [
        str(row.sequence or ""),
        row.posted_at.astimezone(UTC).isoformat(),
        row.kind,
        *sides,
        f"{from_minor_units(row.amount_minor, currency=order.currency):f}",
        order.currency,
        debit.country_code or credit.country_code,
        row.supply_month or "",
        row.event_key,
        row.reason,
        str(row.reverses or ""),
        str(row.id),
    ]
    line = io.StringIO()
    csv.writer(line, delimiter=";", lineterminator="\r\n").writerow(map(neutralize, cells))
    return line.getvalue().encode()


def _days(order: Order) -> tuple[date, date]:
    """First and last day of the period in the house's calendar."""
    first = order.starts_at.astimezone(_ZONE).date()
    end = order.ends_at.astimezone(_ZONE)
    return first, max(first, (end - _AN_INSTANT).date())


def _is_locked(order: Order) -> bool:
    """Each period that the export touches is locked: DATEV may fix what it holds."""
    touched = FiscalPeriod.objects.filter(
        environment=order.environment, starts_at__lt=order.ends_at, ends_at__gt=order.starts_at
    )
    states = set(touched.values_list("state", flat=True))
    return states == {FiscalPeriod.State.LOCKED}


def _transfers(order: Order) -> QuerySet[Transfer]:
    return Transfer.objects.filter(
        environment=order.environment,
        currency=order.currency,
        posted_at__gte=order.starts_at,
        posted_at__lt=order.ends_at,
    )


def _postings(order: Order, *, told: Callable[[int], None]) -> Iterator[Posting]:
    """Page by page: memory stays flat, and nothing is locked meanwhile."""
    parameters: dict[str, Any] = {
        "environment": order.environment,
        "currency": order.currency,
        "starts_at": order.starts_at,
        "ends_at": order.ends_at,
        "after_at": None,
        "after_id": None,
        "limit": _AT_ONCE,
    }
    done = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(load_statement(_SQL), parameters)
            page = [Posting(*row) for row in cursor.fetchall()]
        yield from page
        done += len(page)
        told(done)
        if len(page) < _AT_ONCE:
            return
        parameters |= {"after_at": page[-1].posted_at, "after_id": page[-1].id}
