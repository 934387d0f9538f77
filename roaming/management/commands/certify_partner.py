"""``manage.py certify_partner``: the conformance cases, asked of a partner's test system."""

import json
import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from partners.models import Environment, Partner
from roaming.protocols.ocpi.certify import CASES, Report, Target, Verdict, certify, our_role
from roaming.protocols.ocpi.simulator import FakePartner, Options, RegistrationFailed
from roaming.protocols.ocpi.simulator.options import VERSIONS
from roaming.rules.receipt import ReceiptInvalid
from roaming.services import certification, receipts

_WIDTH = 160
_COLOURS = {Verdict.PASSED: "green", Verdict.FAILED: "red", Verdict.NOT_APPLICABLE: "dim"}


class Command(BaseCommand):
    help = (
        "Ask a partner's OCPI system the conformance cases and report what came. Writes test"
        " objects (ids CERT…) there: only ever at a test system. Exit status 1 where a case failed."
    )

    def create_parser(self, prog_name, subcommand, **options):
        """``--version`` is OCPI's here, not Django's."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **options)

    def add_arguments(self, parser):
        parser.add_argument("--url", help="the partner's versions URL")
        parser.add_argument("--token", help="an active token, or with --register a TOKEN_A")
        parser.add_argument("--register", action="store_true", help="ask the handshake, too")
        parser.add_argument("--role", choices=("cso", "csp", "both"), default="cso")
        parser.add_argument("--version", choices=VERSIONS, default="2.2.1", dest="ocpi_version")
        parser.add_argument("--party", default="", help="the partner's own, as NL*AAA")
        parser.add_argument("--as", default="NL*TST", dest="ours", help="the party that we are")
        parser.add_argument("--bind", default="127.0.0.1:0", metavar="HOST:PORT")
        parser.add_argument("--public-url", default="", metavar="URL", help="where we are reached")
        parser.add_argument("--raw-token", action="store_true", help="no Base64 in 2.2.1 and later")
        parser.add_argument("--timeout", type=float, default=10, metavar="S", help="for each call")
        parser.add_argument("--only", default="", metavar="TRN-01,…", help="these cases alone")
        parser.add_argument(
            "--environment", default=Environment.TEST, help="there is TEST and nothing else"
        )
        parser.add_argument("--json", action="store_true", help="print the report as JSON")
        parser.add_argument("--sign", action="store_true", help="add our signature to the JSON")
        parser.add_argument("--keep", metavar="PARTNER", help="sign it and store it with a partner")
        parser.add_argument("--cases", action="store_true", help="list the cases and ask nothing")
        parser.add_argument("--verify", type=Path, metavar="FILE", help="check a signed report")
        parser.add_argument("--keys", type=Path, metavar="JWKS", help="published keys for --verify")

    def handle(self, **options):
        if options["cases"]:
            self.stdout.write("\n".join(f"{one.id}  {one.asks}: {one.expects}" for one in CASES))
            return
        if options["verify"]:
            self._verify(options["verify"], options["keys"])
            return
        partner = _partner(options["keep"])
        report = _asked(options)
        content = report.as_json()
        told: dict[str, object] = {"report": content}
        if options["sign"] or partner:
            signature = certification.sign(content, now=report.ran_at)
            told["signature"] = signature
            if partner:
                certification.keep(partner, content, signature, now=report.ran_at)
        if options["json"] or options["sign"]:
            self.stdout.write(json.dumps(told, ensure_ascii=False, indent=2))
        else:
            self._print(report)
        if not report.ok:
            sys.exit(1)

    def _print(self, report: Report) -> None:
        table = Table("Case", "Asked", "Expected", "Came", "Verdict", title=report.versions_url)
        for one in report.results:
            verdict = f"[{_COLOURS[one.verdict]}]{one.verdict}[/]"
            table.add_row(one.case.id, one.case.asks, one.case.expects, one.came, verdict)
        console = Console(width=None if sys.stdout.isatty() else _WIDTH)
        with console.capture() as printed:
            console.print(table)
            console.print(", ".join(f"{n} {verdict}" for verdict, n in report.totals.items()))
        self.stdout.write(printed.get())

    def _verify(self, path: Path, keys: Path | None) -> None:
        """What stands beside the signature must be what was signed."""
        try:
            told = json.loads(path.read_text())
            known = json.loads(keys.read_text())["keys"] if keys else receipts.public_keys()
            report = certification.verify(told["signature"], keys=known)
        except ReceiptInvalid as error:
            raise CommandError(f"Not valid: {error}") from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CommandError(f"Cannot be read: {error}", returncode=2) from error
        if told.get("report") != report:
            raise CommandError("Not valid: the report is not the one that was signed")
        self.stdout.write(f"Valid: {json.dumps(report['totals'])} at {report['versions_url']}")


def _asked(options: dict) -> Report:
    if not options["url"] or not options["token"]:
        raise CommandError("--url and --token of the partner are needed", returncode=2)
    if options["environment"] != Environment.TEST:
        raise CommandError("only a TEST system is certified: cases write objects", returncode=2)
    only = _known(options["only"])
    target = Target(
        options["url"], options["token"], options["role"], options["register"], options["party"]
    )
    settings = Options(
        base64=False if options["raw_token"] else None,
        public_url=options["public_url"],
        timeout_s=options["timeout"],
    )
    try:
        certification.refuse_live(options["url"])
        us = FakePartner(
            our_role(options["role"]),
            options["ocpi_version"],
            party=options["ours"],
            bind=options["bind"],
            options=settings,
        )
        with us:
            return certify(us, target, ran_at=timezone.now(), only=only)
    except (ValueError, OSError, certification.LiveSystem) as error:
        raise CommandError(str(error), returncode=2) from error
    except RegistrationFailed as error:
        raise CommandError(f"the partner's endpoints cannot be learnt: {error}") from error


def _known(only: str) -> set[str]:
    wanted = {one.strip().upper() for one in only.split(",") if one.strip()}
    if unknown := wanted - {one.id for one in CASES}:
        raise CommandError(f"no such cases: {', '.join(sorted(unknown))}", returncode=2)
    return wanted


def _partner(name: str | None) -> Partner | None:
    if not name:
        return None
    found = Partner.objects.filter(name=name).first()
    if found is None:
        raise CommandError(f"there is no partner {name}", returncode=2)
    return found
