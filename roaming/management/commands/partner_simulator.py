"""``manage.py partner_simulator``: a fake CSO or CSP that speaks OCPI. No database.

Standard output holds JSON lines alone: where it listens, each call in and out, each step of a
scenario. Tokens of the connection are left out, but for the one that a peer needs to register.
"""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from roaming.protocols.ocpi.simulator import Behaviour, FakePartner, Options, RegistrationFailed
from roaming.protocols.ocpi.simulator.csp import UID
from roaming.protocols.ocpi.simulator.exact import write
from roaming.protocols.ocpi.simulator.options import VERSIONS
from roaming.protocols.ocpi.simulator.platform import PeerLacks
from roaming.protocols.ocpi.simulator.scenario import SCENARIOS, furnish


class Command(BaseCommand):
    help = (
        "Be a partner: serve OCPI at --bind and, with --register, register at a hub. Without a"
        " scenario it serves until it is interrupted; a scenario ends with status 1 where a step"
        " failed."
    )
    requires_system_checks = []

    def create_parser(self, prog_name, subcommand, **options):
        """``--version`` is OCPI's here, not Django's."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **options)

    def add_arguments(self, parser):
        parser.add_argument("--role", choices=("cso", "csp", "both"), default="cso")
        parser.add_argument("--version", choices=VERSIONS, default="2.2.1", dest="ocpi_version")
        parser.add_argument("--party", default="NL*SIM", help="as NL*AAA")
        parser.add_argument("--bind", default="127.0.0.1:9000", metavar="HOST:PORT")
        parser.add_argument("--public-url", default="", metavar="URL", help="where peers reach us")
        parser.add_argument("--register", metavar="URL", help="the versions URL of the hub")
        parser.add_argument("--token", metavar="TOKEN_A", help="what the hub gave for --register")
        behaviours = [str(one) for one in Behaviour]
        parser.add_argument("--behave", choices=behaviours, default="well")
        parser.add_argument(
            "--at", action="append", default=[], metavar="MODULE", help="misbehave there only"
        )
        parser.add_argument("--raw-token", action="store_true", help="no Base64 in 2.2.1 and later")
        parser.add_argument("--sites", type=int, default=2, help="how many a cso has, made up")
        parser.add_argument("--locations", type=Path, metavar="FILE", help="a JSON list instead")
        parser.add_argument("--page-limit", type=int, default=50, help="of our own lists")
        parser.add_argument("--late", type=float, default=15, metavar="S", help="for --behave late")
        parser.add_argument("--scenario", choices=sorted(SCENARIOS))
        parser.add_argument("--uid", default=UID, help="the token of a scenario")
        parser.add_argument("--stay", action="store_true", help="serve on after the scenario")

    def handle(self, **options):
        if options["register"] and not options["token"]:
            raise CommandError("--register needs the --token that the hub gave", returncode=2)
        if options["scenario"] and not options["register"]:
            raise CommandError("a --scenario needs a hub to --register at", returncode=2)
        self._writing = threading.Lock()
        partner = _partner(options, self._print)
        _furnish(partner, options)
        with _listening(partner, options["bind"]):
            self._begin(partner, options)
            ok = self._play(partner, options)
            if options["stay"] or not options["scenario"]:
                _wait_for_a_signal()
        if not ok:
            sys.exit(1)

    def _begin(self, partner: FakePartner, options: dict) -> None:
        ready = {"versions_url": partner.versions_url, "role": options["role"]}
        if options["register"]:
            self._print(ready)
            try:
                partner.register(options["register"], options["token"])
            except RegistrationFailed as error:
                raise CommandError(f"not registered: {error}") from error
        else:
            self._print(ready | {"registration_token": partner.issue_registration_token()})
        partner.behave(options["behave"], *options["at"])

    def _play(self, partner: FakePartner, options: dict) -> bool:
        if not options["scenario"]:
            return True
        steps = []
        try:
            for step in SCENARIOS[options["scenario"]](partner, options["uid"]):
                steps.append(step)
                self._print(step.line())
        except (PeerLacks, ValueError) as error:
            raise CommandError(f"the scenario ended: {error}") from error
        return all(step.ok for step in steps)

    def _print(self, told: dict) -> None:
        with self._writing:  # calls come from many threads
            self.stdout.write(write(told).decode())
            self.stdout.flush()


def _partner(options: dict, tell) -> FakePartner:
    try:
        return FakePartner(
            options["role"],
            options["ocpi_version"],
            party=options["party"],
            bind=options["bind"],
            options=Options(
                base64=False if options["raw_token"] else None,
                public_url=options["public_url"],
                page_limit=options["page_limit"],
                late_s=options["late"],
                trace=lambda call: tell(call.line()),
            ),
        )
    except ValueError as error:
        raise CommandError(str(error), returncode=2) from error


def _furnish(partner: FakePartner, options: dict) -> None:
    path = options["locations"]
    try:
        if path:
            partner.load_locations(path)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise CommandError(f"{path} cannot be read: {error}", returncode=2) from error
    furnish(partner, sites=0 if path else options["sites"], uid=options["uid"])


@contextmanager
def _listening(partner: FakePartner, bind: str) -> Iterator[None]:
    try:
        partner.come_back()
    except OSError as error:
        message = f"cannot listen at {bind}: {error}; choose another --bind"
        raise CommandError(message, returncode=2) from error
    try:
        yield
    finally:
        partner.close()


def _wait_for_a_signal() -> None:
    stopped = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: stopped.set())
    stopped.wait()
