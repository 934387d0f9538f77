"""Partner-facing requests run as the database role ``clearinghouse_partner``.

The role may not do what only staff and jobs do (clear, post, close, issue), whatever a view
forgets to check. Row-level security per partner hangs on the same switch later.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, connection

PARTNER_PREFIXES = ("/api/", "/portal/", "/account/", "/o/", "/ocpi/")


class PartnerRoleMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not request.path_info.startswith(PARTNER_PREFIXES):
            return self.get_response(request)
        with partner_role():
            return self.get_response(request)


@contextmanager
def partner_role() -> Iterator[None]:
    """Run the block as the partner role; what a view streams is read after the middleware."""
    _set_role()
    try:
        yield
    finally:
        _reset_role()


def _set_role() -> None:
    """A request's first statement: it tells whether the connection is alive, nobody asks before."""
    if connection.in_atomic_block:
        _run("SET ROLE clearinghouse_partner")
        return
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        _run("SET ROLE clearinghouse_partner")
    except (InterfaceError, OperationalError):
        connection.close()
        _run("SET ROLE clearinghouse_partner")


def _reset_role() -> None:
    """Give the connection back its own role; close it where it cannot be asked any more."""
    if connection.connection is None:
        return
    try:
        _run("RESET ROLE")
    except Exception:
        connection.close()
        raise


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
