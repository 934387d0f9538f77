"""``manage.py connect_partner``: we register at a partner's system, as the button in the admin."""

import getpass
import json
import os
import sys
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from partners.models import RoamingEndpoint
from roaming.messages.registrations import Registration
from roaming.services import connecting
from roaming.services.connecting import NotConnected, Who


class Command(BaseCommand):
    help = (
        "Register at a partner's OCPI system with the token it gave us, over a connection that"
        " was prepared under Operation · Connections. The token is read from standard input or"
        " CONNECT_TOKEN, so that no list of processes shows it."
    )

    def create_parser(self, prog_name, subcommand, **options):
        """``--version`` is OCPI's here, not Django's."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **options)

    def add_arguments(self, parser):
        parser.add_argument("connection", type=UUID, help="its id, as in the address of its page")
        parser.add_argument("--url", required=True, help="the partner's versions URL")
        parser.add_argument("--version", default="2.2.1", dest="spoken", help="2.3.0, 2.2.1, 2.1.1")
        parser.add_argument("--reason", required=True, help="why, for the audit trail")

    def handle(self, **options):
        endpoint = RoamingEndpoint.objects.filter(pk=options["connection"]).first()
        if endpoint is None:
            raise CommandError(f"There is no connection {options['connection']}.")
        token = os.environ.get("CONNECT_TOKEN") or sys.stdin.readline().strip()
        if not token:
            raise CommandError("No token: pass the partner's by standard input or CONNECT_TOKEN.")
        wanted = Registration(
            versions_url=options["url"],
            token=token,
            version=options["spoken"],
            own_url=f"{settings.PUBLIC_URL}/ocpi/versions",
        )
        try:
            connected = connecting.connect(
                endpoint,
                wanted,
                who=Who(f"command by {getpass.getuser()}", options["reason"]),
                now=timezone.now(),
            )
        except NotConnected as failure:
            raise CommandError(str(failure)) from failure
        told = {
            "connection": str(connected.pk),
            "state": connected.state,
            "version": connected.protocol_version,
            "modules": sorted(set(connected.interfaces.values_list("module", flat=True))),
        }
        self.stdout.write(json.dumps(told))
