"""What 2890 holds for a partner: set against a debt, or given back; the effect is shown first."""

from functools import partial
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget

from billing.admin.amounts import amount
from billing.admin.bank_questions import may_decide
from billing.admin.close import name_of
from billing.admin.payment_acts import may_change
from billing.messages.sepa_text import NotSendable
from billing.models import Account, DunningCharge, Position
from billing.rules.bank_facts import Debt
from billing.rules.unallocated import pays
from billing.services.bank import unallocated
from billing.services.bank.unallocated import NotAllocatable
from billing.services.payments import pay_backs
from billing.services.payments.pay_backs import NotPayable
from clearinghouse.retry import in_transaction
from partners.admin.confirm import NotPossible, Question, ReasonForm, ask, change_url
from partners.admin.story import WARN, ActionLink, Figure, Figures, Note, Table, link


class DebtForm(ReasonForm):
    """Which debt it pays."""

    position = forms.ChoiceField(label="Pays", widget=UnfoldAdminSelectWidget)
    field_order = ("position", "reason")
    choices: list[tuple[str, str]] = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["position"].choices = self.choices  # type: ignore[attr-defined]


def holds_overpayments(account: Account) -> bool:
    """Tell whether it is the 2890 of a partner; the house's own is of nobody known."""
    is_house = account.partner is None or account.partner.is_clearing_house
    return account.code == Account.Code.UNALLOCATED and not is_house


def unallocated_urls(model_admin) -> list:
    """The two pages, below those of an account."""
    view = model_admin.admin_site.admin_view
    return [
        path(
            "<uuid:account_id>/set-against/",
            view(partial(_set_against, model_admin)),
            name="billing_account_set_against",
        ),
        path(
            "<uuid:account_id>/pay-back/",
            view(partial(_pay_back, model_admin)),
            name="billing_account_pay_back",
        ),
    ]


def unallocated_links(request, account: Account | None) -> list[ActionLink]:
    """What can be done with what is free there, for those who may."""
    if account is None or not holds_overpayments(account):
        return []
    if unallocated.free_minor(account) <= 0:
        return []
    found = []
    if may_decide(request):
        url = reverse("admin:billing_account_set_against", args=[account.pk])
        found.append(ActionLink("Set against a debt…", url))
    if may_change(request):
        url = reverse("admin:billing_account_pay_back", args=[account.pk])
        found.append(ActionLink("Pay back…", url))
    return found


def held_figures(account: Account) -> Figures:
    """What stands there, and what of it is free."""
    held, promised = unallocated.held_minor(account), unallocated.promised_minor(account)
    return Figures(
        [
            Figure("Held for the partner", amount(held, account.currency), "2890"),
            Figure("On its way back", amount(promised, account.currency), "proposed, not sent"),
            Figure("Free", amount(held - promised, account.currency)),
        ]
    )


def _account(request, model_admin, account_id, *, may: bool) -> Account:
    if not may:
        raise PermissionDenied
    account = model_admin.get_object(request, str(account_id))
    if account is None or not holds_overpayments(account):
        raise Http404
    return account


def _set_against(model_admin, request, account_id):
    """Which debt is paid, and how far what is free reaches."""
    account = _account(request, model_admin, account_id, may=may_decide(request))
    debts = in_transaction(lambda: unallocated.open_debts(account, now=timezone.now()))
    free = unallocated.free_minor(account)
    charges = unallocated.open_charges(account)
    choices = [
        *((f"position:{row.pk}", _told(row, debt, account)) for row, debt in debts),
        *((f"charge:{one.pk}", _told_charge(one)) for one in charges),
    ]
    question = Question(
        title=f"Set what 2890 holds for {account.partner} against a debt?",
        sentence="It is posted at once: 2890 against the account of its claims. What is more than"
        " the debt stays where it is.",
        button="Set it against the debt",
        effect=[
            *_why_not(free, choices),
            held_figures(account),
            _debts_table(account, free, debts),
            *([_charges_table(charges)] if charges else []),
        ],
        form_class=type("DebtFormOfOne", (DebtForm,), {"choices": choices}),
        is_possible=bool(free > 0 and choices),
        act=partial(_allocate, request, account),
    )
    return ask(request, model_admin, account, question)


