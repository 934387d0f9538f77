"""Payment files from proposal to what the bank says: covered, by two persons, once."""

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import pytest
from django.db import DatabaseError, transaction

from billing.messages.sepa import Totals, read_totals
from billing.messages.sepa_text import NotSendable, is_creditor_reference
from billing.models import (
    DebitMandate,
    Payment,
    PaymentEvent,
    PaymentFile,
    PositionEvent,
    PositionState,
    Settlement,
    Transfer,
)
from billing.services.payments import approving, exporting, reports
from billing.services.payments.approving import NotApprovable
from billing.services.payments.candidates import candidates
from billing.services.payments.exporting import NotExportable
from billing.services.payments.proposing import NotProposable, Wanted, propose
from billing.services.payments.reports import NotImportable
from clearinghouse.uuid7 import new_uuid7
from partners.models import AuditEvent, Partner, User
from partners.services import approvals
from partners.services.approvals import NotDecidable
from tests.billing.oracle_world import BUSINESS_DAY_6
from tests.billing.payment_world import (
    FINAL,
    a_mandate,
    an_account,
    pay_in,
    position_of,
    settled,
    staff,
    taken_back,
)
from tests.billing.test_pain002 import block, report, row, why

pytestmark = pytest.mark.django_db

PAYOUT, DEBIT = PaymentFile.Kind.CREDIT_TRANSFER, PaymentFile.Kind.DIRECT_DEBIT
HOUR = timedelta(hours=1)


@dataclass
class World:
    """The three partners, their settlement, and two persons of finance."""

    partners: dict[str, Partner]
    settlement: Settlement
    maker: User
    checker: User

    def pays(self, letter: str, minor: int, **how: object):
        position = position_of(self.settlement, self.partners[letter])
        return pay_in(position, minor, **how)

    def propose(self, kind: str = PAYOUT, *, now: datetime = FINAL, **wanted) -> PaymentFile:
        return propose(
            Wanted(settlement=self.settlement, kind=kind, **wanted),
            reason="January",
            maker=self.maker,
            now=now,
        )

    def approve(self, file: PaymentFile, *, now: datetime = FINAL) -> PaymentFile:
        return approving.approve(file.pk, reason="seen", checker=self.checker, now=now)

    def export(self, kind: str = PAYOUT, *, now: datetime = FINAL) -> PaymentFile:
        file = self.propose(kind, now=now)
        self.approve(file, now=now)
        return exporting.export(file.pk, by=self.maker, now=now)

    def states(self) -> dict[str, tuple[str, int]]:
        rows = PositionState.objects.filter(position__settlement=self.settlement)
        named = rows.values_list("position__partner__name", "state", "settled_minor")
        return {name: (state, minor) for name, state, minor in named.order_by("position__partner")}

    def reported(self, file: PaymentFile, group: str, *blocks: str, now: datetime = FINAL):
        content = report(group, *blocks).replace(b">M1<", f">{file.message_id}<".encode())
        return reports.import_status_report(content, file_name="status.xml", by=self.maker, now=now)


@pytest.fixture
def world(settings) -> World:
    settings.MONEY_FLOW = "PI_PARTNER"
    settings.SEPA_CREDITOR_ID = "DE98ZZZ09999999999"
    partners, settlement = settled()
    return World(partners, settlement, staff("mia"), staff("kai"))


@contextmanager
def refused(name: str):
    """The database refuses by the constraint or trigger of that name; the rest goes on."""
    with pytest.raises(DatabaseError) as error, transaction.atomic():
        yield
    assert error.value.__cause__.diag.constraint_name == name


def balance(code: str, name: str = "") -> int:
    rows = Transfer.objects.select_related("debit_account__partner", "credit_account__partner")
    total = 0
    for transfer in rows:
        for account, sign in ((transfer.debit_account, 1), (transfer.credit_account, -1)):
            if account.code == code and name in ("", account.partner.name):
                total += sign * transfer.amount_minor
    return total


