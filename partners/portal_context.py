"""What every portal page shows above its own: whose it is, who looks, and what holds now."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from partners.portal import may, partner_of
from partners.queries_notices import shown_to
from partners.rules.roles import SEE_FINANCE
from partners.viewing import viewed_by


def told(request: HttpRequest) -> dict[str, object]:
    """Looked up by the pages that show it, and only there."""
    if not request.path_info.startswith("/portal/"):
        return {}
    return {
        "portal_partner": SimpleLazyObject(lambda: _partner(request)),
        "viewed": SimpleLazyObject(lambda: viewed_by(request)),
        "sees_finance": SimpleLazyObject(lambda: _sees_finance(request)),
        "notices_now": SimpleLazyObject(lambda: _notices(request)),
    }


def _partner(request: HttpRequest):
    try:
        return partner_of(request)
    except PermissionDenied:
        return None


def _sees_finance(request: HttpRequest) -> bool:
    return request.user.is_authenticated and may(request, SEE_FINANCE)


def _notices(request: HttpRequest) -> list:
    partner = _partner(request)
    if partner is None:
        return []
    told = getattr(partner, "notices_now", None)  # as ``partner_of`` reads it with the partner
    return list(shown_to(partner, now=timezone.now())) if told is None else told
