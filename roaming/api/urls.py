"""/api/v1/service-detail-records/."""

from django.urls import include, path

from roaming.api import completeness, registries, verbs, views

app_name = "roaming"

urlpatterns = [
    path("", include("roaming.api.counter_urls")),
    path("disputes/", include("roaming.api.dispute_urls")),
    path("registries/<slug:kind>/", registries.RegistryEntries.as_view(), name="registry"),
    path("sequence-gaps/", completeness.SequenceGaps.as_view(), name="sequence-gaps"),
    path("service-detail-records/", views.ServiceDetailRecords.as_view(), name="sdr-list"),
    path(
        "service-detail-records/batch/", views.ServiceDetailRecordBatch.as_view(), name="sdr-batch"
    ),
    path(
        "service-detail-records/<uuid:record_id>/",
        views.ServiceDetailRecordDetail.as_view(),
        name="sdr-detail",
    ),
    path(
        "service-detail-records/<uuid:record_id>/accept/",
        verbs.RecordAcceptance.as_view(),
        name="sdr-accept",
    ),
    path(
        "service-detail-records/<uuid:record_id>/withdraw/",
        verbs.RecordWithdrawal.as_view(),
        name="sdr-withdraw",
    ),
]
