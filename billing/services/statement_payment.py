"""How a statement's position is paid: where to, with which reference, or by direct debit."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from billing.documents.content import BankBlock, CollectionFacts
from billing.messages.sepa_text import NotSendable, creditor_reference
from billing.models import DebitMandate, Position, Settlement
from billing.rules.payment_dates import collection_date, mandate_ends, pay_in_due_date
from partners.models import BankAccount
from partners.queries import clearing_house, in_period

SEPA_CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """Accounts and mandates in force when the statements of a settlement are issued."""

    issued: date
    due: date
    accounts: dict[UUID, BankAccount]
    house_account: BankAccount | None
    mandates: dict[UUID, DebitMandate]


def payment_facts(
    settlement: Settlement, partners: Iterable[UUID], *, now: datetime
) -> PaymentFacts:
    """Read them for all partners at once; ``now`` is the instant of issue."""
    group, house = settlement.window.group, clearing_house().pk
    issued = now.astimezone(ZoneInfo(group.time_zone)).date()
    accounts = BankAccount.objects.filter(
        in_period(now), partner__in=[*partners, house], currency=settlement.currency
    )
    by_partner = {account.partner_id: account for account in accounts}
    mandates = DebitMandate.objects.filter(
        partner__in=list(partners),
        environment=settlement.environment,
        cancelled_date__isnull=True,
        registered_date__isnull=False,
    )
    return PaymentFacts(
        issued=issued,
        due=pay_in_due_date(issued, group.payment_days),
        accounts=by_partner,
        house_account=by_partner.get(house),
        mandates={row.partner_id: row for row in mandates}
        if settlement.currency == SEPA_CURRENCY
        else {},
    )


def bank_block(position: Position, *, number: str, facts: PaymentFacts) -> BankBlock:
    """A partner's own account is masked: it knows the rest. One to pay to is shown whole."""
    flow = settings.MONEY_FLOW
    if position.due_minor > 0 and (account := facts.accounts.get(position.partner_id)):
        return BankBlock(
            money_flow=flow,
            account_of="PARTNER",
            holder=account.holder,
            iban=account.masked_iban,
            bic=account.bic,
            reference=number,
        )
    if position.due_minor >= 0 or flow == "INSTRUCTION_ONLY":
        return BankBlock(money_flow=flow)
    if notice := _collected(position, number=number, facts=facts):
        return notice
    if account := facts.house_account:
        return BankBlock(
            money_flow=flow,
            account_of="CLEARING_HOUSE",
            holder=account.holder,
            iban=" ".join(account.iban[i : i + 4] for i in range(0, len(account.iban), 4)),
            bic=account.bic,
            reference=number,
            creditor_reference=_structured(number),
            due_date=facts.due,
        )
    return BankBlock(money_flow=flow, due_date=facts.due)


def _collected(position: Position, *, number: str, facts: PaymentFacts) -> BankBlock | None:
    """The notice of the direct debit, where the partner gave a mandate that can be used."""
    mandate = facts.mandates.get(position.partner_id)
    if mandate is None or not settings.SEPA_CREDITOR_ID:
        return None
    day = collection_date(
        facts.issued, due=facts.due, notice_days=mandate.prenotice_days, today=facts.issued
    )
    if mandate_ends(mandate.signed_date, mandate.last_used_date) <= day:
        return None
    return BankBlock(
        money_flow=settings.MONEY_FLOW,
        account_of="PARTNER",
        holder=mandate.holder,
        iban=f"{mandate.iban[:2]} … {mandate.iban[-4:]}",
        bic=mandate.bic,
        reference=number,
        creditor_reference=_structured(number),
        due_date=facts.due,
        collection=CollectionFacts(
            collection_date=day,
            mandate_reference=mandate.reference,
            creditor_id=settings.SEPA_CREDITOR_ID,
        ),
    )


def _structured(number: str) -> str:
    """The reference of ISO 11649; none of a number that is too long for it."""
    try:
        return creditor_reference(number)
    except NotSendable:
        return ""
