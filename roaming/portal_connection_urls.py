"""/portal/connections/: how a partner's own systems are reached."""

from django.urls import path

from roaming.views import connections

app_name = "connections"

urlpatterns = [path("", connections.connection_list, name="list")]
