"""/portal/: what the clearing house tells a partner, and the end of a look by its staff."""

from django.urls import path

from partners.views import notices, viewing

app_name = "house"

urlpatterns = [
    path("notices/", notices.notice_list, name="notices"),
    path("viewing/end/", viewing.end, name="viewing-end"),
]
