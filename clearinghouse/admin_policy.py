"""The staff admin's content security policy: its Alpine evaluates expressions and sets styles.

Everything else keeps the strict policy of the settings.
"""

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
