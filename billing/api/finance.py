"""/api/v1/windows/, positions/, payments/ and ledger/postings/: a partner's own, read-only."""

from billing.api import documentation_finance as documentation
from billing.api.own_lists import OwnList
from billing.api.reading_finance import (
    MoneyPositionPage,
    MoneyPositionRow,
    PaymentPage,
    PaymentRow,
    PostingPage,
    PostingRow,
    WindowPage,
    WindowRow,
)
from billing.models import Account, ClearingWindow, Payment, PositionState, Transfer
from billing.queries_finance import payments_for, positions_for, postings_for, windows_for
from partners.api.permissions import client_of

_FIGURES = (
    "receivable_minor payable_minor vat_minor fees_minor fee_vat_minor adjustments_minor"
    " carried_minor exchanged_minor net_minor carried_on_minor exchanged_on_minor due_minor"
).split()


class Windows(OwnList):
    page = WindowPage
    filters = {
        "state": ("state", tuple(ClearingWindow.State.values)),
        "currency": ("group__currency", ()),
    }

    @documentation.list_windows
    def get(self, request):
        return self.answer(request)

    def own(self, request):
        client = client_of(request)
        return windows_for(client.partner, environment=client.environment)

    def rows_of(self, request, found):
        return [
            WindowRow(
                id=one.pk,
                group=one.group.name,
                currency=one.group.currency,
                model=one.group.model,
                netting=one.group.netting,
                state=one.state,
                supply_starts_at=one.supply_starts_at,
                supply_ends_at=one.supply_ends_at,
                closes_at=one.closes_at,
                closed_at=one.closed_at,
            )
            for one in found
        ]


class Positions(OwnList):
    page = MoneyPositionPage
    filters = {
        "money_state": ("money__state", tuple(PositionState.State.values)),
        "currency": ("settlement__currency", ()),
    }

    @documentation.list_positions
    def get(self, request):
        return self.answer(request)

    def own(self, request):
        client = client_of(request)
        return positions_for(client.partner, environment=client.environment)

    def rows_of(self, request, found):
        return [_position(one) for one in found]


class Payments(OwnList):
    page = PaymentPage
    filters = {
        "state": ("state", tuple(Payment.State.values)),
        "purpose": ("purpose", tuple(Payment.Purpose.values)),
        "end_to_end_id": ("end_to_end_id", ()),
    }

    @documentation.list_payments
    def get(self, request):
        return self.answer(request)

    def own(self, request):
        client = client_of(request)
        return payments_for(client.partner, environment=client.environment)

    def rows_of(self, request, found):
        return [
            PaymentRow(
                id=one.pk,
                purpose=one.purpose,
                state=one.state,
                reason_code=one.reason_code,
                currency=one.currency,
                amount_minor=one.amount_minor,
                execution_date=one.execution_date,
                end_to_end_id=one.end_to_end_id,
                remittance=one.remittance,
                iban=f"{one.iban[:2]} … {one.iban[-4:]}",
                position_id=one.position_id,
            )
            for one in found
        ]


class Postings(OwnList):
    page = PostingPage
    filters = {
        "kind": ("kind", tuple(Transfer.Kind.values)),
        "currency": ("currency", ()),
    }

    @documentation.list_postings
    def get(self, request):
        return self.answer(request)

    def own(self, request):
        client = client_of(request)
        return postings_for(client.partner, environment=client.environment)

    def rows_of(self, request, found):
        own = client_of(request).partner_id
        return [_posting(one, own) for one in found]


def _position(one) -> MoneyPositionRow:
    window, money = one.settlement.window, getattr(one, "money", None)
    return MoneyPositionRow(
        id=one.pk,
        settlement_id=one.settlement_id,
        window_id=window.pk,
        group=window.group.name,
        currency=one.settlement.currency,
        supply_starts_at=window.supply_starts_at,
        supply_ends_at=window.supply_ends_at,
        issued_at=one.settlement.issued_at,
        statement_id=one.statement_id,
        statement_number=one.statement_number,
        due_date=money.due_date if money else None,
        settled_minor=money.settled_minor if money else 0,
        money_state=money.state if money else None,
        **{name: getattr(one, name) for name in _FIGURES},
    )


def _posting(one: Transfer, own) -> PostingRow:
    debit, credit = one.debit_account, one.credit_account
    gets = one.amount_minor if credit.partner_id == own else 0
    pays = one.amount_minor if debit.partner_id == own else 0
    return PostingRow(
        id=one.pk,
        posted_at=one.posted_at,
        kind=one.kind,
        window_id=one.window_id,
        currency=one.currency,
        amount_minor=one.amount_minor,
        effect_minor=gets - pays,
        debit_account=debit.code,
        credit_account=credit.code,
        counterparty=_counterparty(debit, credit, own),
        sdrs=one.sdrs,
        reverses_id=one.reverses_id,
    )


def _counterparty(debit: Account, credit: Account, own) -> str | None:
    """Whose account stands on the other side; ``None``: the clearing house's, or your own."""
    for account in (debit, credit):
        if account.partner and account.partner_id != own:
            return None if account.partner.is_clearing_house else account.partner.name
    return None
