"""/portal/tariffs/: the pages of partners' people about prices."""

from django.urls import path

from roaming.views import tariffs

app_name = "tariffs"

urlpatterns = [
    path("", tariffs.tariff_list, name="list"),
    path("<uuid:tariff_id>/", tariffs.tariff, name="tariff"),
    path("notices/<uuid:notice_id>/", tariffs.notice, name="notice"),
    path("notices/<uuid:notice_id>/<slug:verb>/", tariffs.answer, name="answer"),
]
