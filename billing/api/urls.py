"""/api/v1/statements/, /api/v1/ledger/ and /api/v1/whereabouts/."""

from django.urls import path

from billing.api import books, views

app_name = "billing"

urlpatterns = [
    path("statements/", views.Statements.as_view(), name="statement-list"),
    path(
        "statements/<uuid:document_id>/", views.StatementDetail.as_view(), name="statement-detail"
    ),
    path("statements/<uuid:document_id>/pdf", views.StatementPdf.as_view(), name="statement-pdf"),
    path(
        "service-detail-records/<uuid:record_id>/whereabouts/",
        views.RecordWhereabouts.as_view(),
        name="record-whereabouts",
    ),
    path("ledger/positions/", books.LedgerPositions.as_view(), name="ledger-positions"),
    path("ledger/open-items/", books.LedgerOpenItems.as_view(), name="ledger-open-items"),
    path("whereabouts/", views.SdrWhereabouts.as_view(), name="sdr-whereabouts"),
]
