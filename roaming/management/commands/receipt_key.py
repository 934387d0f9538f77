"""``manage.py receipt_key``: the public half of RECEIPT_SIGNING_KEY. No database."""

import base64

from django.core.management.base import BaseCommand

from roaming.services import receipts


class Command(BaseCommand):
    help = "Print the public key that receipts are signed with, as RECEIPT_RETIRED_KEYS takes it."
    requires_system_checks = []

    def handle(self, **options):
        current = receipts.public_keys()[0]["x"]
        raw = base64.urlsafe_b64decode(current + "=" * (-len(current) % 4))
        self.stdout.write(base64.b64encode(raw).decode())
