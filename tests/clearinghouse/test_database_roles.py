"""Which database role a request runs as."""

import pytest
from django.db import connection, connections
from django.http import HttpResponse
from django.test import RequestFactory

from clearinghouse.database_roles import PartnerRoleMiddleware

pytestmark = pytest.mark.django_db


def role_of(path: str, **environ: str) -> str:
    def view(request) -> HttpResponse:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            return HttpResponse(cursor.fetchone()[0])

    request = RequestFactory().get(path, **environ)
    return PartnerRoleMiddleware(view)(request).content.decode()


class TestARequest:
    @pytest.mark.parametrize("path", ["/api/v1/statements/", "/portal/", "/o/token/"])
    def test_of_a_partner_runs_as_the_partner_role(self, path):
        assert role_of(path) == "clearinghouse_partner"

    def test_does_so_where_the_site_lies_below_a_path(self):
        assert role_of("/api/v1/", SCRIPT_NAME="/clearing") == "clearinghouse_partner"

    def test_of_staff_runs_as_the_application(self):
        assert role_of("/admin/") == "clearinghouse_app"

    def test_gives_the_role_back_after_an_error(self):
        def broken(request):
            raise ValueError("broken")

        with pytest.raises(ValueError, match="broken"):
            PartnerRoleMiddleware(broken)(RequestFactory().get("/api/"))

        assert role_of("/admin/") == "clearinghouse_app"


@pytest.mark.django_db(transaction=True)
def test_a_request_on_a_dead_connection_gets_another_one_with_the_role():
    other = connections.create_connection("default")
    with connection.cursor() as cursor, other.cursor() as killer:
        killer.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
        cursor.close()
    other.close()

    assert role_of("/api/v1/statements/") == "clearinghouse_partner"
    assert role_of("/admin/") == "clearinghouse_app"