def _why_not(free: int, choices: list[tuple[str, str]]) -> list[Note]:
    if free <= 0:
        return [Note("Nothing is free on it.", tone=WARN)]
    if not choices:
        return [Note("The partner owes nothing now: pay it back, or keep it.", tone=WARN)]
    return []


def _told(row: Position, debt: Debt, account: Account) -> str:
    open_told = amount(debt.open_minor, account.currency)
    return f"{name_of(row.settlement.window)}: {open_told} open, due {debt.due_on}"


def _told_charge(one: DunningCharge) -> str:
    minor = amount(one.amount_minor, one.position.settlement.currency)
    return f"{name_of(one.position.settlement.window)}: {one.get_kind_display()}, {minor}"


def _charges_table(charges: list[DunningCharge]) -> Table:
    return Table(
        "What it was charged for paying late",
        ("Settlement", "For", "Amount"),
        [
            (
                link(one.position, name_of(one.position.settlement.window)),
                one.get_kind_display(),
                amount(one.amount_minor, one.position.settlement.currency),
            )
            for one in charges
        ],
        frozenset({2}),
        note="A charge is paid whole.",
    )


def _debts_table(account: Account, free: int, debts: list[tuple[Position, Debt]]) -> Table:
    currency = account.currency
    return Table(
        "What the partner owes",
        ("Settlement", "Due", "Open", "Would be paid", "Would stay on 2890"),
        [
            (
                link(row, name_of(row.settlement.window)),
                debt.due_on,
                amount(debt.open_minor, currency),
                amount(pays(free, debt.open_minor), currency),
                amount(free - pays(free, debt.open_minor), currency),
            )
            for row, debt in debts
        ],
        frozenset({2, 3, 4}),
        empty="Nothing is open.",
    )


def _allocate(request, account: Account, answers) -> str:
    kind, _, key = answers["position"].partition(":")
    pay = unallocated.pay_charge if kind == "charge" else unallocated.allocate
    try:
        done = pay(
            account.pk,
            UUID(key),
            by=request.user.get_username(),
            reason=answers["reason"],
            now=timezone.now(),
        )
    except NotAllocatable as error:
        raise NotPossible(f"Nothing was posted: {error}") from error
    return f"Posted: {amount(done.amount_minor, account.currency)} is paid."


def _pay_back(model_admin, request, account_id):
    """All that is free goes back to the account in force, by a file that a second person sees."""
    account = _account(request, model_admin, account_id, may=may_change(request))
    effect: list[object] = [held_figures(account)]
    try:
        to = pay_backs.receiving_account(account, now=timezone.now())
    except NotPayable as error:
        effect.insert(0, Note(str(error), tone=WARN))
        is_possible = False
    else:
        is_possible = True
        free = amount(unallocated.free_minor(account), account.currency)
        effect.append(
            Table(
                "What leaves",
                ("To", "Account", "Amount"),
                [(to.holder, f"{to.iban[:2]} … {to.iban[-4:]}", free)],
                frozenset({2}),
            )
        )
    question = Question(
        title=f"Pay back to {account.partner} what came in too much?",
        sentence="A payment file is made now and never changes. A second person looks at exactly"
        " its hash; nothing leaves before.",
        button="Make the file and ask a second person",
        effect=effect,
        is_possible=is_possible,
        act=partial(_propose, request, account),
    )
    return ask(request, model_admin, account, question)


def _propose(request, account: Account, answers):
    try:
        file = pay_backs.propose(
            account.pk, reason=answers["reason"], maker=request.user, now=timezone.now()
        )
    except (NotPayable, NotSendable) as error:
        raise NotPossible(str(error)) from error
    return HttpResponseRedirect(change_url(file))
