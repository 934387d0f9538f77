"""``manage.py load_tax_rows``: the tax rows a new installation starts with."""

from django.core.management.base import BaseCommand

from billing.services.tax_rows import load_default_rows


class Command(BaseCommand):
    help = "Enter default VAT rates and rules where a country has none. Have them confirmed."

    def handle(self, *args, **options):
        added = load_default_rows()
        self.stdout.write(f"{added} rows entered; a tax adviser must confirm them.")
