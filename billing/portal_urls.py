"""/portal/: the pages of partners' people."""

from django.urls import path

from billing.views import (
    books,
    documents,
    home,
    invoices,
    notifications,
    objections,
    package,
    payments,
    records,
    statements,
)
from partners.views import entrance

app_name = "portal"

urlpatterns = [
    path("", home.home, name="home"),
    path("documents/", documents.document_list, name="documents"),
    path("documents/files.zip", documents.documents_zip, name="documents-zip"),
    path("statements/", statements.statement_list, name="statements"),
    path("statements/<uuid:document_id>/pdf", statements.statement_pdf, name="statement-pdf"),
    path(
        "statements/<uuid:document_id>/annex.<slug:kind>",
        statements.statement_annex,
        name="statement-annex",
    ),
    path("statements/<uuid:document_id>/object/", objections.object_to, name="object"),
    path("invoices/", invoices.invoice_list, name="invoices"),
    path(
        "invoices/<uuid:document_id>/file.<slug:kind>", invoices.invoice_file, name="invoice-file"
    ),
    path(
        "invoices/waiting/<uuid:block_id>.<slug:syntax>.xml",
        invoices.offered,
        name="invoice-offered",
    ),
    path("objections/", objections.objection_list, name="objections"),
    path("payments/", payments.payment_list, name="payments"),
    path("payments/account/", payments.change_account, name="account"),
    path(
        "payments/account/<uuid:change_id>/withdraw/",
        payments.withdraw_change,
        name="account-withdraw",
    ),
    path("records/", records.record_list, name="records"),
    path("records/export.csv", records.record_export, name="records-export"),
    path("records/<uuid:record_id>/", records.record, name="record"),
    path("books/", books.home, name="books"),
    path("books/balances/<uuid:confirmation_id>/", books.balance, name="balance"),
    path("books/balances/<uuid:confirmation_id>/pdf", books.balance_pdf, name="balance-pdf"),
    path("notifications/", notifications.notifications, name="notifications"),
    path("notifications/webhooks/", notifications.webhook, name="notifications-webhooks"),
    path("package/", package.package, name="package"),
    path("package/file/", package.package_file, name="package-file"),
    path("where/", records.where, name="where"),
    path("login/", entrance.to_login, name="login"),
]
