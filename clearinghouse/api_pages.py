"""The API's own description: the OpenAPI document and two self-hosted pages that show it."""

from csp.decorators import csp_update
from drf_spectacular.views import (
    SpectacularAPIView,
    SpectacularRedocView,
    SpectacularSwaggerSplitView,
)
from rest_framework.negotiation import DefaultContentNegotiation

# Both pages write style elements while they draw; scripts stay as strict as everywhere.
_DRAWS_ITS_STYLES = {
    "style-src": ["'self'", "'unsafe-inline'"],
    "worker-src": ["'self'", "blob:"],
    "font-src": ["'self'", "data:"],
}

schema = SpectacularAPIView.as_view(content_negotiation_class=DefaultContentNegotiation)
swagger = csp_update(_DRAWS_ITS_STYLES)(SpectacularSwaggerSplitView.as_view(url_name="api-schema"))
redoc = csp_update(_DRAWS_ITS_STYLES)(
    SpectacularRedocView.as_view(url_name="api-schema", template_name="api/redoc.html")
)
