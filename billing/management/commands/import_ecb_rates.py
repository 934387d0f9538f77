"""``manage.py import_ecb_rates FILE``: take in the ECB's reference rates."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from billing.services.fx import RateDiffers, UnreadableRates, import_ecb_csv


class Command(BaseCommand):
    help = "Import the ECB's eurofxref CSV, plain, zipped or gzipped; what is known stays."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="eurofxref.csv, eurofxref-hist.zip, …")

    def handle(self, *, file: Path, **options):
        try:
            content = file.read_bytes()
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        try:
            done = import_ecb_csv(content, now=timezone.now())
        except (UnreadableRates, RateDiffers) as error:
            raise CommandError(f"Nothing was imported. {error}") from error
        self.stdout.write(f"{done.added:,} rates added, {done.known:,} were known.")
