"""``manage.py invoice_gaps [--json]``: is a number of a statement or invoice missing?"""

import json
from dataclasses import asdict

from django.core.management.base import BaseCommand, CommandError

from billing.queries_numbers import series_reports


class Command(BaseCommand):
    help = (
        "Print every series of document numbers with what is missing in it. Ends with 1 where a"
        " number was given and stands on no document."
    )

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args, **options):
        reports = series_reports()
        if options["json"]:
            self.stdout.write(json.dumps({"series": [asdict(one) for one in reports]}))
        else:
            for one in reports:
                told = "gapless" if one.is_gapless else f"MISSING {', '.join(one.missing)}"
                beyond = f", {one.unexpected} beyond it" if one.unexpected else ""
                self.stdout.write(
                    f"{one.environment} {one.series} {one.year}: {one.last_number} given,"
                    f" {told}{beyond}"
                )
        if not all(one.is_gapless for one in reports):
            raise CommandError("A number is missing: compare the series with the backups.")
