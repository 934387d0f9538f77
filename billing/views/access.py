"""What the people of a partner see in the portal: LIVE data of that partner only."""

from django.http import HttpRequest
from django.utils import timezone

from partners.models import Environment
from partners.portal import partner_of
from roaming.queries import Reader, reader_of

ENVIRONMENT = Environment.LIVE


def reader_for(request: HttpRequest) -> Reader:
    """What the person's partner may read now."""
    return reader_of(partner_of(request), environment=ENVIRONMENT, now=timezone.now())
