"""``manage.py take_bounce [FILE]``: note that a letter came back. For the mail server's pipe."""

import json
import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from billing.rules.bounce import read_bounce
from billing.services import notification_mail
from billing.services.mailing import note_bounce


class Command(BaseCommand):
    help = "Read a delivery status notification (RFC 3464) and mark our letter as come back."

    def add_arguments(self, parser):
        parser.add_argument("file", nargs="?", help="the mail; without one it is read from stdin")

    def handle(self, *args, file: str | None = None, **options):
        raw = Path(file).read_bytes() if file else sys.stdin.buffer.read()
        bounce = read_bounce(raw)
        if bounce is None:
            raise CommandError(
                "This mail does not say that a letter failed for good.", returncode=2
            )
        if letter := notification_mail.note_bounce(bounce.message_id, reason=bounce.reason):
            self.stdout.write(json.dumps({"letter": str(letter.pk), "state": letter.state}))
            return
        mail = note_bounce(bounce.message_id, reason=bounce.reason, now=timezone.now())
        if mail is None:
            raise CommandError(f"We wrote no letter {bounce.message_id}.", returncode=2)
        answer = {"document": mail.document.number, "state": mail.state}
        self.stdout.write(json.dumps(answer))
