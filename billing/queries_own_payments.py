"""What a partner is told of its own money: whom to pay by when under which reference, and what
moved."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from billing.documents.dunning_content import dunning_from_json
from billing.documents.dunning_words import WORDS
from billing.models import Document, DocumentFile, Instruction, Payment, PositionState, Settlement
from billing.queries_statements import PDF
from billing.rules.payment_dates import pay_in_due_date
from partners.models import Partner


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionTold:
    """One payment between two partners, as one of them reads it. Amount in minor units.

    ``reference`` is the number of the payer's statement: both know it, and the payer writes it.
    """

    id: UUID
    settlement_id: UUID
    is_to_pay: bool
    other: str
    amount_minor: int
    currency: str
    reference: str
    due_date: date


def instructions_of(partner: Partner, *, environment: str) -> QuerySet[Instruction]:
    """The partner's own of issued settlements, newest first: those it pays, those it is paid by."""
    own = Instruction.objects.filter(
        Q(payer=partner) | Q(payee=partner),
        settlement__state=Settlement.State.ISSUED,
        settlement__environment=environment,
    )
    return own.select_related("payer", "payee", "settlement__window__group").order_by("-id")


def told(rows: Iterable[Instruction], *, to: Partner) -> list[InstructionTold]:
    """Each with its reference and its due date."""
    found = list(rows)
    statements = Document.objects.filter(
        settlement__in={row.settlement_id for row in found},
        partner__in={row.payer_id for row in found},
        kind=Document.Kind.STATEMENT,
    )
    numbers = {
        (settlement, partner): number
        for settlement, partner, number in statements.values_list("settlement", "partner", "number")
    }
    return [
        InstructionTold(
            id=row.pk,
            settlement_id=row.settlement_id,
            is_to_pay=row.payer_id == to.pk,
            other=(row.payee if row.payer_id == to.pk else row.payer).name,
            amount_minor=row.amount_minor,
            currency=row.currency,
            reference=numbers.get((row.settlement_id, row.payer_id), ""),
            due_date=due_date_of(row.settlement),
        )
        for row in found
    ]


def due_date_of(settlement: Settlement) -> date:
    """Until when what a settlement comes to is paid: a TARGET day.

    :raises ValueError: it is not issued.
    """
    if settlement.issued_at is None:
        raise ValueError("Nothing is due before the settlement is issued.")
    group = settlement.window.group
    issued = settlement.issued_at.astimezone(ZoneInfo(group.time_zone)).date()
    return pay_in_due_date(issued, group.payment_days)


def states_of(partner: Partner, *, environment: str) -> QuerySet[PositionState]:
    """Where the money of the partner's positions stands, newest first."""
    own = PositionState.objects.filter(
        position__partner=partner, position__settlement__environment=environment
    )
    return own.select_related("position__settlement__window__group").order_by("-position")


def with_statements(states: QuerySet[PositionState]) -> QuerySet[PositionState]:
    """Each with the ``number`` of its statement, which a payer quotes; ``statement_id`` once
    its PDF is there.
    """
    statement = Document.objects.filter(
        settlement=OuterRef("position__settlement"),
        partner=OuterRef("position__partner"),
        kind=Document.Kind.STATEMENT,
    )
    return states.annotate(
        number=Subquery(statement.values("number")[:1]),
        statement_id=Subquery(statement.filter(files__media_type=PDF).values("pk")[:1]),
    )


def payments_of(partner: Partner, *, environment: str) -> QuerySet[Payment]:
    """Payments to and collections from the partner that left, newest first."""
    own = Payment.objects.filter(partner=partner, environment=environment)
    left = own.exclude(state__in=[Payment.State.PROPOSED, Payment.State.CANCELLED])
    # What a file says of others stays with the staff: a partner's request may not read its bytes.
    return left.select_related("file").only(*_TOLD).order_by("-id")


_TOLD = (
    "purpose",
    "end_to_end_id",
    "state",
    "reason_code",
    "amount_minor",
    "currency",
    "file__execution_date",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterTold:
    """A letter to the partner about what it did not pay in time. Amount in minor units.

    ``has_pdf`` is false until a job has rendered it.
    """

    id: UUID
    number: str
    issued_at: datetime
    title: str
    total_minor: int
    currency: str
    has_pdf: bool


def letters_to(partner: Partner, *, environment: str, most: int) -> list[LetterTold]:
    """The newest dunning letters that the partner was sent, at most so many, newest first."""
    rendered = DocumentFile.objects.filter(document=OuterRef("pk"), media_type="application/pdf")
    own = Document.objects.filter(
        partner=partner, environment=environment, kind=Document.Kind.DUNNING
    )
    found = []
    for one in own.annotate(has_pdf=Exists(rendered)).order_by("-id")[:most]:
        content = dunning_from_json(one.content)
        found.append(
            LetterTold(
                id=one.pk,
                number=one.number,
                issued_at=one.issued_at,
                title=WORDS["en"][f"title_{content.level}"],
                total_minor=content.total_minor,
                currency=content.currency,
                has_pdf=one.has_pdf,
            )
        )
    return found
