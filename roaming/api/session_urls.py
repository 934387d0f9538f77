"""Sessions, remote requests and reservations."""

from django.urls import path

from roaming.api import remote, sessions

urlpatterns = [
    path("sessions/", sessions.Sessions.as_view(), name="session-list"),
    path("sessions/<uuid:session_id>/", sessions.SessionOne.as_view(), name="session-detail"),
    path(
        "sessions/<uuid:session_id>/preferences/",
        sessions.SessionPreference.as_view(),
        name="session-preference",
    ),
    path("remote-requests/", remote.RemoteRequests.as_view(), name="remote-list"),
    path(
        "remote-requests/<uuid:request_id>/",
        remote.RemoteRequestOne.as_view(),
        name="remote-detail",
    ),
    path(
        "remote-requests/<uuid:request_id>/outcome/",
        remote.RemoteOutcomeOf.as_view(),
        name="remote-outcome",
    ),
    path("reservations/", remote.Reservations.as_view(), name="reservation-list"),
    path(
        "reservations/<uuid:reservation_id>/",
        remote.ReservationOne.as_view(),
        name="reservation-detail",
    ),
]
