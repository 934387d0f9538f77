"""Balance confirmations: partners are asked whether their books and ours agree at an instant.

Asked of sealed books, so that what a confirmation says can be read again at any time. Answered
once: who held another figure says it with its reason, and what mends it is a posting, not a second
answer.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from billing.documents.balance_content import (
    AccountLine,
    BalanceContent,
    balance_to_json,
)
from billing.documents.content import Company, content_sha256
from billing.models import BalanceConfirmation, Document, DocumentMail
from billing.queries_books import book_lines
from billing.rules.books import POSITION_ACCOUNTS, BookLine
from billing.services.numbers import take_numbers
from clearinghouse.periods import DEFAULT_TIME_ZONE
from clearinghouse.retry import in_transaction
from clearinghouse.uuid7 import uuid7_at
from partners.models import Environment, Partner, PartnerFacts
from partners.queries import clearing_house, in_period

SERIES = {Environment.LIVE: "BC", Environment.TEST: "TBC"}
ANSWER_WITHIN = timedelta(days=14)
LONGEST_ANSWER = 2000
_HELD = ("2400", "2410")


class AnswerRefused(Exception):
    """``code`` is for programs, the text for people."""

    def __init__(self, code: str, text: str):
        self.code = code
        super().__init__(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The partner agrees, or holds ``own_balance_minor`` for the reason in ``text``."""

    agrees: bool
    own_balance_minor: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """What is common to all that are asked at once."""

    as_of: datetime
    environment: str
    now: datetime
    house: Company


def ask_all(*, as_of: datetime, environment: str, now: datetime) -> list[BalanceConfirmation]:
    """Ask every partner with something posted, per currency; who was asked is not asked again.

    :raises billing.queries_books.NotCompleteYet: a later sealing could still change the balance.
    """
    return in_transaction(lambda: _ask_all(as_of, environment, now), also_retry=IntegrityError)


def _ask_all(as_of: datetime, environment: str, now: datetime) -> list[BalanceConfirmation]:
    house = clearing_house()
    books: dict[tuple[UUID, str], list[BookLine]] = defaultdict(list)
    for line in book_lines(as_of=as_of, environment=environment):
        partner, code = line.account.partner, line.account.code
        if partner and partner != house.pk and (code in POSITION_ACCOUNTS or code in _HELD):
            books[partner, line.account.currency].append(line)
    asked = BalanceConfirmation.objects.filter(as_of=as_of, environment=environment)
    for key in asked.values_list("partner", "currency"):
        books.pop(key, None)
    facts = _facts({partner for partner, _ in books} | {house.pk}, now=now)
    wanted = sorted(books, key=lambda key: (facts[key[0]][0].legal_name, key[1]))
    numbers = take_numbers(
        SERIES[Environment(environment)],
        year=now.astimezone(ZoneInfo(DEFAULT_TIME_ZONE)).year,
        environment=environment,
        count=len(wanted),
    )
    asking = _Asking(as_of=as_of, environment=environment, now=now, house=facts[house.pk][0])
    return [
        _issue(
            _content(books[key], number, key[1], facts[key[0]], asking),
            partner_id=key[0],
            mail_to=facts[key[0]][2],
        )
        for key, number in zip(wanted, numbers, strict=True)
    ]


def _facts(ids: set[UUID], *, now: datetime) -> dict[UUID, tuple[Company, str, str]]:
    """Company, language and address of each partner."""
    names = Company.__struct_fields__
    found = {
        partner.pk: (Company(legal_name=partner.name), "en", "")
        for partner in Partner.objects.filter(pk__in=ids)
    }
    for facts in PartnerFacts.objects.filter(in_period(now), partner__in=list(ids)):
        company = Company(**{name: getattr(facts, name) for name in names})
        found[facts.partner_id] = company, facts.language, facts.finance_email or facts.email
    return found


