"""/portal/sandbox/: what a partner tries in TEST."""

from django.urls import path

from roaming.views import certifications, sandbox

app_name = "sandbox"

_CONNECTION = "connections/<uuid:own_endpoint_id>/"
_REPORT = "reports/<uuid:own_run_id>/"

urlpatterns = [
    path("", sandbox.home, name="home"),
    path("credentials/", sandbox.make_credentials, name="credentials"),
    path("samples/", sandbox.order_sample, name="order-sample"),
    path("samples/<uuid:sample_key>/", sandbox.sample, name="sample"),
    path(_CONNECTION, certifications.certify, name="certify"),
    path(f"{_CONNECTION}progress/", certifications.progress, name="progress"),
    path(_REPORT, certifications.report, name="report"),
    path(f"{_REPORT}signed/", certifications.signed_report, name="signed"),
]
