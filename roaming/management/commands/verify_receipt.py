"""``manage.py verify_receipt FILE RECEIPT``: did we sign for exactly these bytes? No database."""

import gzip
import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from roaming.rules.receipt import ReceiptInvalid
from roaming.services import receipts


class Command(BaseCommand):
    help = "Verify a receipt over the body of a batch, and print what it says."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="the body as sent; .gz is unpacked")
        parser.add_argument("receipt", help="the receipt, or a file that holds it")
        parser.add_argument(
            "--keys",
            type=Path,
            metavar="JWKS",
            help="a copy of /.well-known/jwks.json, instead of this installation's keys",
        )

    def handle(self, *, file: Path, receipt: str, keys: Path | None, **options):
        """Exit status 1 where it does not fit; standard output holds the claims alone."""
        try:
            text = Path(receipt).read_text() if _is_file(receipt) else receipt
            known = json.loads(keys.read_text())["keys"] if keys else receipts.public_keys()
            claims = receipts.verify(text, _body(file), keys=known)
        except ReceiptInvalid as error:
            raise CommandError(f"Not valid: {error}") from error
        except (OSError, ValueError, KeyError) as error:
            raise CommandError(f"Cannot be read: {error}", returncode=2) from error
        self.stdout.write(json.dumps(claims, ensure_ascii=False, indent=2))


def _is_file(receipt: str) -> bool:
    """A receipt is longer than the names of files may be."""
    return len(receipt) < 255 and Path(receipt).is_file()


def _body(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