class TestWhatIsProposed:
    def test_positions_wait_for_their_money_from_the_issue_on(self, world):
        assert world.states() == {
            "A": ("PAYABLE", 0),
            "B": ("AWAITING_FUNDS", 0),
            "C": ("AWAITING_FUNDS", 0),
        }
        assert {row.due_date for row in PositionState.objects.all()} == {date(2027, 2, 18)}

    def test_nothing_before_717_33_is_final(self, world):
        world.pays("B", 64_213)
        with pytest.raises(NotProposable):
            world.propose()

        world.pays("C", 7520, booked=FINAL.date())
        with pytest.raises(NotProposable, match="page says what waits"):
            world.propose()

        [waiting] = candidates(world.settlement, PAYOUT, now=FINAL)
        assert (waiting.amount_minor, waiting.open_minor) == (0, 60_080)
        assert "final" in waiting.why_not

    def test_600_80_once_it_is(self, world):
        world.pays("B", 64_213)
        world.pays("C", 7520)

        file = world.propose()

        payment = file.payments.get()
        number = world.settlement.documents.get(kind="STATEMENT", partner__name="A").number
        assert (payment.partner.name, payment.amount_minor) == ("A", 60_080)
        assert payment.end_to_end_id == f"{number}-1"
        assert number in payment.remittance
        assert file.execution_date == date(2027, 2, 22)
        assert read_totals(bytes(file.content)) == Totals(1, 60_080)
        assert sha256(bytes(file.content)).hexdigest() == file.content_sha256
        assert world.states()["B"] == ("FUNDED", 64_213)

    def test_nothing_twice(self, world):
        world.pays("B", 64_213)
        world.pays("C", 7520)
        file = world.propose()

        with pytest.raises(NotProposable):
            world.propose(now=FINAL + HOUR)
        approving.cancel(file.pk, reason="wrong day", by=world.maker, now=FINAL + HOUR)

        again = world.propose(now=FINAL + HOUR).payments.get()
        assert (again.amount_minor, again.end_to_end_id[-2:]) == (60_080, "-2")

    @pytest.mark.violates("payments_are_at_most_what_is_due")
    def test_nothing_twice_in_the_database_either(self, world):
        world.pays("B", 64_213)
        world.pays("C", 7520)
        payment = world.propose().payments.get()
        payment.pk, payment.place, payment.end_to_end_id = new_uuid7(), 2, "E2"

        with refused("payments_are_at_most_what_is_due"):
            payment.save(force_insert=True)

    def test_the_share_of_what_is_there_where_the_group_says_so(self, world):
        world.settlement.window.group.shortfall = "PRO_RATA"
        world.settlement.window.group.save()
        world.pays("B", 64_213)

        assert world.propose().payments.get().amount_minor == 53_782
        world.pays("C", 7520)
        assert world.propose(now=FINAL + HOUR).payments.get().amount_minor == 60_080 - 53_782

    def test_the_smallest_whole_where_the_group_says_so(self, world):
        world.settlement.window.group.shortfall = "WATERFALL"
        world.settlement.window.group.save()
        world.pays("B", 64_213)

        assert world.propose().payments.get().amount_minor == 60_080

    def test_nothing_under_instruction_only(self, world, settings):
        settings.MONEY_FLOW = "INSTRUCTION_ONLY"

        with pytest.raises(NotProposable, match="INSTRUCTION_ONLY"):
            world.propose()

    @pytest.mark.parametrize("day", [date(2027, 2, 19), date(2027, 2, 18)])
    def test_not_for_a_day_that_is_too_near(self, world, day):
        world.pays("B", 64_213)
        world.pays("C", 7520)

        with pytest.raises(NotProposable, match="too early"):
            world.propose(execution_date=day)

    def test_no_payout_without_an_account(self, world):
        world.pays("B", 64_213)
        world.pays("C", 7520)
        world.partners["A"].bank_accounts.update(ends_at=FINAL - HOUR)

        with pytest.raises(NotProposable):
            world.propose()
        [waiting] = candidates(world.settlement, PAYOUT, now=FINAL)
        assert "no bank account" in waiting.why_not


