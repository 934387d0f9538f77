"""/api/v1/service-detail-records/."""

from django.urls import include, path

from roaming.api import (
    alerts,
    authorization_ask,
    authorizations,
    completeness,
    directory,
    holds,
    manifests,
    registries,
    tariffs,
    verbs,
    views,
    whitelist,
)

app_name = "roaming"

urlpatterns = [
    # Somebody stands at the station and waits: no other address is tried before.
    path(
        "authorizations/ask/",
        authorization_ask.AuthorizationAsk.as_view(),
        name="authorization-ask",
    ),
    path("", include("roaming.api.counter_urls")),
    path("", include("roaming.api.session_urls")),
    path("directory/", directory.Directory.as_view(), name="directory"),
    path("disputes/", include("roaming.api.dispute_urls")),
    path("authorizations/", authorizations.Authorizations.as_view(), name="authorization-list"),
    path("whitelists/<str:party>/", whitelist.Whitelist.as_view(), name="whitelist"),
    path("holds/", holds.HeldRecords.as_view(), name="holds"),
    path("holds/healings/<uuid:healing_id>/", holds.OneHealing.as_view(), name="healing"),
    path("registries/<slug:kind>/", registries.RegistryEntries.as_view(), name="registry"),
    path("locations/", include("roaming.api.location_urls")),
    path("tariffs/", tariffs.Tariffs.as_view(), name="tariff-list"),
    path("tariffs/<uuid:tariff_id>/", tariffs.TariffOne.as_view(), name="tariff-detail"),
    path(
        "tariffs/notices/<uuid:notice_id>/",
        tariffs.TariffNoticeOne.as_view(),
        name="tariff-notice",
    ),
    path(
        "tariffs/notices/<uuid:notice_id>/<slug:verb>/",
        tariffs.TariffNoticeVerb.as_view(),
        name="tariff-answer",
    ),
    path("alerts/", alerts.Alerts.as_view(), name="alert-list"),
    path("alerts/<uuid:alert_id>/", alerts.AlertDetail.as_view(), name="alert-detail"),
    path("manifests/", manifests.Manifests.as_view(), name="manifest-list"),
    path(
        "manifests/<uuid:manifest_id>/", manifests.ManifestDetail.as_view(), name="manifest-detail"
    ),
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
