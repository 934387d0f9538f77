"""How a statement says it is paid, and what it notes beside the position."""

from datetime import date

import pytest

from billing.documents.content import BankBlock, CollectionFacts
from billing.models import PaymentFile
from billing.rules.bank_references import names
from billing.services import cover, suspense
from billing.services.bank.books import _references
from billing.services.ledger import Entry, Side, post
from billing.services.payments.candidates import candidates
from billing.services.statement_beside import cover_lines, disputed_lines
from billing.services.statement_payment import bank_block, payment_facts
from partners.models import SettlementGroup
from roaming.services import disputes
from tests.billing.closed_windows import closed_window
from tests.billing.oracle_world import BUSINESS_DAY_6
from tests.billing.payment_world import a_mandate, position_of, settled
from tests.makers import NOON, later, nordlicht, partner_of, voltaire
from tests.roaming.dispute_world import CSP, opened, records

pytestmark = pytest.mark.django_db
CREDITOR = "DE98ZZZ09999999999"


@pytest.fixture
def issued(settings):
    """The settlement of the oracle: A gets 600.80, B owes 642.13; the house moves the money."""
    settings.MONEY_FLOW, settings.SEPA_CREDITOR_ID = "PI_PARTNER", CREDITOR
    partners, settlement = settled()
    return partners, settlement


def block(issued, letter: str, number: str = "ST-2027-000002") -> BankBlock:
    partners, settlement = issued
    facts = payment_facts(settlement, [one.pk for one in partners.values()], now=BUSINESS_DAY_6)
    return bank_block(position_of(settlement, partners[letter]), number=number, facts=facts)


class TestPayment:
    def test_of_a_debtor_names_the_day_and_a_reference_that_matching_knows(self, issued):
        partners, settlement = issued

        told = block(issued, "B")

        assert (told.account_of, told.iban) == ("CLEARING_HOUSE", "DE89 3704 0044 0532 0130 00")
        assert told.due_date == position_of(settlement, partners["B"]).money.due_date
        known = _references([settlement])[settlement.pk, partners["B"].pk]
        assert told.creditor_reference.startswith("RF")
        assert told.creditor_reference in known
        assert names(
            told.creditor_reference, texts=["inv rf" + told.creditor_reference[2:].lower()]
        )

    def test_of_a_debtor_with_a_mandate_is_the_notice_of_what_is_collected(self, issued):
        partners, settlement = issued
        a_mandate(partners["B"])

        told = block(issued, "B")

        found = candidates(settlement, PaymentFile.Kind.DIRECT_DEBIT, now=BUSINESS_DAY_6)
        drawn = next(one for one in found if one.partner == partners["B"])
        assert told.collection == CollectionFacts(
            collection_date=drawn.collected, mandate_reference="M-B-1", creditor_id=CREDITOR
        )
        assert told.creditor_reference == drawn.remittance
        assert told.iban == "DE … 2051"

    @pytest.mark.parametrize(
        "mandate",
        [
            {"registered_date": None},
            {"signed_date": date(2023, 1, 1), "registered_date": date(2023, 1, 5)},
            {"cancelled_date": date(2027, 1, 1), "cancel_reason": "asked for"},
        ],
    )
    def test_of_a_debtor_whose_mandate_cannot_be_used_is_a_transfer(self, issued, mandate):
        a_mandate(issued[0]["B"], **mandate)

        assert block(issued, "B").collection is None
        assert block(issued, "B").account_of == "CLEARING_HOUSE"

    def test_of_who_is_paid_masks_its_account(self, issued):
        told = block(issued, "A")

        assert (told.account_of, told.iban) == ("PARTNER", "NL … 4300")
        assert told.creditor_reference == ""

    def test_names_no_account_where_partners_pay_each_other(self, issued, settings):
        settings.MONEY_FLOW = "INSTRUCTION_ONLY"

        assert block(issued, "B") == BankBlock(money_flow="INSTRUCTION_ONLY")

    def test_has_no_structured_reference_of_a_number_that_is_too_long(self, issued):
        assert block(issued, "B", number="ST-2027-000000000000000002").creditor_reference == ""


class TestBesideThePosition:
    def test_is_the_cover_that_is_held_and_what_was_drawn_of_it(self, issued):
        partners, settlement = issued
        money = {"currency": "EUR", "environment": "LIVE", "now": NOON}
        cover.pay_in(partners["B"], cover.PREFUND, 150_000, reference="p", **money)
        cover.pay_in(partners["C"], cover.DEPOSIT, 7_000, reference="d", **money)
        _draw(settlement, partners["B"], 25_000)

        found = cover_lines(settlement, [one.pk for one in partners.values()], now=BUSINESS_DAY_6)

        told = {
            letter: [(one.account, one.held_minor, one.drawn_minor) for one in found[partner.pk]]
            for letter, partner in partners.items()
            if partner.pk in found
        }
        assert told == {"B": [("PREFUND", 125_000, 25_000)], "C": [("DEPOSIT", 7_000, 0)]}
        for letter, code in (("B", cover.PREFUND), ("C", cover.DEPOSIT)):
            held = cover.balance_minor(partners[letter], code, currency="EUR", environment="LIVE")
            assert held == told[letter][0][1]

    def test_is_what_is_in_dispute_until_the_dispute_ends(self):
        _first, second = [opened(one) for one in records(2)]
        settlement = closed_window(SettlementGroup.objects.get())
        both = [partner_of(nordlicht()).pk, partner_of(voltaire()).pk]
        suspense.follow_disputes(now=NOON)

        def told() -> list[list[tuple]]:
            lines = disputed_lines(settlement, both, now=later(days=2))
            return [
                [(one.side, one.sdrs, one.amount_minor) for one in lines.get(partner, [])]
                for partner in both
            ]

        assert told() == [[("SOLD", 2, 1804)], [("BOUGHT", 2, 1804)]]
        disputes.act(second.pk, "withdraw", by=CSP, now=NOON, text="It was us.")
        suspense.follow_disputes(now=later(hours=1))
        assert told() == [[("SOLD", 1, 902)], [("BOUGHT", 1, 902)]]


def _draw(settlement, partner, amount_minor: int) -> None:
    entry = Entry(
        event_key="default:drawn",
        kind="COVER",
        debit=Side(cover.PREFUND, partner.pk),
        credit=Side("1300", partner.pk),
        amount_minor=amount_minor,
        currency="EUR",
        environment="LIVE",
        window_id=settlement.window_id,
    )
    post([entry], now=NOON)
