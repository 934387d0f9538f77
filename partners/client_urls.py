"""/portal/clients/: the systems with which a partner logs in to the interface."""

from django.urls import path

from partners.views import clients

app_name = "clients"

urlpatterns = [
    path("", clients.client_list, name="list"),
    path("<int:pk>/rotate/", clients.rotate, name="rotate"),
    path("<int:pk>/revoke/", clients.revoke, name="revoke"),
]
