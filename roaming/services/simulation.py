"""A changed rule set over past records: what it would hold, reject or let pass. Writes nothing.

Each record is judged twice with the facts of its own intake: under the overrides that were in
force then, and under the rule set that is asked about. What that would have done to a record does
not change what later records met: each is compared alone, so no figure hangs on the others.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from clearinghouse.uuid7 import floor_of
from partners.models import Environment, Partner, RoamingAgreement
from roaming.intake.overrides import DEFAULT, RuleSet
from roaming.intake.past import recall
from roaming.intake.past_reads import Came
from roaming.intake.structure import Submission, printable
from roaming.models import Finding as FindingRow
from roaming.models import Sdr
from roaming.rules.catalog import RULES_VERSION, check_sdr
from roaming.rules.effect import EFFECTS, Compared, compare
from roaming.rules.findings import Facts, Finding
from roaming.services import intake
from roaming.services.revalidation import read_again

__all__ = ["DEFAULT", "RuleSet", "Selection", "Simulated", "simulate"]

CHUNK_RECORDS = 2_000
EXAMPLES = 10


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Records received in [from_at, until_at), of one sender, of one agreement or of all."""

    from_at: datetime
    until_at: datetime
    sender: Partner | None = None
    agreement_number: str = ""
    environment: str = Environment.LIVE

    @cached_property
    def versions(self) -> list[RoamingAgreement]:
        if not self.agreement_number:
            return []
        return list(RoamingAgreement.objects.filter(number=self.agreement_number))

    @cached_property
    def agreement_ids(self) -> frozenset[str]:
        return frozenset(str(version.pk) for version in self.versions)

    def records(self) -> QuerySet[Sdr]:
        """Where an agreement is asked for, all between its two sides: a few may be of another."""
        rows = Sdr.objects.filter(
            id__gte=floor_of(self.from_at),
            received_at__gte=self.from_at,
            received_at__lt=self.until_at,
            environment=self.environment,
        )
        if self.sender is not None:
            rows = rows.filter(sender=self.sender)
        if self.agreement_number:
            sides = {(version.seller_id, version.buyer_id) for version in self.versions}
            between = Q(pk__in=[])
            for seller, buyer in sides:
                between |= Q(seller=seller, buyer=buyer)
            rows = rows.filter(between)
        return rows


class _Row(NamedTuple):
    """What a chunk needs of a stored record beside its bytes."""

    id: UUID
    sender_id: UUID
    batch_id: UUID
    position: int
    received_at: datetime
    energy_kwh: Decimal | None
    claim_amount: Decimal | None
    currency: str
    rules_version: int


@dataclass(slots=True)
class Sum:
    """Records with their energy and, by currency, what they ask for."""

    records: int = 0
    energy_kwh: Decimal = Decimal(0)
    amounts: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def add(self, row: _Row) -> None:
        self.records += 1
        self.energy_kwh += row.energy_kwh or 0
        if row.claim_amount:
            self.amounts[row.currency or "?"] += row.claim_amount

    def as_json(self) -> dict[str, object]:
        amounts = {name: f"{amount:f}" for name, amount in sorted(self.amounts.items())}
        return {"records": self.records, "energy_kwh": f"{self.energy_kwh:f}", "amounts": amounts}


def _by_effect() -> dict[str, Sum]:
    return {effect: Sum() for effect in EFFECTS}


@dataclass(slots=True)
class _OfCode:
    """One code: how often each weight of it is found, what it moved, and some of those."""

    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    effects: dict[str, Sum] = field(default_factory=_by_effect)
    examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def as_json(self) -> dict[str, object]:
        return {
            "before": dict(sorted(self.before.items())),
            "after": dict(sorted(self.after.items())),
            **{effect: one.as_json() for effect, one in self.effects.items()},
            "examples": {effect: ids for effect, ids in sorted(self.examples.items()) if ids},
        }


