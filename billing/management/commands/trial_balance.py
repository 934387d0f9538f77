"""``manage.py trial_balance [--as-of INSTANT] [--environment LIVE] [--json]``."""

import json
from datetime import datetime
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from billing.queries_books import NotCompleteYet, book_lines, complete_until
from billing.rules.books import AccountBalance, trial_balance
from billing.rules.books import totals as totals_of
from partners.models import Environment, Partner


class Command(BaseCommand):
    help = (
        "Print every account's debits, credits and balance as of an instant; the same whenever it"
        " is run. Without --as-of: as of the last sealing."
    )

    def add_arguments(self, parser):
        parser.add_argument("--as-of", help="ISO 8601 with a time zone: 2027-02-08T17:00:00Z")
        parser.add_argument(
            "--environment", choices=Environment.values, default=Environment.LIVE.value
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args, **options):
        as_of = _instant(options["as_of"]) if options["as_of"] else complete_until()
        if as_of is None:
            raise CommandError("Nothing was sealed yet, so there is no book to read.")
        try:
            lines = book_lines(as_of=as_of, environment=options["environment"])
        except NotCompleteYet as error:
            raise CommandError(str(error)) from error
        balances = trial_balance(lines)
        totals = totals_of(balances)
        if options["json"]:
            self.stdout.write(json.dumps(_told(as_of, options["environment"], balances, totals)))
        else:
            self._print(as_of, balances, totals)
        if any(debit != credit for debit, credit in totals.values()):
            raise CommandError("The trial balance is not zero: run verify_ledger.")

    def _print(self, as_of, balances: list[AccountBalance], totals: dict) -> None:
        names: dict[UUID | None, str] = dict(Partner.objects.values_list("pk", "name"))
        self.stdout.write(f"As of {as_of.isoformat()}, minor units")
        for row in balances:
            account = row.account
            name = f"{account.code} {account.country_code} {names.get(account.partner, 'house')}"
            self.stdout.write(f"{account.currency} {name:<40} {row.balance_minor:>20,}")
        for currency, (debit, credit) in totals.items():
            self.stdout.write(f"{currency} debits {debit:,}, credits {credit:,}")


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{text!r} is no instant; write 2027-02-08T17:00:00Z.") from error
    if instant.tzinfo is None:
        raise CommandError(f"{text!r} has no time zone; write 2027-02-08T17:00:00Z.")
    return instant


def _told(
    as_of: datetime, environment: str, balances: list[AccountBalance], totals: dict
) -> dict[str, object]:
    return {
        "as_of": as_of.isoformat(),
        "environment": environment,
        "accounts": [
            {
                "code": row.account.code,
                "partner": str(row.account.partner) if row.account.partner else None,
                "country_code": row.account.country_code,
                "currency": row.account.currency,
                "debit_minor": row.debit_minor,
                "credit_minor": row.credit_minor,
                "balance_minor": row.balance_minor,
            }
            for row in balances
        ],
        "totals": {
            currency: {"debit_minor": debit, "credit_minor": credit}
            for currency, (debit, credit) in totals.items()
        },
    }
