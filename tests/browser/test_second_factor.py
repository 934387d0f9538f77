"""A passkey in a real Chromium with its virtual authenticator, and the pages around it."""

import pytest
from django.contrib.staticfiles import finders
from django.urls import reverse

from tests import makers
from tests.browser.conftest import PASSWORD, person

pytestmark = pytest.mark.browser


def with_an_authenticator(page) -> None:
    """What a phone or laptop has built in: a key that asks for a finger, and gets it."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def test_a_passkey_is_added_and_logs_in_without_a_password(transactional_db, open_page):
    assert finders.find("mfa/js/webauthn.js")
    person("eve", partner=makers.partner_of(makers.nordlicht()))
    watched = open_page()
    page = watched.page
    with_an_authenticator(page)
    watched.log_in("/portal/login/", "eve", PASSWORD)

    watched.go(reverse("mfa_index"))
    page.click("a:has-text('Add')")
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]:has-text('Confirm')")
    page.check("input[name=passwordless]")
    page.click("#mfa_webauthn_add")
    page.wait_for_selector("h1:has-text('Recovery Codes')")
    page.click("button:has-text('Log out')")
    page.wait_for_selector("h1:has-text('Log in')")
    page.click("#passkey_login")
    page.wait_for_selector("text=Nordlicht")

    assert "/portal/" in page.url
    assert watched.errors == []
    assert watched.strangers == []
