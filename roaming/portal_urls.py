"""/portal/disputes/: the pages of partners' people about disputes."""

from django.urls import path

from roaming.views import disputes

app_name = "disputes"

urlpatterns = [
    path("", disputes.dispute_list, name="list"),
    path("new/<uuid:record_id>/", disputes.new, name="new"),
    path("<uuid:dispute_id>/", disputes.dispute, name="dispute"),
    path("<uuid:dispute_id>/evidence/", disputes.attach, name="attach"),
    path("<uuid:dispute_id>/evidence/<uuid:attachment_id>/", disputes.file, name="file"),
    path("<uuid:dispute_id>/<slug:verb>/", disputes.act, name="act"),
]
