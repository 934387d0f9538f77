"""/portal/corrections/: held and refused records, corrected by a file."""

from django.urls import path

from roaming.views import corrections

app_name = "corrections"

urlpatterns = [
    path("", corrections.start, name="start"),
    path("file/", corrections.make_file, name="make-file"),
    path("file.csv", corrections.file, name="file"),
    path("<uuid:upload_id>/", corrections.preview, name="preview"),
    path("<uuid:upload_id>/result.csv", corrections.result, name="result"),
]
