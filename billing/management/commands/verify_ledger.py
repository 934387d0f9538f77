"""``manage.py verify_ledger [--json]``: redo every seal and re-add every transfer."""

import json
from dataclasses import asdict

from django.core.management.base import BaseCommand, CommandError

from billing.services import sealing


class Command(BaseCommand):
    help = "Prove that no ledger row was changed since it was sealed; exit 1 when one was."

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args, **options):
        verdict = sealing.verify()
        broken = verdict.first_broken
        if options["json"]:
            told = {
                "ok": verdict.ok,
                "checked": verdict.checked,
                "unsealed": verdict.unsealed,
                "first_broken": asdict(broken) if broken else None,
            }
            self.stdout.write(json.dumps(told))
        else:
            self.stdout.write(f"{verdict.checked:,} seals redone, {verdict.unsealed:,} to come.")
        if broken:
            raise CommandError(f"{broken.table} {broken.id}: {broken.reason}", returncode=1)
