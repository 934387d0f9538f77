"""/portal/connections/: how a partner's own systems are reached."""

from django.urls import path

from roaming.views import connections, message_log, own_webhook

app_name = "connections"

_WEBHOOK = "webhooks/<uuid:own_party_id>/"
_MESSAGES = "messages/<uuid:own_party_id>/"

urlpatterns = [
    path("", connections.connection_list, name="list"),
    path(_WEBHOOK, own_webhook.webhook, name="webhook"),
    path(f"{_WEBHOOK}rotate/", own_webhook.rotate, name="rotate"),
    path(f"{_WEBHOOK}end/", own_webhook.end, name="end"),
    path(f"{_WEBHOOK}test/", own_webhook.test, name="test"),
    path(f"{_WEBHOOK}replay/", own_webhook.replay, name="replay"),
    path(_MESSAGES, message_log.message_list, name="messages"),
    path(f"{_MESSAGES}<uuid:delivery_id>/", message_log.message, name="message"),
    path(f"{_MESSAGES}<uuid:delivery_id>/again/", message_log.send_again, name="again"),
]
