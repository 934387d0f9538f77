"""Pages in the reader's language: that of the login, else what the browser says."""

import pytest
from django.conf import settings
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from partners.models import PartnerFacts, User
from partners.queries_languages import language_of
from partners.services import invitations
from tests.makers import NOON, PartnerUserMaker, staff_of

pytestmark = pytest.mark.django_db
GERMAN = {"HTTP_ACCEPT_LANGUAGE": "de-AT,de;q=0.9,en;q=0.5"}
LOGIN = "/account/login/"


@pytest.fixture
def eve() -> User:
    return PartnerUserMaker(username="eve")


def choose(client: Client, language: str, back: str = ""):
    return client.post(reverse("account_language"), {"language": language, "next": back})


class TestWhichLanguage:
    @pytest.mark.parametrize(
        ("asked", "language"),
        [("", "en"), ("de-AT", "de"), ("fr", "fr"), ("nl, fr;q=0.5", "fr"), ("nl", "en")],
    )
    def test_is_the_browsers_where_nobody_has_chosen(self, client, asked, language):
        page = client.get(LOGIN, **({"HTTP_ACCEPT_LANGUAGE": asked} if asked else {}))

        assert page["Content-Language"] == language
        assert f'<html lang="{language}">' in page.content.decode()
        assert "Accept-Language" in page["Vary"]

    def test_is_what_was_chosen_in_this_browser_before_the_login(self, client):
        choose(client, "fr", LOGIN)

        assert client.get(LOGIN, **GERMAN)["Content-Language"] == "fr"

    def test_is_that_of_the_login_in_every_browser(self, client, eve):
        client.force_login(eve)
        choose(client, "fr")
        elsewhere = Client()
        elsewhere.force_login(User.objects.get(pk=eve.pk))

        assert elsewhere.get(reverse("portal:home"), **GERMAN)["Content-Language"] == "fr"

    @pytest.mark.parametrize("address", ["/portal/nowhere/", "/nowhere/"])
    def test_error_pages_follow_it(self, client, address):
        page = client.get(address, **GERMAN)

        assert page.status_code == 404
        assert '<html lang="de">' in page.content.decode()

    def test_systems_and_staff_read_english(self, client):
        client.force_login(staff_of("auditor"))
        admin = client.get(reverse("admin:index"), **GERMAN)
        refused = client.get("/api/v1/instructions/", **GERMAN)

        assert '<html lang="en"' in admin.content.decode()
        assert refused.json()["detail"].startswith("Send 'Authorization")


class TestChoosing:
    def test_goes_back_to_the_page_on_which_it_was_chosen(self, client, eve):
        client.force_login(eve)

        assert choose(client, "de", "/portal/records/?state=held").url == (
            "/portal/records/?state=held"
        )

    @pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/", ""])
    def test_never_leaves_the_house(self, client, back):
        assert choose(client, "de", back).url == "/portal/"

    def test_refuses_what_we_do_not_speak_and_changes_nothing(self, client, eve):
        client.force_login(eve)

        assert choose(client, "nl").status_code == 404
        assert User.objects.get(pk=eve.pk).language == ""

    def test_changes_nobody_elses(self, client, eve):
        other = PartnerUserMaker(username="kim", partner=eve.partner)
        client.force_login(eve)
        choose(client, "de")

        assert User.objects.get(pk=other.pk).language == ""

    def test_wants_a_post(self, client):
        assert client.get(reverse("account_language")).status_code == 405

    def test_the_cookie_is_not_for_scripts(self, client):
        choose(client, "de")

        assert client.cookies[settings.LANGUAGE_COOKIE_NAME]["httponly"]

    @pytest.mark.violates("user_reads_a_language_that_we_speak")
    def test_the_database_knows_the_same_languages(self, eve):
        everybody = User.objects.filter(pk=eve.pk)
        with pytest.raises(IntegrityError, match="user_reads_a_language"), transaction.atomic():
            everybody.update(language="nl")


class TestLetters:
    def test_to_invite_somebody_speak_as_the_company_does(self, eve):
        PartnerFacts.objects.filter(partner=eve.partner).update(language="de")
        invitation = invitations.invite(
            eve.partner, "new@x.example", "partner-finance", by=eve, now=NOON
        )
        invitations.send_letter(invitation)

        assert mail.outbox[0].subject == f"Ihr Zugang bei der Clearingstelle für {eve.partner}"
        assert "mit der Rolle Finanzen" in mail.outbox[0].body

    def test_about_a_password_speak_as_the_login_does_not_as_who_asks(self, client, eve):
        User.objects.filter(pk=eve.pk).update(language="fr", email="eve@x.example")
        client.post("/account/password/forgotten/", {"email": "eve@x.example"}, **GERMAN)

        assert mail.outbox[0].subject == "Un nouveau mot de passe pour la chambre de compensation"
        assert "Choisissez-en un ici" in mail.outbox[0].body

    def test_are_in_the_persons_language_else_the_companys_else_english(self, eve):
        assert language_of(eve) == "en"

        PartnerFacts.objects.filter(partner=eve.partner).update(language="fr")
        assert language_of(eve) == "fr"

        eve.language = "de"
        assert language_of(eve) == "de"