class TestCollections:
    def test_take_what_is_due_after_14_days_of_notice(self, world):
        a_mandate(world.partners["B"])

        file = world.propose(DEBIT, now=BUSINESS_DAY_6)

        payment = file.payments.get()
        assert (payment.partner.name, payment.amount_minor) == ("B", 64_213)
        assert is_creditor_reference(payment.remittance)
        # 14 days after the statement of 8 February.
        assert file.execution_date == date(2027, 2, 22)
        waiting = [one for one in candidates(world.settlement, DEBIT, now=BUSINESS_DAY_6)]
        assert {one.partner.name: one.why_not for one in waiting} == {
            "C": "It has no mandate: it pays by transfer."
        }

    def test_take_only_what_is_left(self, world):
        a_mandate(world.partners["B"])
        world.pays("B", 4213)

        assert world.propose(DEBIT).payments.get().amount_minor == 60_000

    @pytest.mark.parametrize(
        ("mandate", "told"),
        [
            ({"registered_date": None}, "not confirmed"),
            (
                {"signed_date": date(2023, 1, 1), "registered_date": date(2023, 1, 5)},
                "36 months",
            ),
        ],
    )
    def test_wait_for_a_usable_mandate(self, world, mandate, told):
        a_mandate(world.partners["B"], **mandate)

        with pytest.raises(NotProposable):
            world.propose(DEBIT)
        found = candidates(world.settlement, DEBIT, now=FINAL)
        assert told in next(one.why_not for one in found if one.partner.name == "B")

    def test_need_a_creditor_identifier(self, world, settings):
        settings.SEPA_CREDITOR_ID = ""
        a_mandate(world.partners["B"])

        with pytest.raises(NotSendable, match="creditor identifier"):
            world.propose(DEBIT)

    def test_pay_out_on_the_fourth_business_day_and_not_earlier(self, world):
        a_mandate(world.partners["B"])
        file = world.export(DEBIT, now=BUSINESS_DAY_6)
        world.pays("C", 7520)
        world.pays("B", 64_213, booked=date(2027, 2, 22), payment=file.payments.get())

        assert DebitMandate.objects.get().last_used_date == date(2027, 2, 22)
        with pytest.raises(NotProposable):
            world.propose(now=datetime(2027, 2, 25, 9, tzinfo=UTC))
        assert world.propose(now=datetime(2027, 2, 26, 9, tzinfo=UTC)).total_minor == 60_080

    def test_that_are_given_back_stop_the_payout(self, world):
        a_mandate(world.partners["B"])
        debit = world.export(DEBIT, now=BUSINESS_DAY_6).payments.get()
        world.pays("C", 7520)
        receipt = world.pays("B", 64_213, booked=date(2027, 2, 22), payment=debit)
        final = datetime(2027, 2, 26, 9, tzinfo=UTC)
        file = world.propose(now=final)
        world.approve(file, now=final)
        taken_back(receipt, booked=date(2027, 2, 26), now=final)

        with pytest.raises(NotExportable, match="given back since"):
            exporting.export(file.pk, by=world.maker, now=final)
        assert world.states()["B"] == ("OVERDUE", 0)

    def test_are_tried_once_more_after_five_business_days(self, world):
        a_mandate(world.partners["B"])
        file = world.export(DEBIT, now=BUSINESS_DAY_6)
        world.reported(file, f"<GrpSts>RJCT</GrpSts>{why('AM04')}", now=FINAL)

        with pytest.raises(NotProposable):
            world.propose(DEBIT, now=datetime(2027, 2, 25, 9, tzinfo=UTC))
        again = datetime(2027, 2, 26, 9, tzinfo=UTC)
        file = world.export(DEBIT, now=again)
        world.reported(file, f"<GrpSts>RJCT</GrpSts>{why('AM04')}", now=again + HOUR)
        with pytest.raises(NotProposable):
            world.propose(DEBIT, now=datetime(2027, 3, 31, 9, tzinfo=UTC))

    def test_end_a_mandate_that_the_bank_does_not_know(self, world):
        a_mandate(world.partners["B"])
        file = world.export(DEBIT, now=BUSINESS_DAY_6)

        world.reported(file, f"<GrpSts>RJCT</GrpSts>{why('MD01')}")

        mandate = DebitMandate.objects.get()
        assert mandate.cancelled_date == date(2027, 2, 19)
        assert "MD01" in mandate.cancel_reason
        assert not Transfer.objects.filter(kind="RETURN").exists()


@pytest.fixture
def covered(world) -> World:
    world.pays("B", 64_213)
    world.pays("C", 7520)
    return world


