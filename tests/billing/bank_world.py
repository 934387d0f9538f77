"""The three partners after their month-end, with bank accounts; and payouts that left by hand."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from billing.messages.sepa import message_id
from billing.models import Document, Payment, PaymentFile, Position, Settlement, Transfer
from billing.services.bank.importing import Received, import_file
from billing.services.bank.matching import Round, match_all
from billing.services.closing import close_window
from billing.services.ledger import Entry, Side, post
from billing.services.payments.states import refresh
from clearinghouse.uuid7 import uuid7_at
from partners.models import Approval, BankAccount, User
from partners.queries import clearing_house
from tests.billing.camt_files import HOUSE_IBAN
from tests.billing.camt_files import Payment as Paid
from tests.billing.oracle_world import BUSINESS_DAY_6, Oracle, an_oracle, january
from tests.makers import LONG_AGO

IBANS = {
    "A": "NL91ABNA0417164300",
    "B": "DE02120300000000202051",
    "C": "NL20INGB0001234567",
}
DAY = timedelta(days=1)


@dataclass
class BankWorld:
    """An issued settlement: A gets 600.80, B owes 642.13 and C 75.20."""

    oracle: Oracle
    settlement: Settlement

    def number(self, letter: str) -> str:
        """Of the statement that a debtor quotes."""
        return Document.objects.get(
            settlement=self.settlement, partner=self.oracle.partners[letter], kind="STATEMENT"
        ).number

    def position(self, letter: str) -> Position:
        return self.settlement.positions.get(partner=self.oracle.partners[letter])

    def state(self, letter: str) -> str:
        return self.position(letter).money.state

    def paid(self, letter: str, minor: int, reference: str, **said: object) -> Paid:
        """A payment from the partner's account, that quotes its statement."""
        common = {"remittance": self.number(letter), "debtor": (letter, IBANS[letter])}
        return Paid(minor=minor, reference=reference, **(common | said))

    def take(self, content: bytes, *, now: datetime = BUSINESS_DAY_6 + DAY) -> Round:
        """Import a file and match all that waits."""
        received = Received(content=content, name="bank.xml", environment="LIVE", by="olga")
        import_file(received, now=now)
        return match_all("LIVE", by="olga", now=now)

    def pay_out(self, letter: str, *, number: int, now: datetime) -> Payment:
        """A payout that was released by two persons and left: Dr 1300 / Cr 1810."""
        partner, position = self.oracle.partners[letter], self.position(letter)
        file = self._file(number, position.due_minor, now)
        payment = Payment.objects.create(
            file=file,
            place=1,
            environment="LIVE",
            purpose="PAYOUT",
            partner=partner,
            position=position,
            currency="EUR",
            amount_minor=position.due_minor,
            end_to_end_id=f"{self.number(letter)}-{number}",
            holder=partner.name,
            iban=BankAccount.objects.filter(partner=partner, ends_at__isnull=True).get().iban,
            state="INSTRUCTED",
        )
        model = self.oracle.group.model
        sent = Entry(
            event_key=f"payment:{payment.pk}",
            kind=Transfer.Kind.PAYOUT_SENT,
            debit=Side("2100" if model == "CCP" else "1300", partner.pk),
            credit=Side("1810", clearing_house().pk),
            amount_minor=payment.amount_minor,
            currency="EUR",
            environment="LIVE",
            window_id=self.settlement.window_id,
        )
        post([sent], now=now)
        refresh(self.settlement, cause="payout sent", now=now)
        return payment

    def _file(self, number: int, total_minor: int, now: datetime) -> PaymentFile:
        file_id = uuid7_at(now)
        people = [User.objects.get_or_create(username=name)[0] for name in ("mia", "kai")]
        approval = Approval.objects.create(
            verb="payment_file.approve",
            object_type="PaymentFile",
            object_id=str(file_id),
            content_sha256="0" * 64,
            reason="payouts",
            maker=people[0],
            checker=people[1],
            state="APPROVED",
            requested_at=now,
            decided_at=now,
            expires_at=now + DAY,
        )
        return PaymentFile.objects.create(
            id=file_id,
            settlement=self.settlement,
            environment="LIVE",
            kind="CREDIT_TRANSFER",
            currency="EUR",
            state="EXPORTED",
            message_id=message_id(file_id),
            execution_date=now.date(),
            payments_count=1,
            total_minor=total_minor,
            content=b"",
            content_sha256="0" * 64,
            approval=approval,
            proposed_by="mia",
            proposed_at=now,
            exported_by="mia",
            exported_at=now,
        )


def bank_accounts(oracle: Oracle) -> None:
    owners = {clearing_house(): HOUSE_IBAN}
    owners |= {partner: IBANS[letter] for letter, partner in oracle.partners.items()}
    for partner, iban in owners.items():
        BankAccount.objects.create(
            partner=partner, currency="EUR", holder=partner.name, iban=iban, starts_at=LONG_AGO
        )


def a_bank_world(**group: object) -> BankWorld:
    oracle = an_oracle(**group)
    january(oracle)
    bank_accounts(oracle)
    settlement = close_window(oracle.group, now=BUSINESS_DAY_6).settlement
    with transaction.atomic():
        refresh(settlement, cause="issued", now=BUSINESS_DAY_6)
    return BankWorld(oracle, settlement)
