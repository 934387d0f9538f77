"""``manage.py location_findings``: EVSEs told twice, tariffs that are not there, odd places."""

import msgspec
from django.core.management.base import BaseCommand

from partners.models import Environment
from roaming.management.parties import cso_by_code
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
        csos = [cso_by_code(cso, environment).pk] if cso else []
        found = location_findings.findings(environment=environment, csos=csos, limit=limit)
        if json:
            self.stdout.write(msgspec.json.encode(found).decode())
        else:
            self.stdout.write("\n".join(_lines(found)))


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
