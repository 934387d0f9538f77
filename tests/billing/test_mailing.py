"""Letters about documents leave over real SMTP; each attempt is kept with the server's answer."""

import io
import json
from datetime import timedelta
from email.message import EmailMessage

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.urls import reverse

from billing.gateways import Answer, hand_over, mail_server
from billing.models import DocumentMail, MailAttempt
from billing.rules.bounce import Bounce, read_bounce
from billing.services import mailing
from billing.tasks import send_letters
from partners.models import PartnerFacts
from tests.billing.portal_world import DECEMBER, World, settled_month
from tests.billing.smtp_sink import SmtpSink, smtp_sink

pytestmark = pytest.mark.django_db

BOUNCE = """\
From: MAILER-DAEMON@mx.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="b"
MIME-Version: 1.0

--b
Content-Type: text/plain

Sorry.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; finance@nordlicht.example
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such
 mailbox

--b
Content-Type: {kind}

Message-ID: {message_id}
Subject: Settlement statement

--b--
"""


@pytest.fixture
def sink(settings):
    settings.CSRF_TRUSTED_ORIGINS = ["https://clearing.example"]
    with smtp_sink() as sink, time_machine.travel(DECEMBER, tick=False):
        settings.EMAIL_URL = sink.url
        yield sink


@pytest.fixture
def world(sink) -> World:
    """Nordlicht is told in German at its finance address, Voltaire at its general one."""
    world = settled_month()
    facts = PartnerFacts.objects
    facts.filter(partner=world.nordlicht).update(
        finance_email="finance@nordlicht.example", language="de"
    )
    facts.filter(partner=world.voltaire).update(email="hello@voltaire.example", language="fr")
    return world


def mail_to(address: str) -> DocumentMail:
    return DocumentMail.objects.get(recipient=address)


class TestLetters:
    def test_tell_each_partner_once_in_its_language(self, sink, world):
        first, second = send_letters(), send_letters()

        assert (first, second) == (
            {"owed": 2, "sent": 2, "left": 0},
            {"owed": 0, "sent": 0, "left": 0},
        )
        german, french = sorted(sink.letters, key=lambda letter: letter["To"])
        number = world.statement.number
        assert german["To"] == "finance@nordlicht.example"
        assert german["Subject"] == f"Verrechnungsaufstellung {number}"
        assert (german["Content-Language"], french["Content-Language"]) == ("de", "fr")
        assert "vom 8. Dezember 2026 liegt für Sie bereit" in german.get_content()
        address = reverse("portal:statement-pdf", args=[world.statement.pk])
        assert f"https://clearing.example{address}" in german.get_content()
        assert french["Subject"].startswith("Relevé de compensation")
        assert german["Auto-Submitted"] == "auto-generated"
        assert not german.is_multipart()

    def test_carry_no_figure_and_no_name_of_another_partner(self, sink, world):
        send_letters()

        for letter in sink.letters:
            text = letter.as_string()
            assert "9.02" not in text
            assert "Voltaire" not in text or "voltaire" in letter["To"]

    def test_keep_what_the_server_said(self, sink, world):
        send_letters()

        mail = mail_to("finance@nordlicht.example")
        attempt = mail.log.get()
        assert (mail.state, mail.attempts, mail.next_attempt_at) == ("SENT", 1, None)
        assert attempt.is_accepted
        assert attempt.answer.startswith("250 2.0.0 queued as 000")
        assert attempt.message_id == f"<{mail.pk}@clearing.example>"
        assert attempt.message_id in [letter["Message-ID"] for letter in sink.letters]

    def test_wait_while_the_server_says_later(self, sink, world):
        sink.answers["RCPT"] = "451 4.7.1 greylisted, try again"
        send_letters()
        mail = mail_to("finance@nordlicht.example")
        assert (mail.state, mail.log.get().answer) == ("QUEUED", "451 4.7.1 greylisted, try again")
        assert mail.next_attempt_at == DECEMBER + timedelta(minutes=1)

        sink.answers.clear()
        assert send_letters()["sent"] == 0
        with time_machine.travel(DECEMBER + timedelta(minutes=2), tick=False):
            assert send_letters()["sent"] == 2

        assert [attempt.is_accepted for attempt in mail.log.order_by("pk")] == [False, True]

    def test_are_given_up_where_the_server_says_no(self, sink, world):
        sink.answers["RCPT"] = "550 5.1.1 no such mailbox"

        send_letters()

        mail = mail_to("hello@voltaire.example")
        assert (mail.state, mail.log.get().is_accepted) == ("FAILED", False)
        assert sink.letters == []

    def test_are_given_up_after_two_days_of_silence(self, sink, world, settings):
        settings.EMAIL_URL = "smtp://127.0.0.1:1"
        now = DECEMBER
        for _ in range(8):
            with time_machine.travel(now, tick=False):
                send_letters()
            now += timedelta(days=1)

        mail = mail_to("hello@voltaire.example")
        assert (mail.state, mail.attempts, mail.log.count()) == ("FAILED", 7, 7)
        assert mail.log.first().answer.startswith("ConnectionRefusedError")

    def test_wait_for_a_mail_server(self, sink, world, settings):
        settings.EMAIL_URL = ""

        assert send_letters() == {"owed": 2, "sent": 0, "left": 0}
        assert DocumentMail.objects.filter(state="QUEUED", attempts=0).count() == 2

    def test_wait_for_the_file(self, sink, world):
        from billing.models import Document

        Document.objects.create(
            number="ST-2026-000009",
            kind="STATEMENT",
            environment="LIVE",
            partner=world.nordlicht,
            content={},
            content_sha256="ab" * 32,
            issued_at=DECEMBER,
        )

        assert send_letters()["owed"] == 2

    def test_tell_nobody_of_old_documents_or_without_an_address(self, sink, world):
        PartnerFacts.objects.filter(partner=world.voltaire).update(email="", finance_email="")
        assert mailing.owe_letters(now=DECEMBER + timedelta(days=60)) == 0

        assert mailing.owe_letters(now=DECEMBER) == 1

    def test_are_taken_by_one_worker_at_a_time(self, sink, world):
        mailing.owe_letters(now=DECEMBER)

        taken = [mailing._claim(before=DECEMBER, now=DECEMBER) for _ in range(3)]

        assert len({mail.pk for mail in taken if mail}) == 2
        assert taken[2] is None

    def test_of_a_hostile_name_start_no_header(self, sink, world):
        house = PartnerFacts(legal_name='Evil"\r\nBcc: all@example', email="h@house.example")
        mailing.owe_letters(now=DECEMBER)

        letter = mailing.letter_about(
            DocumentMail.objects.first(),
            house=house,
            site="https://clearing.example",
            link=lambda document: "/",
            now=DECEMBER,
        )

        assert "Bcc" not in letter
        assert letter["From"].addresses[0].addr_spec == "h@house.example"


