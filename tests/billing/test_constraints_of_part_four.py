"""Each named constraint of invoices, payments, the bank and the books, broken once."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction

from billing import models as m
from clearinghouse.uuid7 import new_uuid7
from partners.models import BankAccount, BankDetailChange
from tests.billing.part_four_rows import (
    HASH,
    IBAN,
    JANUARY,
    approval,
    buyer,
    cancellation,
    document,
    invoice,
    make,
    position,
    seller,
    settlement,
    transfer,
)
from tests.makers import NOON, later

pytestmark = pytest.mark.django_db

DECEMBER = date(2026, 12, 1)
CALLED = {"called_contact": "the CFO", "called_by": "mia", "called_at": NOON}

# What is wrong with one row, by the constraint that refuses it.
WRONG = [
    ("account_is_mapped_once", m.AccountMapping, 2, {}),
    ("external_account_is_plain", m.AccountMapping, 1, {"external_account": "a;b"}),
    ("allocation_has_a_reason", m.Allocation, 1, {"reason": ""}),
    ("allocation_is_what_its_transfer_took", m.Allocation, 1, {"amount_minor": 499}),
    ("balance_that_differs_says_what_is_held", m.BalanceConfirmation, 1, {"state": "DIFFERS"}),
    ("balance_is_asked_once_per_instant", m.BalanceConfirmation, 2, {}),
    ("bank_entry_amount_is_positive", m.BankEntry, 1, {"amount_minor": 0}),
    ("bank_entry_is_one_row", m.BankEntry, 2, {"entry_key": "A:1"}),
    ("resolved_bank_exception_says_how", m.BankException, 1, {"resolved_at": NOON}),
    ("bank_file_is_hashed", m.BankFile, 1, {"sha256": "none"}),
    ("bank_file_is_taken_once", m.BankFile, 2, {"sha256": HASH}),
    ("bank_match_amount_is_positive", m.BankMatch, 1, {"amount_minor": 0}),
    ("bank_match_by_a_person_has_a_reason", m.BankMatch, 1, {"rule": "PERSON"}),
    ("bank_match_is_booked", m.BankMatch, 1, {"transfer": None}),
    ("bank_matches_are_at_most_the_entry", m.BankMatch, 1, {"amount_minor": 1001}),
    ("bank_statement_adds_up", m.BankStatement, 1, {"closing_minor": 999}),
    ("cancelled_mandate_has_a_reason", m.DebitMandate, 1, {"cancelled_date": JANUARY}),
    ("mandate_is_registered_after_it_was_signed", m.DebitMandate, 1, {"registered_date": DECEMBER}),
    ("mandate_reference_is_of_the_sepa_letters", m.DebitMandate, 1, {"reference": "M 1 ä"}),
    ("partner_has_one_mandate_at_a_time", m.DebitMandate, 1, {"reference": "M-2"}),
    ("issuer_code_is_plain", m.DocumentIssuer, 1, {"code": "nl"}),
    ("queued_mail_has_its_next_attempt", m.DocumentMail, 1, {"next_attempt_at": None}),
    ("dunning_charge_is_positive_and_has_a_reason", m.DunningCharge, 1, {"amount_minor": 0}),
    ("lump_sum_is_charged_once", m.DunningCharge, 2, {}),
    ("interest_of_a_day_is_charged_once", m.DunningCharge, 2, {"kind": "INTEREST"}),
    ("dunning_is_about_something_open", m.DunningStep, 1, {"open_minor": 0}),
    ("dunning_step_is_taken_once", m.DunningStep, 2, {}),
    ("fiscal_period_ends_after_it_starts", m.FiscalPeriod, 1, {"ends_at": NOON}),
    ("fiscal_period_is_locked_by_two_persons", m.FiscalPeriod, 1, {"state": "LOCKED"}),
    ("fiscal_period_is_named_once", m.FiscalPeriod, 2, {}),
    ("invoice_objection_has_a_reason", m.InvoiceObjection, 1, {"reason": ""}),
    ("invoicing_terms_are_of_a_pair", m.InvoicingTerms, 1, {"mode": "FEE"}),
    ("invoicing_terms_end_after_they_start", m.InvoicingTerms, 1, {"until_date": JANUARY}),
    ("invoicing_terms_have_a_proof", m.InvoicingTerms, 1, {"proof": ""}),
    ("invoicing_terms_of_a_pair_do_not_overlap", m.InvoicingTerms, 2, {}),
    ("invoicing_terms_with_all_do_not_overlap", m.InvoicingTerms, 2, {"buyer": None}),
    ("issuing_block_is_resolved_by_an_invoice", m.IssuingBlock, 1, {"resolved_at": NOON}),
    ("issuing_block_names_its_supplies", m.IssuingBlock, 1, {"supplies": []}),
    ("mail_attempt_names_its_letter", m.MailAttempt, 1, {"message_id": ""}),
    ("only_a_collection_has_a_mandate", m.Payment, 1, {"purpose": "COLLECTION"}),
    ("payment_amount_is_positive", m.Payment, 1, {"amount_minor": 0}),
    ("payment_of_a_settlement_names_its_position", m.Payment, 1, {"position": None}),
    ("cancelled_payment_file_has_a_reason", m.PaymentFile, 1, {"state": "CANCELLED"}),
    ("payment_file_is_approved_before_it_leaves", m.PaymentFile, 1, {"state": "APPROVED"}),
    ("payment_file_is_exported_when_its_state_says_so", m.PaymentFile, 1, {"exported_at": NOON}),
    ("payment_file_is_hashed", m.PaymentFile, 1, {"content_sha256": "none"}),
    ("payment_file_pays_something", m.PaymentFile, 1, {"total_minor": 0}),
    ("status_report_is_hashed", m.PaymentStatusReport, 1, {"sha256": "none"}),
    ("position_event_is_one_per_version", m.PositionEvent, 2, {}),
    ("posting_export_has_a_period", m.PostingExport, 1, {"ends_at": NOON}),
    ("posting_export_is_hashed", m.PostingExport, 1, {"sha256": "none"}),
    ("reported_invoice_is_hashed", m.ReportedInvoice, 1, {"sha256": "none"}),
    ("ended_statement_gap_has_a_reason", m.StatementGap, 1, {"ended_at": NOON}),
    ("statement_gap_is_told_once", m.StatementGap, 2, {}),
    ("validation_looked_at_some_rule", m.ValidationReport, 1, {"fired": 0}),
    ("write_off_amount_is_positive", m.WriteOff, 1, {"amount_minor": 0}),
    ("write_off_is_small_or_approved", m.WriteOff, 1, {"amount_minor": 501}),
    ("bank_change_is_called_back_first", BankDetailChange, 1, {"state": "CALLED_BACK"}),
    (
        "bank_change_is_approved_by_a_second_person",
        BankDetailChange,
        1,
        {"state": "APPROVED", **CALLED},
    ),
    ("bank_change_that_ended_has_a_reason", BankDetailChange, 1, {"state": "REFUSED"}),
    ("partner_changes_one_account_at_a_time", BankDetailChange, 2, {}),
]  # fmt: skip


@contextmanager
def refused(name: str) -> Iterator[None]:
    """The database refuses what happens inside, by the constraint or trigger of that name."""
    with pytest.raises(DatabaseError) as refusal, transaction.atomic():
        yield
    assert refusal.value.__cause__.diag.constraint_name == name


@pytest.mark.parametrize(
    ("name", "model", "times", "changes"),
    [pytest.param(*row, marks=pytest.mark.violates(row[0]), id=row[0]) for row in WRONG],
)
def test_refuses_what_cannot_be(name, model, times, changes):
    for _ in range(times - 1):
        make(model, **changes)
    if name == "partner_has_one_mandate_at_a_time":
        make(model)

    with refused(name), transaction.atomic():
        make(model, **changes)


class TestInvoice:
    @pytest.mark.violates("invoice_gross_is_net_plus_vat")
    def test_gross_is_net_plus_vat(self):
        with refused("invoice_gross_is_net_plus_vat"):
            invoice(gross_minor=999)

    @pytest.mark.violates("invoice_amounts_are_not_negative")
    def test_amounts_are_not_negative(self):
        with refused("invoice_amounts_are_not_negative"):
            invoice(net_minor=-5, gross_minor=-5)

    @pytest.mark.violates("invoice_has_two_sides")
    def test_has_two_sides(self):
        with refused("invoice_has_two_sides"):
            invoice(buyer=seller())

    @pytest.mark.violates("invoice_that_we_issued_has_a_document")
    def test_that_we_issued_has_a_document(self):
        with refused("invoice_that_we_issued_has_a_document"):
            invoice(document=None)

    @pytest.mark.violates("invoice_type_fits_who_issues_it")
    def test_type_fits_who_issues_it(self):
        with refused("invoice_type_fits_who_issues_it"):
            invoice(type_code="389")

    @pytest.mark.violates("invoice_number_is_once_per_seller")
    def test_number_is_once_per_seller(self):
        first = invoice()
        with refused("invoice_number_is_once_per_seller"):
            invoice(number=first.number)

    @pytest.mark.violates("invoice_sums_its_supplies")
    def test_sums_its_supplies(self):
        with refused("invoice_sums_its_supplies"), connection.cursor() as cursor:
            made = invoice()
            m.InvoiceSupply.objects.create(invoice=made, supply=_another_supply())
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    @pytest.mark.violates("invoice_sums_its_supplies")
    def test_that_takes_back_states_what_the_refused_one_did(self):
        with refused("invoice_sums_its_supplies"), connection.cursor() as cursor:
            cancellation(of={"net_minor": 999, "gross_minor": 999})
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    @pytest.mark.violates("supply_is_on_one_active_invoice")
    def test_holds_a_supply_until_it_is_released(self):
        held = invoice().supplies.get()
        other = m.Invoice.objects.exclude(pk=held.invoice_id).first() or invoice()
        with refused("supply_is_on_one_active_invoice"), transaction.atomic():
            m.InvoiceSupply.objects.create(invoice=other, supply=held.supply)

        held.released_at = NOON
        held.save(update_fields=["released_at"])
        with transaction.atomic():
            m.InvoiceSupply.objects.create(invoice=other, supply=held.supply)
            transaction.set_rollback(True)

    @pytest.mark.violates("preceding_invoice_is_named_once")
    def test_names_a_preceding_one_once(self):
        first, second = invoice(), invoice()
        make(m.PrecedingInvoice, invoice=first, preceding=second)
        with refused("preceding_invoice_is_named_once"):
            make(m.PrecedingInvoice, invoice=first, preceding=second)

    @pytest.mark.violates("invoice_does_not_precede_itself")
    def test_does_not_precede_itself(self):
        one = invoice()
        with refused("invoice_does_not_precede_itself"):
            make(m.PrecedingInvoice, invoice=one, preceding=one)

    @pytest.mark.violates("sdr_is_in_one_active_invoice")
    def test_holds_a_record_until_it_is_released(self):
        record = new_uuid7()
        held = make(m.InvoicedSdr, sdr_id=record)
        with refused("sdr_is_in_one_active_invoice"), transaction.atomic():
            make(m.InvoicedSdr, sdr_id=record)

        m.InvoicedSdr.objects.filter(pk=held.pk).update(released_at=NOON)
        make(m.InvoicedSdr, sdr_id=record)

    @pytest.mark.violates("xml_is_validated_once")
    def test_xml_is_validated_once(self):
        of = document()
        make(m.ValidationReport, document=of)
        with refused("xml_is_validated_once"):
            make(m.ValidationReport, document=of)

    @pytest.mark.violates("document_is_mailed_once_per_address")
    def test_is_mailed_once_per_address(self):
        of = document()
        make(m.DocumentMail, document=of)
        with refused("document_is_mailed_once_per_address"):
            make(m.DocumentMail, document=of)


@pytest.mark.violates("unallocated_is_not_overdrawn")
def test_2890_gives_no_more_than_it_holds():
    with refused("unallocated_is_not_overdrawn"):
        make(m.Payment, purpose="PAY_BACK", partner=buyer(), position=None, amount_minor=1)
    made = make(m.Allocation)
    with refused("unallocated_is_not_overdrawn"):
        taken = {"debit_account": made.transfer.debit_account, "kind": "UNALLOCATED"}
        again = transfer(credit_account=made.transfer.credit_account, **taken)
        make(m.Allocation, transfer=again)


@pytest.mark.violates("invoicing_terms_have_two_sides")
def test_invoicing_terms_have_two_sides():
    with refused("invoicing_terms_have_two_sides"):
        make(m.InvoicingTerms, buyer=seller())


@pytest.mark.violates("invoicing_terms_were_agreed_before_they_hold")
def test_invoicing_terms_were_agreed_before_they_hold():
    with refused("invoicing_terms_were_agreed_before_they_hold"):
        make(m.InvoicingTerms, from_date=DECEMBER)


@pytest.mark.violates("payment_has_its_place")
def test_a_payment_has_its_place():
    file = make(m.PaymentFile)
    make(m.Payment, file=file)
    with refused("payment_has_its_place"):
        make(m.Payment, file=file)


@pytest.mark.violates("bank_statement_has_its_place")
def test_a_bank_statement_has_its_place():
    file = make(m.BankFile)
    make(m.BankStatement, file=file)
    with refused("bank_statement_has_its_place"):
        make(m.BankStatement, file=file)


@pytest.mark.violates("fiscal_period_starts_once")
def test_a_fiscal_period_starts_once():
    make(m.FiscalPeriod)
    with refused("fiscal_period_starts_once"):
        make(m.FiscalPeriod, name="2027-01")


class TestPositionState:
    @pytest.mark.violates("position_is_settled_up_to_what_is_due")
    def test_is_settled_up_to_what_is_due(self):
        with refused("position_is_settled_up_to_what_is_due"):
            make(m.PositionState, settled_minor=901)

    @pytest.mark.violates("position_state_fits_its_sign")
    def test_fits_its_sign(self):
        with refused("position_state_fits_its_sign"):
            make(m.PositionState, state="FUNDED")


class TestPaymentFile:
    @pytest.mark.violates("payment_file_leaves_as_approved")
    def test_leaves_as_approved(self):
        file = make(m.PaymentFile)
        other = approval(object_id=str(file.pk), content_sha256="cd" * 32)
        with refused("payment_file_leaves_as_approved"):
            _move(file, "APPROVED", approval=other)

    @pytest.mark.violates("payment_file_is_exported_once")
    def test_is_exported_once(self):
        file = make(m.PaymentFile)
        _move(file, "APPROVED", approval=approval(object_id=str(file.pk)))
        _move(file, "EXPORTED", exported_at=NOON, exported_by="mia")
        with refused("payment_file_is_exported_once"):
            _move(file, "APPROVED", exported_at=None)


class TestFiscalPeriod:
    @pytest.mark.violates("transfer_is_not_posted_into_a_locked_period")
    def test_takes_no_posting_once_locked(self):
        transfer()
        make(m.FiscalPeriod, state="LOCKED", locked_at=NOON, approval=approval())
        with refused("transfer_is_not_posted_into_a_locked_period"), transaction.atomic():
            transfer()
        transfer(posted_at=later(days=30))

    @pytest.mark.violates("locked_period_stays_locked")
    def test_stays_locked(self):
        made = make(m.FiscalPeriod, state="LOCKED", locked_at=NOON, approval=approval())
        with refused("locked_period_stays_locked"):
            m.FiscalPeriod.objects.filter(pk=made.pk).update(
                state="OPEN", locked_at=None, approval=None
            )


class TestBankDetailChange:
    def effective(self, partner, **changes):
        account = BankAccount.objects.create(
            partner=partner, currency="EUR", holder="V", iban=IBAN, starts_at=NOON
        )
        own = {
            **CALLED,
            "partner": partner,
            "state": "EFFECTIVE",
            "approval": approval(),
            "approved_at": NOON,
            "cooling_until_date": NOON.date(),
            "penny_reference": "P1",
            "tested_at": NOON,
            "effective_at": NOON,
            "bank_account": account,
        }
        return make(BankDetailChange, **(own | changes))

    @pytest.mark.violates("bank_change_is_tested_with_a_penny")
    def test_is_tested_with_a_penny(self):
        with refused("bank_change_is_tested_with_a_penny"):
            self.effective(buyer(), penny_reference="")

    @pytest.mark.violates("bank_change_is_effective_after_cooling")
    def test_is_effective_after_cooling(self):
        self.effective(buyer())
        with refused("bank_change_is_effective_after_cooling"):
            self.effective(seller(), cooling_until_date=later(days=1).date())


@pytest.mark.violates("einvoicing_address_is_whole")
def test_an_einvoicing_address_is_whole():
    facts = seller().facts.get()
    facts.endpoint_id = "DE123"
    with refused("einvoicing_address_is_whole"):
        facts.save()


def _another_supply():
    found = m.TaxedSupply.objects.first()
    found.pk, found.ground = new_uuid7(), "another"
    found.save(force_insert=True)
    return found


def _move(file, state, **changes):
    with transaction.atomic():
        m.PaymentFile.objects.filter(pk=file.pk).update(state=state, **changes)


def test_the_rows_behind_these_tests_are_valid():
    """Each default row is taken, so that a refusal is the change's own."""
    from tests.billing.part_four_rows import DEFAULTS

    for model in DEFAULTS:
        with transaction.atomic():
            make(model)
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            transaction.set_rollback(True)
    assert settlement().state == "ISSUED"
    assert position().partner == seller()
