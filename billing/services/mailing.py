"""Letters about documents: owed once per address, handed to the mail server, every answer kept.

A letter names the document and where to fetch it; it carries no figures and no attachment. Owing
and sending are two steps, so that a broken mail server loses nothing: what is QUEUED is tried
again, and each attempt is a row of its own.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from billing.documents.languages import writer_for
from billing.documents.texts import texts_of
from billing.gateways import Answer, MailServer
from billing.models import Document, DocumentFile, DocumentMail, MailAttempt
from billing.services.mail_queue import claimed, letter_to, name_of, stand, try_each
from clearinghouse.uuid7 import uuid7_at
from partners.models import Environment, PartnerFacts
from partners.queries import in_period

# Older documents are not told: who sets mail up late wants no year of letters at once.
TOLD_FOR = timedelta(days=30)


def owe_letters(*, now: datetime) -> int:
    """Queue a letter to each partner that a document concerns, once its file is there.

    Idempotent: one per document and address, whoever asks. Partners without a mail address get
    none; their documents are in the portal all the same.
    """
    has_file = Exists(DocumentFile.objects.filter(document=OuterRef("pk")))
    is_told = Exists(DocumentMail.objects.filter(document=OuterRef("pk")))
    untold = Document.objects.filter(has_file, ~is_told, issued_at__gt=now - TOLD_FOR)
    concerned = {
        document_id: {partner for partner in partners if partner}
        for document_id, *partners in untold.values_list(
            "pk", "partner_id", "invoice__seller_id", "invoice__buyer_id"
        )
    }
    addresses = _addresses(set().union(*concerned.values()), now=now)
    letters = [
        DocumentMail(
            id=uuid7_at(now),
            document_id=document_id,
            recipient=addresses[partner][0],
            language=addresses[partner][1],
            next_attempt_at=now,
            created_at=now,
        )
        for document_id, partners in concerned.items()
        for partner in sorted(partners, key=str)
        if partner in addresses
    ]
    DocumentMail.objects.bulk_create(letters, ignore_conflicts=True)
    return len(letters)


def _addresses(partners: Iterable[UUID], *, now: datetime) -> dict[UUID, tuple[str, str]]:
    """Finance address, else the general one, and the language; the house writes to itself never."""
    facts = PartnerFacts.objects.filter(
        in_period(now), partner__in=list(partners), partner__is_clearing_house=False
    ).exclude(Q(finance_email="") & Q(email=""))
    return {one.partner_id: (one.finance_email or one.email, one.language) for one in facts}


def send_letters(
    server: MailServer, *, site: str, link: Callable[[Document], str], clock: Callable[[], datetime]
) -> dict[str, int]:
    """Try every letter that is due, once; ``link`` gives the path of a document on ``site``."""
    write = partial(letter_about, site=site, link=link)
    return try_each(server, claim=_claim, write=write, note=_note, clock=clock)


def letter_about(
    mail: DocumentMail,
    *,
    house: PartnerFacts | None,
    site: str,
    link: Callable[[Document], str],
    now: datetime,
) -> EmailMessage:
    """Write the letter in its reader's language; a repeated attempt has the same Message-ID."""
    document = mail.document
    texts, writer = texts_of("mail", mail.language), writer_for(mail.language)
    values = {
        "kind": texts[f"kind_{document.kind.lower()}"],
        "number": document.number,
        "day": writer.day(document.issued_at.date()),
        "link": f"{site}{link(document)}",
        "house": name_of(house),
    }
    test = "[TEST] " if document.environment == Environment.TEST else ""
    subject, body = test + texts["subject"].format(**values), texts["body"].format(**values)
    return letter_to(
        mail,
        house=house,
        site=site,
        subject=subject,
        body=body,
        language=writer.language,
        now=now,
    )


def _claim(*, before: datetime, now: datetime) -> DocumentMail | None:
    letters = DocumentMail.objects.select_related("document").defer("document__content")
    return claimed(letters, before=before, now=now)


@transaction.atomic
def _note(mail: DocumentMail, message_id: str, answer: Answer, *, now: datetime) -> None:
    """Keep what the server said, and where the letter stands by it."""
    MailAttempt.objects.create(
        id=uuid7_at(now),
        mail=mail,
        message_id=message_id,
        is_accepted=answer.is_accepted,
        answer=answer.words,
        at=now,
    )
    stand(mail, answer, now=now)
    mail.save(update_fields=["state", "next_attempt_at"])


@transaction.atomic
def note_bounce(message_id: str, *, reason: str, now: datetime) -> DocumentMail | None:
    """Note that a letter came back; None where we wrote no such letter. Idempotent."""
    attempt = MailAttempt.objects.filter(message_id=message_id, is_accepted=True).first()
    if attempt is None:
        return None
    mail = DocumentMail.objects.select_for_update().get(pk=attempt.mail_id)
    if mail.state != DocumentMail.State.BOUNCED:
        MailAttempt.objects.create(
            id=uuid7_at(now),
            mail=mail,
            message_id=message_id,
            is_accepted=False,
            answer=f"came back: {reason}"[:500],
            at=now,
        )
        mail.state = DocumentMail.State.BOUNCED
        mail.save(update_fields=["state"])
    return mail