class TestTwoPersons:
    def test_who_proposed_it_cannot_approve_it(self, covered):
        file = covered.propose()

        with pytest.raises(NotDecidable):
            approving.approve(file.pk, reason="mine", checker=covered.maker, now=FINAL)
        file.refresh_from_db()
        assert file.state == "DRAFT"

    def test_who_proposed_it_cannot_approve_what_another_asks_for(self, covered):
        file = covered.propose()
        late = FINAL + timedelta(days=8)
        approving.ask(file, reason="again", maker=covered.checker, now=late)

        with pytest.raises(NotDecidable, match="proposed"):
            approving.approve(file.pk, reason="mine", checker=covered.maker, now=late)

    def test_nothing_leaves_without_a_second_person(self, covered):
        file = covered.propose()

        with pytest.raises(NotExportable, match="DRAFT"):
            exporting.export(file.pk, by=covered.maker, now=FINAL)

    def test_a_request_that_expired_has_to_be_asked_anew(self, covered):
        file = covered.propose()

        with pytest.raises(NotApprovable, match="anew"):
            covered.approve(file, now=FINAL + timedelta(days=8))

    def test_a_refused_file_is_cancelled_and_its_amount_free(self, covered):
        file = covered.propose()
        approving.refuse(file.pk, reason="not today", checker=covered.checker, now=FINAL)

        file.refresh_from_db()
        assert (file.state, file.cancel_reason) == ("CANCELLED", "not today")
        assert covered.propose(now=FINAL + HOUR).total_minor == 60_080

    @pytest.mark.violates("payment_file_keeps_what_it_said")
    def test_the_bytes_never_change(self, covered):
        file = covered.propose()

        for change in ({"content": b"x"}, {"total_minor": 1}, {"execution_date": date(2027, 3, 1)}):
            with refused("payment_file_keeps_what_it_said"):
                PaymentFile.objects.filter(pk=file.pk).update(**change)

    @pytest.mark.violates("payment_file_leaves_as_approved")
    def test_an_approval_of_something_else_approves_nothing(self, covered):
        file = covered.propose()
        approved = covered.approve(file).approval
        approving.cancel(file.pk, reason="wrong", by=covered.maker, now=FINAL)
        other = covered.propose(now=FINAL + HOUR)

        with refused("payment_file_leaves_as_approved"):
            PaymentFile.objects.filter(pk=other.pk).update(state="APPROVED", approval=approved)

    @pytest.mark.violates("payment_file_leaves_as_approved")
    def test_who_proposed_it_cannot_approve_it_in_the_database_either(self, covered):
        file = covered.propose()
        late = FINAL + timedelta(days=8)
        asked = approving.ask(file, reason="again", maker=covered.checker, now=late)
        asked = approvals.approve(asked.pk, checker=covered.maker, now=late, right=approving.RIGHT)

        with refused("payment_file_leaves_as_approved"):
            PaymentFile.objects.filter(pk=file.pk).update(state="APPROVED", approval=asked)


