"""NUL characters are refused where a library would pass them on to the database."""

import pytest

pytestmark = pytest.mark.django_db


def test_an_address_with_one_is_refused(client):
    assert client.get("/admin/?q=%00").status_code == 400


def test_a_form_with_one_is_refused(client):
    answer = client.post(
        "/o/token/", {"grant_type": "client_credentials", "client_id": "\x00", "client_secret": "s"}
    )

    assert answer.status_code == 400


def test_an_ordinary_address_passes(client):
    assert client.get("/account/login/?next=/admin/").status_code == 200
