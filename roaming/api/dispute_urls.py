"""/api/v1/disputes/."""

from django.urls import path

from roaming.api import dispute_files, disputes

urlpatterns = [
    path("", disputes.Disputes.as_view(), name="dispute-list"),
    path("bulk/", disputes.DisputeBulk.as_view(), name="dispute-bulk"),
    path("<uuid:dispute_id>/", disputes.DisputeDetail.as_view(), name="dispute-detail"),
    path(
        "<uuid:dispute_id>/attachments/",
        dispute_files.Attachments.as_view(),
        name="dispute-files",
    ),
    path(
        "<uuid:dispute_id>/attachments/<uuid:attachment_id>/",
        dispute_files.Attachment.as_view(),
        name="dispute-file",
    ),
    path("<uuid:dispute_id>/<slug:verb>/", disputes.DisputeVerb.as_view(), name="dispute-verb"),
]