class TestExport:
    def test_posts_the_payout_and_moves_its_position(self, covered):
        file = covered.export()

        sent = Transfer.objects.get(kind="PAYOUT_SENT")
        assert (sent.debit_account.code, sent.debit_account.partner.name) == ("1300", "A")
        assert (sent.credit_account.code, sent.amount_minor) == ("1810", 60_080)
        assert balance("1300", "A") == 0
        assert balance("1800") == 71_733
        assert covered.states()["A"] == ("INSTRUCTED", 0)
        assert file.payments.get().state == "INSTRUCTED"
        events = PaymentEvent.objects.order_by("at", "pk").values_list("to_state", "source")
        assert list(events) == [("PROPOSED", "mia"), ("INSTRUCTED", "mia")]
        actions = AuditEvent.objects.filter(action__startswith="payment_file").order_by("pk")
        assert [row.action for row in actions] == [
            "payment_file.proposed",
            "payment_file.approved",
            "payment_file.exported",
        ]

    def test_happens_once(self, covered):
        file = covered.export()

        with pytest.raises(NotExportable, match="once"):
            exporting.export(file.pk, by=covered.checker, now=FINAL)
        assert Transfer.objects.filter(kind="PAYOUT_SENT").count() == 1

    @pytest.mark.violates("payment_file_is_exported_once")
    def test_happens_once_in_the_database_too(self, covered):
        file = covered.export()

        for state in ("APPROVED", "DRAFT", "CANCELLED"):
            with refused("payment_file_is_exported_once"):
                PaymentFile.objects.filter(pk=file.pk).update(state=state, exported_at=None)

    def test_is_too_late_after_the_day_it_was_made_for(self, covered):
        file = covered.propose()
        covered.approve(file)

        with pytest.raises(NotExportable, match="Too late"):
            exporting.export(file.pk, by=covered.maker, now=FINAL + timedelta(days=4))

    def test_goes_to_no_account_that_was_replaced(self, covered):
        file = covered.propose()
        covered.approve(file)
        partner = covered.partners["A"]
        partner.bank_accounts.update(ends_at=FINAL - HOUR)
        an_account(partner, "NL02ABNA0123456789", starts_at=FINAL - HOUR)

        with pytest.raises(NotExportable, match="another account"):
            exporting.export(file.pk, by=covered.maker, now=FINAL)

    def test_of_a_central_counterparty_pays_what_the_house_owes(self, settings):
        settings.MONEY_FLOW = "CCP"
        partners, settlement = settled(model="CCP")
        world = World(partners, settlement, staff("mia"), staff("kai"))
        owed = {row.partner.name: row.due_minor for row in settlement.positions.all()}
        for letter in "ABC":
            if owed[letter] < 0:
                world.pays(letter, -owed[letter])

        world.export()

        sent = Transfer.objects.get(kind="PAYOUT_SENT")
        assert (sent.debit_account.code, sent.amount_minor) == ("2100", owed["A"])


class TestWhatTheBankSays:
    def test_a_file_that_is_taken(self, covered):
        file = covered.export()

        done = covered.reported(file, "<GrpSts>ACTC</GrpSts>")

        assert done.file.state == "ACKNOWLEDGED"
        assert file.payments.get().state == "ACKNOWLEDGED"
        assert not done.rejected

    def test_a_payout_that_is_refused_is_payable_again(self, covered):
        file = covered.export()
        payment = file.payments.get()
        refused = block("", row(payment.end_to_end_id, "RJCT", why("AC04", "closed")))

        done = covered.reported(file, "", refused)

        assert done.file.state == "FAILED"
        assert [one.reason_code for one in done.rejected] == ["AC04"]
        assert covered.states()["A"] == ("PAYABLE", 0)
        assert balance("1300", "A") == -60_080
        assert balance("1810") == 0
        events = PositionEvent.objects.filter(position=payment.position).order_by("version")
        assert [event.to_state for event in events] == ["PAYABLE", "INSTRUCTED", "PAYABLE"]

    def test_nothing_goes_to_that_account_again(self, covered):
        file = covered.export()
        covered.reported(file, f"<GrpSts>RJCT</GrpSts>{why('AC04')}")

        with pytest.raises(NotProposable):
            covered.propose(now=FINAL + HOUR)
        [waiting] = candidates(covered.settlement, PAYOUT, now=FINAL)
        assert "new one" in waiting.why_not

        partner = covered.partners["A"]
        partner.bank_accounts.update(ends_at=FINAL)
        an_account(partner, "NL02ABNA0123456789", starts_at=FINAL)
        again = covered.propose(now=FINAL + HOUR).payments.get()
        assert (again.iban, again.end_to_end_id[-2:]) == ("NL02ABNA0123456789", "-2")

    def test_twice_changes_nothing(self, covered):
        file = covered.export()
        covered.reported(file, "<GrpSts>RJCT</GrpSts>")

        with pytest.raises(NotImportable, match="before"):
            covered.reported(file, "<GrpSts>RJCT</GrpSts>")
        assert Transfer.objects.filter(kind="RETURN").count() == 1

    def test_of_a_file_that_is_not_ours(self, covered):
        file = covered.propose()

        with pytest.raises(NotImportable, match="No exported file"):
            covered.reported(file, "<GrpSts>ACTC</GrpSts>")

    def test_a_late_no_after_a_yes(self, covered):
        file = covered.export()
        covered.reported(file, "<GrpSts>ACTC</GrpSts>")

        assert covered.reported(file, "<GrpSts>RJCT</GrpSts>").file.state == "FAILED"
        assert Payment.objects.get().state == "REJECTED"
