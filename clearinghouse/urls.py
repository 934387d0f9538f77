"""Every door of the house, in one list."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from oauth2_provider import views as oauth2

from billing.protocols import ocpi_invoices
from clearinghouse import api_pages, probes
from clearinghouse.figures_page import figures_page
from clearinghouse.find import find_anything
from partners.views import entrance
from roaming.api.completeness import published_keys
from roaming.protocols.ocpi import registry as ocpi_modules

# Roaming knows no invoice: what OCPI tells of them comes from the floor above.
ocpi_modules.register(ocpi_invoices.MODULE)

# Only what client credentials need: no pages that manage applications, no other grants.
_oauth2 = (
    [
        path("token/", oauth2.TokenView.as_view(), name="token"),
        path("revoke_token/", oauth2.RevokeTokenView.as_view(), name="revoke-token"),
        path("introspect/", oauth2.IntrospectTokenView.as_view(), name="introspect"),
    ],
    "oauth2_provider",
)

_api_v1 = [
    path("", include("roaming.api.urls")),
    path("", include("roaming.api.delivery_urls")),
    path("", include("billing.api.urls")),
]

urlpatterns = [
    path("", RedirectView.as_view(url="/portal/"), name="front-door"),
    path("livez", probes.livez, name="livez"),
    path("readyz", probes.readyz, name="readyz"),
    path(".well-known/jwks.json", published_keys, name="receipt-keys"),
    path("admin/figures/", admin.site.admin_view(figures_page), name="admin-figures"),
    path("admin/find/", admin.site.admin_view(find_anything), name="find"),
    path("admin/login/", entrance.to_admin, name="admin-entrance"),
    path("admin/", admin.site.urls),
    path("account/", include("partners.account_urls")),
    path("o/", include(_oauth2)),
    path("api/v1/", include(_api_v1)),
    path("api/schema/", api_pages.schema, name="api-schema"),
    path("api/docs/", api_pages.swagger, name="api-docs"),
    path("ocpi/", include("roaming.protocols.ocpi.urls")),
    path("portal/agreements/", include("partners.agreement_urls")),
    path("portal/clients/", include("partners.client_urls")),
    path("portal/connections/", include("roaming.portal_connection_urls")),
    path("portal/sandbox/", include("roaming.portal_sandbox_urls")),
    path("portal/corrections/", include("roaming.portal_correction_urls")),
    path("portal/disputes/", include("roaming.portal_urls")),
    path("portal/tariffs/", include("roaming.portal_tariff_urls")),
    path("portal/people/", include("partners.people_urls")),
    path("portal/", include("partners.portal_house_urls")),
    path("portal/", include("billing.portal_urls")),
]

handler400 = "partners.api.problems.bad_request"
handler404 = "partners.api.problems.not_found"
handler500 = "partners.api.problems.server_error"
