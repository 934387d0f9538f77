"""Letters that wait for the mail server, whatever they tell: each is tried until it is taken."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TypeVar

from django.db import transaction
from django.db.models import F, QuerySet

from billing.gateways import Answer, MailServer, hand_over
from billing.models import DocumentMail, NotificationMail
from partners.models import PartnerFacts
from partners.queries import clearing_house, in_period

Mail = TypeVar("Mail", DocumentMail, NotificationMail)

# How long one attempt may take before another worker takes the letter.
_LEASE = timedelta(minutes=10)
# Before attempts 2, 3, …; after the last one the letter is given up: two days in all.
_WAITS = [timedelta(minutes=m) for m in (1, 5, 30, 120, 720, 2_000)]


def try_each(
    server: MailServer,
    *,
    claim: Callable[..., Mail | None],
    write: Callable[..., EmailMessage],
    note: Callable[..., None],
    clock: Callable[[], datetime],
) -> dict[str, int]:
    """Try every letter that is due, once; how many were taken and how many were not."""
    house = PartnerFacts.objects.filter(in_period(clock()), partner=clearing_house()).first()
    done, started_at = {"sent": 0, "left": 0}, clock()
    while mail := claim(before=started_at, now=clock()):
        letter = write(mail, house=house, now=clock())
        answer = hand_over(server, letter)
        note(mail, str(letter["Message-ID"]), answer, now=clock())
        done["sent" if answer.is_accepted else "left"] += 1
    return done


def claimed(queued: QuerySet[Mail], *, before: datetime, now: datetime) -> Mail | None:
    """Take the letter that waits longest; while it is being sent nobody else takes it."""
    with transaction.atomic():
        due = queued.filter(state="QUEUED", next_attempt_at__lte=before)
        free = due.select_for_update(skip_locked=True, of=("self",))
        mail = free.order_by("next_attempt_at", "pk").first()
        if mail is None:
            return None
        queued.filter(pk=mail.pk).update(next_attempt_at=now + _LEASE, attempts=F("attempts") + 1)
    return queued.get(pk=mail.pk)


def letter_to(
    mail: Mail,
    *,
    house: PartnerFacts | None,
    site: str,
    subject: str,
    body: str,
    language: str,
    now: datetime,
) -> EmailMessage:
    """From the clearing house; a repeated attempt has the same Message-ID."""
    host = site.partition("://")[2].partition(":")[0] or "localhost"
    sender = (house and house.email) or f"noreply@{host}"
    letter = EmailMessage()
    letter["From"] = f'"{quotable(name_of(house))}" <{sender}>'
    letter["To"] = mail.recipient
    letter["Subject"] = subject
    letter["Date"] = format_datetime(now)
    letter["Message-ID"] = f"<{mail.pk}@{host}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(body, cte="quoted-printable")
    # Setting the content drops headers about it.
    letter["Content-Language"] = language
    return letter


def name_of(house: PartnerFacts | None) -> str:
    return house.legal_name if house else clearing_house().name


def quotable(name: str) -> str:
    return "".join(character for character in name if character.isprintable() and character != '"')


def stand(mail: Mail, answer: Answer, *, now: datetime) -> None:
    """Where the letter stands by what the server said; the caller saves it."""
    if answer.is_accepted:
        mail.state = mail.State.SENT
    elif answer.is_final or mail.attempts > len(_WAITS):
        mail.state = mail.State.FAILED
    is_queued = mail.state == mail.State.QUEUED
    mail.next_attempt_at = now + _WAITS[mail.attempts - 1] if is_queued else None
