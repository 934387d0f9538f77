"""/api/v1/deliveries/ and /api/v1/webhooks/."""

from django.urls import path

from roaming.api import deliveries

app_name = "deliveries"

urlpatterns = [
    path("deliveries/", deliveries.Deliveries.as_view(), name="list"),
    path("deliveries/confirm/", deliveries.DeliveryConfirmation.as_view(), name="confirm"),
    path(
        "deliveries/<uuid:delivery_id>/redeliver/",
        deliveries.DeliveryAgain.as_view(),
        name="redeliver",
    ),
    path("webhooks/<str:party>/", deliveries.WebhookOfParty.as_view(), name="webhook"),
]
