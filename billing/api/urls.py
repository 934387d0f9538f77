"""/api/v1/statements/, /api/v1/objections/, /api/v1/ledger/ and /api/v1/whereabouts/."""

from django.urls import path

from billing.api import balances, books, finance, instructions, invoices, objections, views

app_name = "billing"

urlpatterns = [
    path("statements/", views.Statements.as_view(), name="statement-list"),
    path(
        "statements/<uuid:document_id>/", views.StatementDetail.as_view(), name="statement-detail"
    ),
    path("statements/<uuid:document_id>/pdf", views.StatementPdf.as_view(), name="statement-pdf"),
    path(
        "statements/<uuid:document_id>/annex.<slug:kind>",
        views.StatementAnnex.as_view(),
        name="statement-annex",
    ),
    path(
        "statements/<uuid:document_id>/objections/",
        objections.StatementObjections.as_view(),
        name="statement-objections",
    ),
    path("objections/", objections.Objections.as_view(), name="objection-list"),
    path(
        "objections/<uuid:objection_id>/",
        objections.ObjectionDetail.as_view(),
        name="objection-detail",
    ),
    path(
        "service-detail-records/<uuid:record_id>/whereabouts/",
        views.RecordWhereabouts.as_view(),
        name="record-whereabouts",
    ),
    path("windows/", finance.Windows.as_view(), name="window-list"),
    path("positions/", finance.Positions.as_view(), name="position-list"),
    path("instructions/", instructions.Instructions.as_view(), name="instruction-list"),
    path("payments/", finance.Payments.as_view(), name="payment-list"),
    path("invoices/", invoices.Invoices.as_view(), name="invoice-list"),
    path("invoices/<uuid:invoice_id>/", invoices.InvoiceDetail.as_view(), name="invoice-detail"),
    path("invoices/<uuid:invoice_id>/pdf", invoices.InvoicePdf.as_view(), name="invoice-pdf"),
    path("invoices/<uuid:invoice_id>/cii", invoices.InvoiceCii.as_view(), name="invoice-cii"),
    path("invoices/<uuid:invoice_id>/xml", invoices.InvoiceXml.as_view(), name="invoice-xml"),
    path(
        "invoices/<uuid:invoice_id>/records/",
        invoices.InvoiceRecords.as_view(),
        name="invoice-records",
    ),
    path(
        "invoices/<uuid:invoice_id>/objection",
        invoices.InvoiceObjections.as_view(),
        name="invoice-objection",
    ),
    path("ledger/postings/", finance.Postings.as_view(), name="ledger-postings"),
    path("ledger/positions/", books.LedgerPositions.as_view(), name="ledger-positions"),
    path("ledger/open-items/", books.LedgerOpenItems.as_view(), name="ledger-open-items"),
    path("ledger/accruals/", books.LedgerAccruals.as_view(), name="ledger-accruals"),
    path("ledger/ageing/", books.LedgerAgeing.as_view(), name="ledger-ageing"),
    path(
        "balance-confirmations/",
        balances.BalanceConfirmations.as_view(),
        name="balance-confirmation-list",
    ),
    path(
        "balance-confirmations/<uuid:confirmation_id>/",
        balances.BalanceConfirmationDetail.as_view(),
        name="balance-confirmation-detail",
    ),
    path(
        "balance-confirmations/<uuid:confirmation_id>/pdf",
        balances.BalanceConfirmationPdf.as_view(),
        name="balance-confirmation-pdf",
    ),
    path(
        "balance-confirmations/<uuid:confirmation_id>/answer/",
        balances.BalanceConfirmationAnswer.as_view(),
        name="balance-confirmation-answer",
    ),
    path("whereabouts/", views.SdrWhereabouts.as_view(), name="sdr-whereabouts"),
]
