"""The staff admin's content security policy: its Alpine evaluates expressions and sets styles.

Everything else keeps the strict policy of the settings.
"""

from functools import cache

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy

ADMIN_POLICY = {
    "script-src": ["'self'", "'unsafe-eval'"],
    "style-src": ["'self'", "'unsafe-inline'"],
    "font-src": ["'self'", "data:"],
}


class AdminPolicyMiddleware:
    """Loosen the policy for ``/admin/``; stands below django-csp, which writes the header."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if request.path.startswith("/admin/"):
            response._csp_update = ADMIN_POLICY
        return response


class PolicyMiddleware(CSPMiddleware):
    """The library puts the policy together for each answer; that of plain JSON never differs."""

    def process_response(self, request, response):
        is_plain = response.headers.get("Content-Type") == "application/json" and not any(
            name.startswith("_csp") for name in vars(response)
        )
        if not is_plain or getattr(request, "_csp_nonce", None) is not None:
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, _policy())
        return response


@cache
def _policy() -> str:
    return build_policy()
