"""/portal/agreements/: what a partner agreed with others, and offers on their way."""

from django.urls import path

from partners.views import agreements, offers

app_name = "agreements"

urlpatterns = [
    path("", agreements.agreement_list, name="list"),
    path("offers/", offers.offer_list, name="offers"),
    path("offers/new/", offers.new, name="new"),
    path("offers/<uuid:offer_id>/", offers.offer, name="offer"),
    path("offers/<uuid:offer_id>/counter/", offers.counter, name="counter"),
    path("offers/<uuid:offer_id>/<slug:verb>/", offers.answer, name="answer"),
    path("<uuid:agreement_id>/", agreements.agreement, name="agreement"),
]
