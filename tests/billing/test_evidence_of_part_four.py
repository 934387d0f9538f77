"""Invoices, payments, what the bank said and what was exported: kept, but for where they stand."""

import psycopg
import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from tests.billing.part_four_rows import make

APPEND_ONLY = {
    "Allocation": "allocation_is_append_only",
    "DocumentIssuer": "document_issuer_is_append_only",
    "Invoice": "invoice_is_append_only",
    "PrecedingInvoice": "preceding_invoice_is_append_only",
    "InvoiceCancellation": "invoice_cancellation_is_append_only",
    "ReportedInvoice": "reported_invoice_is_append_only",
    "InvoiceObjection": "invoice_objection_is_append_only",
    "ValidationReport": "validation_report_is_append_only",
    "PositionEvent": "position_event_is_append_only",
    "PaymentEvent": "payment_event_is_append_only",
    "PaymentStatusReport": "payment_status_report_is_append_only",
    "BankFile": "bank_file_is_append_only",
    "BankStatement": "bank_statement_is_append_only",
    "BankMatch": "bank_match_is_append_only",
    "WriteOff": "write_off_is_append_only",
    "DunningCharge": "dunning_charge_is_append_only",
    "DunningStep": "dunning_step_is_append_only",
    "PostingExport": "posting_export_is_append_only",
    "MailAttempt": "mail_attempt_is_append_only",
}
# With a column that says something, and one that says where it stands.
KEPT = {
    "InvoicingTerms": ("invoicing_terms_keeps_what_it_said", "proof", "until_date"),
    "InvoiceSupply": ("invoice_supply_keeps_what_it_said", "invoice_id", "released_at"),
    "InvoicedSdr": ("invoiced_sdr_keeps_what_it_said", "amount_minor", "released_at"),
    "IssuingBlock": ("issuing_block_keeps_what_it_said", "code", "resolved_at"),
    "PositionState": ("position_state_keeps_what_it_said", "due_minor", "version"),
    "DebitMandate": ("debit_mandate_keeps_what_it_said", "iban", "last_used_date"),
    "PaymentFile": ("payment_file_keeps_what_it_said", "total_minor", "exported_by"),
    "Payment": ("payment_keeps_what_it_said", "amount_minor", "reason_code"),
    "BankEntry": ("bank_entry_keeps_what_it_said", "amount_minor", "state"),
    "BankException": ("bank_exception_keeps_what_it_said", "opened_at", "suggestions"),
    "StatementGap": ("statement_gap_keeps_what_it_said", "number", "ended_by"),
    "FiscalPeriod": ("fiscal_period_keeps_what_it_said", "name", "locked_at"),
    "BalanceConfirmation": ("balance_confirmation_keeps_what_it_said", "balance_minor", "answer"),
    "DocumentMail": ("document_mail_keeps_what_it_said", "recipient", "attempts"),
    "BankDetailChange": ("bank_change_keeps_what_it_said", "iban", "end_reason"),
}
CHANGED = {
    "amount_minor": "amount_minor + 1",
    "total_minor": "total_minor + 1",
    "due_minor": "due_minor + 1",
    "balance_minor": "balance_minor + 1",
    "number": "number + 1",
    "invoice_id": "gen_random_uuid()",
    "opened_at": "opened_at + interval '1 day'",
}


def _row(name: str) -> str:
    """Make a row; return its table."""
    app = "partners" if name == "BankDetailChange" else "billing"
    model = apps.get_model(app, name)
    if name == "InvoiceSupply":
        make(apps.get_model("billing", "InvoicedSdr"))
    else:
        make(model)
    return model._meta.db_table


def _all() -> dict[str, str]:
    return {_row(name): guard for name, guard in APPEND_ONLY.items()}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "guard"),
    [pytest.param(n, g, marks=pytest.mark.violates(g), id=g) for n, g in APPEND_ONLY.items()],
)
def test_evidence_is_not_changed_by_the_application(name, guard):
    table = _row(name)
    column = _column(table)

    for statement in (
        f"UPDATE {table} SET {column} = {column}",
        f"DELETE FROM {table}",
        f"TRUNCATE {table} CASCADE",
    ):
        with (
            pytest.raises(DatabaseError, match=r"permission denied|append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "guard", "said", "stands"),
    [
        pytest.param(n, *row, marks=pytest.mark.violates(row[0]), id=row[0])
        for n, row in KEPT.items()
    ],
)
def test_what_was_said_is_kept(name, guard, said, stands):
    table = _row(name)
    other = f"{said} || 'x'"

    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {stands} = {stands}")
    for statement, word in (
        (f"UPDATE {table} SET {said} = {CHANGED.get(said, other)}", "keeps what"),
        (f"DELETE FROM {table}", "permission denied"),
        (f"TRUNCATE {table} CASCADE", "permission denied"),
    ):
        with (
            pytest.raises(DatabaseError, match=word),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_even_the_owner_of_the_tables_is_refused(owner_connection):
    for table, guard in _all().items():
        column = _column(table)
        for statement in (
            f"UPDATE {table} SET {column} = {column}",
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
        ):
            with pytest.raises(psycopg.Error, match="append-only") as refusal:
                owner_connection.execute(statement)
            assert refusal.value.diag.constraint_name.endswith("_is_append_only"), statement
            if not statement.startswith("TRUNCATE"):
                assert refusal.value.diag.constraint_name == guard


def _column(table: str) -> str:
    with connection.cursor() as cursor:
        return connection.introspection.get_table_description(cursor, table)[0].name
