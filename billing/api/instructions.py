"""/api/v1/instructions/: whom to pay, and by whom one is paid, where partners pay each other."""

from datetime import date
from uuid import UUID

import msgspec

from billing.api.documentation_finance import CURRENCY, listing
from billing.api.own_lists import OwnList
from billing.queries_own_payments import instructions_of, told
from partners.api.permissions import client_of
from partners.api.schema import describe


class InstructionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One payment between you and another partner, or the clearing house."""

    id: UUID
    settlement_id: UUID
    direction: str
    counterparty: str
    currency: str
    amount_minor: int
    reference: str
    due_date: date


class InstructionPage(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first. ``next`` is the address of the next page, null on the last one."""

    results: list[InstructionRow]
    next: str | None


describe(
    InstructionPage,
    fields={
        "direction": "PAY: you pay the counterparty. RECEIVE: it pays you.",
        "counterparty": "The other partner's name.",
        "amount_minor": "In whole minor units, above zero.",
        "reference": "Number of the payer's statement: the payer writes it, the payee finds it.",
        "due_date": "The TARGET day by which it is paid.",
    },
)
_EXAMPLE = {
    "results": [
        {
            "id": "019adc0d-5a00-7c3e-8d41-2f6b9c0e7a31",
            "settlement_id": "019adc0d-5a00-7c3e-8d41-2f6b9c0e7a20",
            "direction": "RECEIVE",
            "counterparty": "Voltaire",
            "currency": "EUR",
            "amount_minor": 60080,
            "reference": "ST-2027-000002",
            "due_date": "2027-02-18",
        }
    ],
    "next": None,
}


class Instructions(OwnList):
    page = InstructionPage
    filters = {"currency": ("currency", ())}

    @listing(
        "listInstructions",
        "Settlement",
        "Whom you pay, and who pays you",
        InstructionPage,
        _EXAMPLE,
        CURRENCY,
    )
    def get(self, request):
        return self.answer(request)

    def own(self, request):
        client = client_of(request)
        return instructions_of(client.partner, environment=client.environment)

    def rows_of(self, request, found):
        return [
            InstructionRow(
                id=one.id,
                settlement_id=one.settlement_id,
                direction="PAY" if one.is_to_pay else "RECEIVE",
                counterparty=one.other,
                currency=one.currency,
                amount_minor=one.amount_minor,
                reference=one.reference,
                due_date=one.due_date,
            )
            for one in told(found, to=client_of(request).partner)
        ]
