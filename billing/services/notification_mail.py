"""Letters to people: written in the language of each, tried until a server has answered.

Like the letters about documents they hold no figures of money and no attachment.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from itertools import groupby

from django.db import transaction
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext, ngettext

from billing.gateways import Answer, MailServer, hand_over
from billing.models import Notification, NotificationMail
from billing.services.mailing import LEASE, WAITS, quotable
from billing.services.notification_words import TITLES, line_of
from partners.models import PartnerFacts
from partners.queries import clearing_house, in_period

State = NotificationMail.State
# The path of a page on the site, from its name and what it is about.
Link = Callable[[Sequence[str]], str]
_LINES = 100


def send(
    server: MailServer, *, site: str, link: Link, clock: Callable[[], datetime]
) -> dict[str, int]:
    """Try every letter that is due, once; how many were taken and how many were not."""
    house = PartnerFacts.objects.filter(in_period(clock()), partner=clearing_house()).first()
    done, started_at = {"sent": 0, "left": 0}, clock()
    while mail := _claim(before=started_at, now=clock()):
        letter = letter_of(mail, house=house, site=site, link=link, now=clock())
        answer = hand_over(server, letter)
        _note(mail, str(letter["Message-ID"]), answer, now=clock())
        done["sent" if answer.is_accepted else "left"] += 1
    return done


def letter_of(
    mail: NotificationMail, *, house: PartnerFacts | None, site: str, link: Link, now: datetime
) -> EmailMessage:
    """Write it; a repeated attempt has the same Message-ID."""
    host = site.partition("://")[2].partition(":")[0] or "localhost"
    name = house.legal_name if house else clearing_house().name
    letter = EmailMessage()
    letter["From"] = f'"{quotable(name)}" <{(house and house.email) or f"noreply@{host}"}>'
    letter["To"] = mail.recipient
    notes = list(mail.notifications.order_by("kind", "pk")[: _LINES + 1])
    with translation.override(mail.language):
        letter["Subject"] = quotable(_subject(notes))
        body = _body(notes, site=site, link=link)
    letter["Date"] = format_datetime(now)
    letter["Message-ID"] = f"<{mail.pk}@{host}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(body, cte="quoted-printable")
    # Setting the content drops headers about it.
    letter["Content-Language"] = mail.language
    return letter


def _subject(notes: list[Notification]) -> str:
    if len(notes) == 1:
        return line_of(notes[0].facts)
    return ngettext(
        "%(count)s piece of news from the clearing house",
        "%(count)s pieces of news from the clearing house",
        len(notes),
    ) % {"count": len(notes)}


def _body(notes: list[Notification], *, site: str, link: Link) -> str:
    parts = []
    for kind, group in groupby(notes[:_LINES], key=lambda one: one.kind):
        lines = [f"- {line_of(one.facts)}\n  {site}{link(one.facts['page'])}" for one in group]
        parts.append("\n".join([str(TITLES[kind]), "", *lines]))
    if len(notes) > _LINES:
        parts.append(gettext("There is more: the portal shows all of it."))
    choose = gettext("What you are told by mail, and how often, you choose here:")
    parts.append(f"{choose}\n{site}{link(['portal:notifications'])}")
    return "\n\n".join(parts) + "\n"


def _claim(*, before: datetime, now: datetime) -> NotificationMail | None:
    """Take the letter that waits longest; while it is being sent nobody else takes it."""
    with transaction.atomic():
        due = NotificationMail.objects.filter(state=State.QUEUED, next_attempt_at__lte=before)
        mail = due.select_for_update(skip_locked=True).order_by("next_attempt_at", "pk").first()
        if mail is None:
            return None
        NotificationMail.objects.filter(pk=mail.pk).update(
            next_attempt_at=now + LEASE, attempts=F("attempts") + 1
        )
    return NotificationMail.objects.get(pk=mail.pk)


def _note(mail: NotificationMail, message_id: str, answer: Answer, *, now: datetime) -> None:
    """Where the letter stands by what the server said."""
    is_last = answer.is_final or mail.attempts > len(WAITS)
    if answer.is_accepted:
        mail.state = State.SENT
    elif is_last:
        mail.state = State.FAILED
    is_queued = mail.state == State.QUEUED
    mail.next_attempt_at = now + WAITS[mail.attempts - 1] if is_queued else None
    mail.message_id, mail.last_answer = message_id, answer.words
    mail.save(update_fields=["state", "next_attempt_at", "message_id", "last_answer"])


def note_bounce(message_id: str, *, reason: str) -> NotificationMail | None:
    """Note that a letter came back; None where we wrote no such letter. Idempotent."""
    mail = NotificationMail.objects.filter(message_id=message_id).exclude(message_id="").first()
    if mail is not None and mail.state != State.BOUNCED:
        mail.state, mail.last_answer = State.BOUNCED, f"came back: {reason}"[:500]
        mail.next_attempt_at = None
        mail.save(update_fields=["state", "last_answer", "next_attempt_at"])
    return mail
