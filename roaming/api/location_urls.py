"""/api/v1/locations/."""

from django.urls import path

from roaming.api import locations

urlpatterns = [
    path("", locations.Locations.as_view(), name="location-list"),
    path("<uuid:id>/", locations.LocationOne.as_view(), name="location-detail"),
    path("<str:cso>/<str:location_id>/", locations.OwnLocation.as_view(), name="location-put"),
    path(
        "<str:cso>/<str:location_id>/evses/<str:evse_uid>/status/",
        locations.OwnEvseStatus.as_view(),
        name="location-evse-status",
    ),
]
