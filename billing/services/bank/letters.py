"""The letter of a dunning level: a numbered document in the partner's language.

Like every document it is rendered by a job, and mail about it is owed once its PDF is there.
"""

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Abs

from billing.documents.content import Company, content_sha256
from billing.documents.dunning_content import DunningContent, OverdueItem, dunning_to_json
from billing.models import Document, DunningCharge, DunningStep, PositionState
from billing.rules.dunning import Level, Overdue, Rate, interest_minor, lump_sum_minor
from billing.services.numbers import take_numbers
from clearinghouse.uuid7 import uuid7_at
from partners.models import BankAccount, Environment, Partner, PartnerFacts
from partners.queries import clearing_house, in_period

SERIES = {Environment.LIVE: "DL", Environment.TEST: "TDL"}


def write_letter(step: DunningStep, *, rates: list[Rate], now: datetime) -> Document:
    """Write the letter of a step that was taken, with everything the partner is late with.

    Call it inside the transaction that took the step.
    """
    settlement = step.position.settlement
    zone = settlement.window.group.time_zone
    today = now.astimezone(ZoneInfo(zone)).date()
    partner, language = _facts(step.position.partner, now=now)
    house = clearing_house()
    account = BankAccount.objects.filter(
        in_period(now), partner=house, currency=settlement.currency
    ).first()
    [number] = take_numbers(
        SERIES[Environment(settlement.environment)],
        year=today.year,
        environment=settlement.environment,
        count=1,
    )
    content = DunningContent(
        number=number,
        environment="LIVE" if settlement.environment == Environment.LIVE else "TEST",
        language=language,
        issued_at=now,
        time_zone=zone,
        currency=settlement.currency,
        level=step.level,  # type: ignore[arg-type]
        house=_facts(house, now=now)[0],
        partner=partner,
        items=_items(step, rates, today),
        charged_minor=_charged(step),
        lump_sum_minor=0 if step.level == Level.FRIENDLY else lump_sum_minor(settlement.currency),
        reference=_statement(step.position.settlement_id, step.position.partner_id),
        pay_to=account.iban if account else "",
        pay_to_holder=account.holder if account else "",
    )
    return _issue(content, step)


def letters_of(step: DunningStep) -> QuerySet[Document]:
    """The letters about the debt of a step, oldest first."""
    return Document.objects.filter(
        kind=Document.Kind.DUNNING,
        settlement=step.position.settlement_id,
        partner=step.position.partner_id,
    ).order_by("issued_at", "number")


def _items(step: DunningStep, rates: list[Rate], today: date) -> list[OverdueItem]:
    """The debt of the step with what is dunned of it, and what else of the partner is late."""
    own = step.position
    late = PositionState.objects.filter(
        position__partner=own.partner_id,
        position__settlement__currency=own.settlement.currency,
        position__settlement__environment=own.settlement.environment,
        due_minor__lt=0,
        due_date__lt=today,
        settled_minor__lt=Abs(F("due_minor")),
    ).exclude(position=own)
    found = [(own.settlement_id, step.overdue_date, step.open_minor)]
    found += [
        (row.position.settlement_id, row.due_date, -row.due_minor - row.settled_minor)
        for row in late.select_related("position")
        if row.due_date is not None
    ]
    return [
        OverdueItem(
            statement=_statement(settlement_id, own.partner_id),
            due_date=due,
            days_late=(today - due).days,
            open_minor=minor,
            interest_minor=_interest(due, minor, rates, today),
        )
        for settlement_id, due, minor in sorted(found, key=lambda one: one[1])
    ]


def _interest(due: date, minor: int, rates: list[Rate], today: date) -> int:
    try:
        return interest_minor(Overdue(due_on=due, open_minor=minor), rates=rates, until=today)
    except ValueError:
        return 0


def _charged(step: DunningStep) -> int:
    own = step.position
    unpaid = DunningCharge.objects.filter(
        position__partner=own.partner_id,
        position__settlement__currency=own.settlement.currency,
        position__settlement__environment=own.settlement.environment,
        allocation__isnull=True,
    )
    return int(unpaid.aggregate(minor=Sum("amount_minor"))["minor"] or 0)


def _statement(settlement_id: UUID, partner_id: UUID) -> str:
    rows = Document.objects.filter(
        settlement=settlement_id, partner=partner_id, kind=Document.Kind.STATEMENT
    )
    return rows.values_list("number", flat=True).first() or ""


def _facts(partner: Partner, *, now: datetime) -> tuple[Company, str]:
    """Company and language, as they hold now."""
    facts = PartnerFacts.objects.filter(in_period(now), partner=partner).first()
    if facts is None:
        return Company(legal_name=partner.name), "en"
    company = Company(**{name: getattr(facts, name) for name in Company.__struct_fields__})
    return company, facts.language


def _issue(content: DunningContent, step: DunningStep) -> Document:
    values = dunning_to_json(content)
    return Document.objects.create(
        id=uuid7_at(content.issued_at),
        number=content.number,
        kind=Document.Kind.DUNNING,
        environment=content.environment,
        partner_id=step.position.partner_id,
        settlement=step.position.settlement,
        content=values,
        content_sha256=content_sha256(values),
        issued_at=content.issued_at,
    )