class TestMailServer:
    @pytest.mark.parametrize(
        ("url", "security", "port"),
        [
            ("smtp://mail.example", "smtp", 25),
            ("smtp+tls://me:p%40ss@mail.example", "smtp+tls", 587),
            ("smtps://mail.example:2465", "smtps", 2465),
        ],
    )
    def test_is_read_from_its_url(self, url, security, port):
        server = mail_server(url)

        assert (server.security, server.host, server.port) == (security, "mail.example", port)
        assert server.password in {"", "p@ss"}

    def test_that_is_none_is_refused_without_its_password(self):
        assert mail_server("") is None
        with pytest.raises(ValueError, match="EMAIL_URL") as refused:
            mail_server("http://me:secret@mail.example")
        assert "secret" not in str(refused.value)

    def test_that_offers_no_tls_gets_no_letter(self, sink, world):
        mailing.owe_letters(now=DECEMBER)
        server = mail_server(sink.url.replace("smtp:", "smtp+tls:"))
        letter = mailing.letter_about(
            DocumentMail.objects.first(),
            house=None,
            site="https://clearing.example",
            link=lambda document: "/",
            now=DECEMBER,
        )

        answer = hand_over(server, letter)

        assert answer == Answer(
            False, False, "SMTPNotSupportedError: STARTTLS extension not supported by server."
        )
        assert sink.letters == []

    @pytest.mark.parametrize(
        ("address", "taken_for"),
        [
            ("nina@ex\u00e4mple.example", "rcpt TO:<nina@xn--exmple-cua.example>"),
            (f"nina@{'a' * 70}\u00e4.example", ""),
            ("ni\u00f1a@mail.example", ""),
        ],
    )
    def test_is_asked_in_ascii_or_not_at_all(self, sink, address, taken_for):
        """One that cannot be written ends its own letter, not the run that sends all others."""
        letter = EmailMessage()
        letter["From"], letter["To"] = "house@clearing.example", address
        letter.set_content("hello")

        answer = hand_over(mail_server(sink.url), letter)

        assert answer.is_accepted == bool(taken_for)
        assert answer.is_final
        assert sink.recipients == [taken_for] * bool(taken_for)


class TestBounces:
    @pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers"])
    def test_are_read_from_the_notification(self, kind):
        raw = BOUNCE.format(action="failed", kind=kind, message_id="<7@clearing.example>")

        assert read_bounce(raw.encode()) == Bounce(
            "<7@clearing.example>", "smtp; 550 5.1.1 no such mailbox"
        )

    @pytest.mark.parametrize("raw", [b"", b"Subject: hello\n\nMessage-ID: <7@x>\n", b"\xff\x00"])
    def test_are_not_seen_in_other_mail(self, raw):
        assert read_bounce(raw) is None

    def test_of_a_delay_are_none(self):
        raw = BOUNCE.format(action="delayed", kind="message/rfc822", message_id="<7@x>")

        assert read_bounce(raw.encode()) is None

    def test_mark_the_letter_once(self, sink, world, tmp_path, admin_client):
        send_letters()
        mail = mail_to("finance@nordlicht.example")
        notice = tmp_path / "bounce.eml"
        message_id = mail.log.get().message_id
        notice.write_text(
            BOUNCE.format(action="failed", kind="message/rfc822", message_id=message_id)
        )

        for _ in range(2):
            out = io.StringIO()
            call_command("take_bounce", str(notice), stdout=out)

        mail.refresh_from_db()
        assert mail.state == "BOUNCED"
        assert json.loads(out.getvalue()) == {
            "document": world.statement.number,
            "state": "BOUNCED",
        }
        assert mail.log.count() == 2
        page = admin_client.get(
            reverse("admin:billing_document_change", args=[world.statement.pk])
        ).content.decode()
        assert "no such mailbox" in page
        assert "finance@nordlicht.example" in page
        assert "Came back" in page

    def test_of_unknown_letters_are_refused(self, tmp_path):
        notice = tmp_path / "bounce.eml"
        notice.write_text(
            BOUNCE.format(action="failed", kind="message/rfc822", message_id="<7@nowhere>")
        )

        with pytest.raises(CommandError, match="wrote no letter"):
            call_command("take_bounce", str(notice))


def test_attempts_are_never_changed(sink: SmtpSink, world):
    send_letters()

    with pytest.raises(Exception, match=r"append-only|permission denied"):
        MailAttempt.objects.update(is_accepted=False)
