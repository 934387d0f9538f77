"""``manage.py location_findings``: EVSEs told twice, tariffs that are not there, odd places."""

import msgspec
from django.core.management.base import BaseCommand, CommandError

from clearinghouse.identifiers import MalformedPartyCode, parse_party_code
from partners.models import Environment, Party
from roaming.services import location_findings
from roaming.services.location_findings import LocationFindings


class Command(BaseCommand):
    help = "Report what is wrong with the locations that CSOs tell. Nothing is changed."

    def add_arguments(self, parser):
        parser.add_argument("--cso", default="", help="of this one alone, e.g. DE*NLX")
        parser.add_argument("--environment", choices=Environment.values, default="LIVE")
        parser.add_argument("--limit", type=int, default=20, help="how many of each kind to list")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *, cso: str, environment: str, limit: int, json: bool, **options):
        csos = [_party(cso, environment).pk] if cso else []
        found = location_findings.findings(environment=environment, csos=csos, limit=limit)
        if json:
            self.stdout.write(msgspec.json.encode(found).decode())
        else:
            self.stdout.write("\n".join(_lines(found)))


def _party(code: str, environment: str) -> Party:
    try:
        country, _, party_id = parse_party_code(code).normal.partition("*")
    except MalformedPartyCode as malformed:
        raise CommandError(f"{malformed}; send e.g. DE*NLX") from malformed
    party = Party.objects.filter(
        country_code=country, party_id=party_id, role=Party.Role.CSO, environment=environment
    ).first()
    if party is None:
        raise CommandError(f"{code} is no CSO of {environment}.")
    return party


def _lines(found: LocationFindings) -> list[str]:
    return [
        f"EVSE ids told more than once: {found.duplicate_evses:,}",
        *(
            f"  {one.evse_id}  {one.told} times, {one.csos} CSOs, {one.statuses} statuses"
            for one in found.first_duplicate_evses
        ),
        f"Tariffs named but not published: {found.dangling_tariffs:,}",
        *(
            f"  {one.tariff_id} of {one.cso}, at {one.evses} EVSEs"
            for one in found.first_dangling_tariffs
        ),
        f"Locations without a place that can be: {found.odd_places:,}",
        *(
            f"  {one.location_id} of {one.cso}: {one.latitude}, {one.longitude}"
            for one in found.first_odd_places
        ),
    ]
