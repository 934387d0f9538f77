"""Each address answers in its one media type, whatever Accept says (RFC 9110 §12.4.1)."""

from rest_framework.negotiation import BaseContentNegotiation


class OneMediaType(BaseContentNegotiation):
    """A client that accepts only ``application/pdf`` gets its PDF, and problems as JSON."""

    def select_parser(self, request, parsers):
        return parsers[0] if parsers else None

    def select_renderer(self, request, renderers, format_suffix=None):
        return renderers[0], renderers[0].media_type
