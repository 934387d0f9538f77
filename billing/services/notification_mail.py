"""Letters to people: written in the language of each, tried until a server has answered.

Like the letters about documents they hold no figures of money and no attachment.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from email.message import EmailMessage
from functools import partial
from itertools import groupby

from django.utils import translation
from django.utils.translation import gettext, ngettext

from billing.gateways import Answer, MailServer
from billing.models import Notification, NotificationMail
from billing.services.mail_queue import claimed, letter_to, quotable, stand, try_each
from billing.services.notification_words import TITLES, line_of
from partners.models import PartnerFacts

State = NotificationMail.State
# The path of a page on the site, from its name and what it is about.
Link = Callable[[Sequence[str]], str]
_LINES = 100


def send(
    server: MailServer, *, site: str, link: Link, clock: Callable[[], datetime]
) -> dict[str, int]:
    """Try every letter that is due, once; how many were taken and how many were not."""
    write = partial(letter_of, site=site, link=link)
    return try_each(server, claim=_claim, write=write, note=_note, clock=clock)


def letter_of(
    mail: NotificationMail, *, house: PartnerFacts | None, site: str, link: Link, now: datetime
) -> EmailMessage:
    """Write it; a repeated attempt has the same Message-ID."""
    notes = list(mail.notifications.order_by("kind", "pk")[: _LINES + 1])
    with translation.override(mail.language):
        subject, body = quotable(_subject(notes)), _body(notes, site=site, link=link)
    return letter_to(
        mail,
        house=house,
        site=site,
        subject=subject,
        body=body,
        language=mail.language,
        now=now,
    )


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
    return claimed(NotificationMail.objects.all(), before=before, now=now)


def _note(mail: NotificationMail, message_id: str, answer: Answer, *, now: datetime) -> None:
    stand(mail, answer, now=now)
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