def _content(
    lines: list[BookLine],
    number: str,
    currency: str,
    facts: tuple[Company, str, str],
    asking: _Asking,
) -> BalanceContent:
    sums: dict[str, int] = defaultdict(int)
    for line in lines:
        sums[line.account.code] += line.credit_minor - line.debit_minor
    rows = [AccountLine(code=code, balance_minor=sums[code]) for code in sorted(sums)]
    owed = [row for row in rows if row.code in POSITION_ACCOUNTS]
    return BalanceContent(
        number=number,
        environment="LIVE" if asking.environment == Environment.LIVE else "TEST",
        language=facts[1],
        issued_at=asking.now,
        as_of=asking.as_of,
        time_zone=DEFAULT_TIME_ZONE,
        currency=currency,
        house=asking.house,
        partner=facts[0],
        balance_minor=sum(row.balance_minor for row in owed),
        lines=owed,
        held=[row for row in rows if row.code in _HELD and row.balance_minor],
        answer_until_date=(asking.now + ANSWER_WITHIN)
        .astimezone(ZoneInfo(DEFAULT_TIME_ZONE))
        .date(),
    )


def _issue(content: BalanceContent, *, partner_id: UUID, mail_to: str) -> BalanceConfirmation:
    values = balance_to_json(content)
    document = Document.objects.create(
        id=uuid7_at(content.issued_at),
        number=content.number,
        kind=Document.Kind.BALANCE,
        environment=content.environment,
        partner_id=partner_id,
        content=values,
        content_sha256=content_sha256(values),
        issued_at=content.issued_at,
    )
    if mail_to:
        DocumentMail.objects.create(
            document=document,
            recipient=mail_to,
            language=content.language,
            next_attempt_at=content.issued_at,
            created_at=content.issued_at,
        )
    return BalanceConfirmation.objects.create(
        id=uuid7_at(content.issued_at),
        document=document,
        partner_id=partner_id,
        environment=content.environment,
        currency=content.currency,
        as_of=content.as_of,
        balance_minor=content.balance_minor,
    )


def answer(confirmation_id: UUID, said: Answer, *, by: str, now: datetime) -> BalanceConfirmation:
    """Keep the partner's answer; the caller has made sure that it is the partner's to give.

    :raises AnswerRefused: answered before, or a difference without figure and reason.
    """
    _refuse_answer(said)
    return in_transaction(lambda: _answer(confirmation_id, said, by, now))


def _refuse_answer(said: Answer) -> None:
    if said.agrees and said.own_balance_minor is not None:
        raise AnswerRefused(
            "BALANCE_BOTH_WAYS",
            gettext("Who agrees names no other figure: leave it out, or do not agree."),
        )
    if not said.agrees and (said.own_balance_minor is None or not said.text.strip()):
        raise AnswerRefused(
            "BALANCE_WITHOUT_REASON", gettext("Say which balance you hold and why it differs.")
        )
    if len(said.text) > LONGEST_ANSWER:
        raise AnswerRefused(
            "BALANCE_TEXT_TOO_LONG",
            gettext("At most %(most)s characters.") % {"most": LONGEST_ANSWER},
        )


def _answer(confirmation_id: UUID, said: Answer, by: str, now: datetime) -> BalanceConfirmation:
    row = BalanceConfirmation.objects.select_for_update().get(pk=confirmation_id)
    if row.state != BalanceConfirmation.State.ASKED:
        raise AnswerRefused(
            "BALANCE_ANSWERED", gettext("It was answered before; an answer stands.")
        )
    if said.own_balance_minor == row.balance_minor:
        raise AnswerRefused("BALANCE_IS_THE_SAME", gettext("That is our figure: agree to it."))
    states = BalanceConfirmation.State
    row.state = states.CONFIRMED if said.agrees else states.DIFFERS
    row.answered_by, row.answered_at = by[:150], now
    row.own_balance_minor, row.answer = said.own_balance_minor, said.text.strip()
    row.save(update_fields=["state", "answered_by", "answered_at", "own_balance_minor", "answer"])
    return row


@transaction.atomic
def remind(confirmation: BalanceConfirmation, *, now: datetime) -> int:
    """Have the letters about a confirmation that waits sent again; returns how many."""
    if confirmation.state != BalanceConfirmation.State.ASKED:
        return 0
    letters = DocumentMail.objects.filter(document=confirmation.document_id)
    return letters.exclude(state=DocumentMail.State.BOUNCED).update(
        state=DocumentMail.State.QUEUED, next_attempt_at=now
    )
