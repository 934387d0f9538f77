"""The API's own description: the OpenAPI document and a self-hosted page that shows it."""

from csp.decorators import csp_update
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.negotiation import DefaultContentNegotiation

# The page writes style elements while it draws; scripts stay as strict as everywhere.
_DRAWS_ITS_STYLES = {"style-src": ["'self'", "'unsafe-inline'"]}

schema = SpectacularAPIView.as_view(content_negotiation_class=DefaultContentNegotiation)
swagger = csp_update(_DRAWS_ITS_STYLES)(SpectacularSwaggerSplitView.as_view(url_name="api-schema"))