@dataclass(slots=True)
class Simulated:
    """The figures of a simulation so far; its size hangs on the codes, not on the records.

    A record that two codes caught counts under both, and once in ``effects``. ``seen``: rows looked
    at, of which some may be of another agreement. ``differing``: records whose stored findings are
    not those of the rules in force then; nought unless a rule itself has changed since
    (``other_version``) or a registry's entry was corrected. ``unreadable``: the bytes are erased,
    or their profile is gone.
    """

    examples: int = EXAMPLES
    seen: int = 0
    unreadable: int = 0
    other_version: int = 0
    differing: Sum = field(default_factory=Sum)
    differing_ids: list[str] = field(default_factory=list)
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    effects: dict[str, Sum] = field(default_factory=_by_effect)
    codes: dict[str, _OfCode] = field(default_factory=lambda: defaultdict(_OfCode))

    @property
    def records(self) -> int:
        return sum(self.after.values())

    def add(self, row: _Row, before: Sequence[Finding], after: Sequence[Finding]) -> None:
        told = compare(before, after)
        self.before[told.before] += 1
        self.after[told.after] += 1
        self.effects[told.effect].add(row)
        for code, severity in {(one.code, one.severity) for one in before}:
            self.codes[code].before[severity] += 1
        for code, severity in {(one.code, one.severity) for one in after}:
            self.codes[code].after[severity] += 1
        self._name_codes(row, told)

    def _name_codes(self, row: _Row, told: Compared) -> None:
        for code in told.codes:
            of_code = self.codes[code]
            of_code.effects[told.effect].add(row)
            if len(of_code.examples[told.effect]) < self.examples:
                of_code.examples[told.effect].append(str(row.id))

    def add_difference(self, row: _Row) -> None:
        self.differing.add(row)
        if len(self.differing_ids) < self.examples:
            self.differing_ids.append(str(row.id))

    def as_json(self) -> dict[str, object]:
        return {
            "records": self.records,
            "unreadable": self.unreadable,
            "other_rules_version": self.other_version,
            "differing_from_intake": self.differing.records,
            "differing_examples": self.differing_ids,
            "before": dict(sorted(self.before.items())),
            "after": dict(sorted(self.after.items())),
            **{effect: one.as_json() for effect, one in self.effects.items()},
            "codes": {code: one.as_json() for code, one in sorted(self.codes.items())},
        }


def simulate(
    rule_set: RuleSet, selection: Selection, *, examples: int = EXAMPLES
) -> Iterator[Simulated]:
    """Judge the selected records in the order in which they came, and yield after each chunk.

    The same figures object is yielded each time, further on; at least once, at the end.
    """
    figures = Simulated(examples=examples)
    for rows in _chunks(selection):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
            _add(rows, rule_set, selection, figures)
        figures.seen += len(rows)
        yield figures
    yield figures


def _chunks(selection: Selection) -> Iterator[list[_Row]]:
    rows = selection.records().order_by("id")
    last: UUID | None = None
    while True:
        page = rows if last is None else rows.filter(id__gt=last)
        chunk = [_Row(*row) for row in page.values_list(*_Row._fields)[:CHUNK_RECORDS]]
        if not chunk:
            return
        yield chunk
        last = chunk[-1].id


def _add(rows: Sequence[_Row], rule_set: RuleSet, selection: Selection, figures: Simulated) -> None:
    submissions = read_again([row.id for row in rows])
    figures.unreadable += len(rows) - len(submissions)
    stored = _stored_findings([row.id for row in rows])
    readable = sorted((row for row in rows if row.id in submissions), key=lambda row: row.sender_id)
    for sender_id, group in groupby(readable, key=lambda row: row.sender_id):
        _add_of_sender(
            [(row, submissions[row.id]) for row in group],
            Partner.objects.get(pk=sender_id),
            rule_set,
            selection,
            figures,
            stored,
        )


def _add_of_sender(
    records: Sequence[tuple[_Row, Submission]],
    sender: Partner,
    rule_set: RuleSet,
    selection: Selection,
    figures: Simulated,
    stored: dict[UUID, list[tuple]],
) -> None:
    recalled = recall(
        [(_came(row, selection.environment), submission) for row, submission in records],
        sender=sender,
        environment=selection.environment,
        rule_set=rule_set,
    )
    for (row, submission), then in zip(records, recalled, strict=True):
        terms = then.facts.terms
        if selection.agreement_number and (
            terms is None or terms.agreement_id not in selection.agreement_ids
        ):
            continue
        before = _findings(submission, then.facts)
        figures.add(row, before, _findings(submission, then.under_the_other_rules()))
        if row.rules_version != RULES_VERSION:
            figures.other_version += 1
        if _as_stored(before) != stored.get(row.id, []):
            figures.add_difference(row)


def _came(row: _Row, environment: str) -> Came:
    return Came(
        row.batch_id,
        row.position,
        row.received_at,
        row.sender_id,
        environment,
        intake.CHUNK_RECORDS,
    )


def _findings(submission: Submission, facts: Facts) -> list[Finding]:
    found = check_sdr(submission.sdr, facts)[0] if submission.is_record else []
    return [*submission.findings, *found]


def _as_stored(findings: Sequence[Finding]) -> list[tuple]:
    return sorted(
        (one.code, one.severity, one.field, printable(one.message), one.override_reason)
        for one in findings
    )


def _stored_findings(record_ids: Sequence[UUID]) -> dict[UUID, list[tuple]]:
    """What was found at intake, as ``_as_stored`` writes it."""
    found: dict[UUID, list[tuple]] = defaultdict(list)
    rows = FindingRow.objects.filter(record_id__in=list(record_ids), version=1)
    for record_id, *told in rows.values_list(
        "record_id", "code", "severity", "field", "message", "override_reason"
    ):
        found[record_id].append(tuple(told))
    return {record_id: sorted(told) for record_id, told in found.items()}
