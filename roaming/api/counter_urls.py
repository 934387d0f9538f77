"""/api/v1/counter-records/ and /api/v1/matches/."""

from django.urls import path

from roaming.api import counters

urlpatterns = [
    path("counter-records/", counters.CounterRecords.as_view(), name="counter-list"),
    path(
        "counter-records/<uuid:record_id>/",
        counters.CounterRecordDetail.as_view(),
        name="counter-detail",
    ),
    path("matches/", counters.Matches.as_view(), name="match-list"),
    path("matches/<uuid:match_id>/", counters.MatchDetail.as_view(), name="match-detail"),
]
