"""``manage.py import_registry KIND FILE --party DE*NLX``: rows of a registry from a file."""

import json
from collections import Counter
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from clearinghouse.identifiers import MalformedPartyCode, parse_party_code
from partners.models import Environment, Party
from partners.queries import current_owner
from roaming.services import holds, registries
from roaming.services.registry_rows import REGISTRIES, rows_of_csv


class Command(BaseCommand):
    help = "Import rows of a registry from CSV, a JSON array or NDJSON, for one party."

    def add_arguments(self, parser):
        parser.add_argument("kind", choices=sorted(REGISTRIES))
        parser.add_argument("file", type=Path)
        parser.add_argument("--party", required=True, help="e.g. DE*NLX")
        parser.add_argument("--environment", choices=Environment.values, default=Environment.LIVE)
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *, kind: str, file: Path, party: str, environment: str, **options):
        sender = _sender(party, role=REGISTRIES[kind].role, environment=environment)
        results = registries.upsert(kind, _rows(file), sender=sender)
        holds.heal(actor="command line", now=sender.now, party_ids=registries.parties_of(sender))
        counts = Counter(result.outcome for result in results)
        if options["json"]:
            self.stdout.write(json.dumps({"received": len(results), **counts}))
            return
        told = ", ".join(f"{number} {word}" for word, number in sorted(counts.items()))
        self.stdout.write(f"{len(results)} received: {told}")
        for result in results:
            for fault in result.errors:
                self.stdout.write(
                    f"  row {result.index}: {fault.code} {fault.field}: {fault.message}"
                )


def _sender(code: str, *, role: str, environment: str) -> registries.Sender:
    now = timezone.now()
    try:
        parsed = parse_party_code(code)
    except MalformedPartyCode as malformed:
        raise CommandError(str(malformed), returncode=2) from malformed
    country, _, party_id = parsed.normal.partition("*")
    party = Party.objects.filter(
        country_code=country, party_id=party_id, role=role, environment=environment
    ).first()
    owner = current_owner(party, at=now) if party else None
    if owner is None:
        raise CommandError(f"{parsed.normal} is no {role} party with an owner", returncode=2)
    return registries.Sender(
        partner=owner, environment=environment, now=now, party_code=parsed.normal
    )


def _rows(file: Path) -> list[object]:
    if not file.is_file():
        raise CommandError(f"there is no file {file}", returncode=2)
    try:
        text = file.read_text(encoding="utf-8-sig")
        if file.suffix == ".csv":
            return list(rows_of_csv(text))
        if text.lstrip().startswith("["):
            return list(json.loads(text))
    except ValueError as error:
        raise CommandError(f"{file.name} cannot be read: {error}", returncode=2) from error
    return [line.encode() for line in text.splitlines() if line.strip()]
