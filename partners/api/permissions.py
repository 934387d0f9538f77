"""Who may call what: the client's scopes, its partner's state."""

from django.core.exceptions import ImproperlyConfigured
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission

from partners.models import ApiClient
from partners.rules.life import EFFECTS


class IsPartnerClient(BasePermission):
    """The token carries the scope that ``view.required_scopes[method]`` names.

    The scope must be in the token and still be granted to its client; the service of the
    partner must not have ended. A view without ``required_scopes`` answers nobody.
    """

    def has_permission(self, request, view) -> bool:
        if request.auth is None:
            return False
        if not EFFECTS[request.auth.partner_standing].connects:
            raise PermissionDenied(
                "Your company has left the clearing house; its clients are closed.",
                code="PARTNER_CLOSED",
            )
        required = required_scopes(view, request.method)
        granted = set(request.auth.scope.split()) & set(client_of(request).scopes.split())
        missing = [scope for scope in required if scope not in granted]
        if missing:
            raise PermissionDenied(
                f"This call needs the scope {' '.join(missing)}: ask for it at POST /o/token/, and"
                " the clearing house to grant it to your client.",
                code="SCOPE_MISSING",
            )
        return True


def required_scopes(view, method: str) -> list[str]:
    """The scopes of ``method``; none for a method that the view refuses anyway."""
    scopes = getattr(view, "required_scopes", None)
    if scopes is None:
        raise ImproperlyConfigured(f"{type(view).__name__} names no required_scopes")
    method = "GET" if method == "HEAD" else method
    if method == "OPTIONS" or not hasattr(view, method.lower()):
        return []
    return list(scopes[method])


def client_of(request) -> ApiClient:
    """The client that called; its ``partner`` and ``environment`` bound all it may see."""
    return request.auth.application
