"""The trial balance: every account as of an instant, and that they add up to nothing."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.utils import timezone

from billing.admin.amounts import amount
from billing.admin.books_pages import (
    AsOfForm,
    book_page,
    file_links,
    first_form,
    names_of,
    precise_text,
    table_answer,
)
from billing.models import Account
from billing.queries_books import NotCompleteYet, book_lines, complete_until
from billing.rules.books import AccountBalance, totals, trial_balance
from clearinghouse.money import from_minor_units
from partners.admin.story import (
    BAD,
    GOOD,
    WARN,
    Badge,
    Figure,
    Figures,
    Note,
    Story,
    Table,
    list_link,
)

_TITLE = "Trial balance"
_MILLISECOND = timedelta(milliseconds=1)
_HEADERS = "currency account name partner country debit credit balance".split()


def trial_balance_view(request, model_admin):
    """One line per account, as page or file; for the same instant always the same."""
    until = complete_until() or timezone.now()
    form = first_form(request, AsOfForm, as_of=precise_text(until))
    if not form.is_valid():
        return book_page(request, model_admin, title=_TITLE, form=form, story=Story([]))
    as_of, environment = form.cleaned_data["as_of"], form.cleaned_data["environment"]
    if as_of - until < _MILLISECOND:
        # The field says the last sealing to its millisecond; none comes in the rest of it.
        as_of = min(as_of, until)
    try:
        balances = trial_balance(book_lines(as_of=as_of, environment=environment))
    except NotCompleteYet as error:
        story = Story([Note(str(error), tone=WARN, title="Not complete yet")])
        return book_page(request, model_admin, title=_TITLE, form=form, story=story)
    names = names_of({one.account.partner for one in balances}) | {None: "the house"}
    if request.GET.get("file"):
        rows = _cells(balances, names)
        name = f"trial-balance-{as_of:%Y-%m-%d}"
        return table_answer(request, name=name, headers=_HEADERS, rows=rows)
    query = {"as_of": precise_text(as_of), "environment": environment}
    story = Story([*_figures(balances), *_tables(balances, names)], file_links(query))
    return book_page(request, model_admin, title=_TITLE, form=form, story=story)


def _figures(balances: Iterable[AccountBalance]) -> list[Figures]:
    return [
        Figures(
            [
                Figure("Debits", amount(debit, currency)),
                Figure("Credits", amount(credit, currency)),
                Figure(
                    "Balance",
                    Badge(amount(debit - credit, currency), GOOD if debit == credit else BAD),
                    "adds up" if debit == credit else "run verify_ledger",
                ),
            ],
            title=currency,
        )
        for currency, (debit, credit) in totals(balances).items()
    ]


def _tables(balances: Iterable[AccountBalance], names: dict) -> list[Table]:
    by_currency: dict[str, list[AccountBalance]] = defaultdict(list)
    for one in balances:
        by_currency[one.account.currency].append(one)
    return [
        Table(
            f"Accounts in {currency}",
            ("Account", "Name", "Partner", "Debits", "Credits", "Balance"),
            [
                (
                    list_link(Account, one.account.code, f"?code__exact={one.account.code}"),
                    _name(one.account.code),
                    names[one.account.partner],
                    amount(one.debit_minor, currency),
                    amount(one.credit_minor, currency),
                    amount(one.balance_minor, currency),
                )
                for one in rows
            ],
            frozenset({3, 4, 5}),
            note="A balance is debits less credits.",
        )
        for currency, rows in sorted(by_currency.items())
    ] or [Table("Accounts", ("Account",), [], empty="Nothing was posted until then.")]


def _name(code: str) -> str:
    """What the chart calls it, without its number."""
    return str(Account.Code(code).label).removeprefix(code).strip()


def _cells(balances: Iterable[AccountBalance], names: dict) -> Iterator[tuple]:
    for one in balances:
        account, currency = one.account, one.account.currency
        yield (
            currency,
            account.code,
            _name(account.code),
            names[account.partner],
            account.country_code,
            *(
                from_minor_units(minor, currency=currency)
                for minor in (one.debit_minor, one.credit_minor, one.balance_minor)
            ),
        )
