"""``manage.py import_bank_statement FILE [--json]``: take in what the bank sent, and match it."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from billing.messages.bank_file import NotImportable
from billing.models import BankStatement
from billing.services.bank.importing import Imported, Received, import_file
from billing.services.bank.matching import Round, match_all
from clearinghouse.money import format_amount


class Command(BaseCommand):
    help = (
        "Import a camt.052, .053 or .054 file and match what is in it; a second time changes"
        " nothing. A file that is refused is kept with the reason; exit 2."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="the bank's XML file")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--environment", default="LIVE", choices=["LIVE", "TEST"])

    def handle(self, *, file: Path, environment: str, **options):
        told = self._json if options["json"] else self._text
        try:
            content = file.read_bytes()
        except OSError as error:
            self._refuse("FILE_NOT_READABLE", f"{file}: {error.strerror}", options["json"])
        received = Received(
            content=content, name=file.name, environment=environment, by="command line"
        )
        try:
            imported = import_file(received, now=timezone.now())
        except NotImportable as error:
            self._refuse(error.code, error.detail, options["json"])
        matched = match_all(environment, by="command line", now=timezone.now())
        told(file, imported, matched)
        for account in matched.stopped:
            self.stderr.write(
                f"Nothing of {account} is matched: a statement is missing. Import it, or say why"
                " there is none (admin: Missing statements)."
            )

    def _refuse(self, code: str, detail: str, as_json: bool):
        if as_json:
            self.stdout.write(json.dumps({"error": {"code": code, "detail": detail}}))
        raise CommandError(f"Refused ({code}): {detail}", returncode=2)

    def _json(self, file: Path, imported: Imported, matched: Round) -> None:
        self.stdout.write(
            json.dumps(
                {
                    "file": file.name,
                    "statements": [_statement(one) for one in imported.statements],
                    "matched": matched.matched,
                    "exceptions": matched.exceptions,
                    "duplicates": imported.duplicates,
                }
            )
        )

    def _text(self, file: Path, imported: Imported, matched: Round) -> None:
        for one in imported.statements:
            moved = f"{_told(one.credit_minor, one)} in, {_told(one.debit_minor, one)} out"
            self.stdout.write(f"{one.account}: {one.entries_count:,} entries, {moved}")
        self.stdout.write(
            f"{imported.added:,} payments are new, {imported.duplicates:,} were known;"
            f" {matched.matched:,} matched, {matched.exceptions:,} wait for a person."
        )


def _statement(one: BankStatement) -> dict[str, object]:
    return {
        "iban": one.account,
        "currency": one.currency,
        "opening_minor": one.opening_minor,
        "closing_minor": one.closing_minor,
        "entries": one.entries_count,
        "credit_minor": one.credit_minor,
        "debit_minor": one.debit_minor,
    }


def _told(minor: int, one: BankStatement) -> str:
    return format_amount(minor, one.currency)
