"""/ocpi/: versions, their details, and every registered module of each."""

from django.urls import URLPattern, URLResolver, include, path

from roaming.protocols.ocpi.identity import VERSIONS
from roaming.protocols.ocpi.modules import ROOT_ROUTES
from roaming.protocols.ocpi.modules.versions import NotThere, VersionDetails
from roaming.protocols.ocpi.registry import patterns_of

app_name = "ocpi"

urlpatterns: list[URLPattern | URLResolver] = []
for _route, _view in ROOT_ROUTES:
    urlpatterns += [path(_route, _view, name=_route), path(f"{_route}/", _view)]
for _version in VERSIONS:
    _details = VersionDetails.as_view()
    urlpatterns += [
        path(_version, _details, {"version": _version}, name=f"details-{_version}"),
        path(f"{_version}/", _details, {"version": _version}),
        path(f"{_version}/", include(patterns_of(_version))),
    ]
urlpatterns += [path("<path:rest>", NotThere.as_view())]
