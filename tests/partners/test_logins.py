"""Logging in as people do it: password, second factor, lock-out, sessions, a forgotten password."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from partners.models import AuditEvent, User
from partners.rules.devices import device_named
from partners.rules.second_factor import is_second_factor_needed
from tests.makers import PartnerUserMaker, staff_of

pytestmark = pytest.mark.django_db
LOGIN = "/account/login/"
PASSWORD = "correct horse battery"
NOW = datetime(2026, 11, 14, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_counters_of_others():
    cache.clear()


def with_password(user: User) -> User:
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return user


@pytest.fixture
def eve() -> User:
    return with_password(PartnerUserMaker(username="eve", email="eve@x.example"))


def log_in(client: Client, name: str, password: str = PASSWORD, **more: str):
    return client.post(LOGIN, {"login": name, "password": password}, **more)


@pytest.mark.parametrize("page", ["mfa_index", "account_change_password", "account_login"])
def test_pages_of_logins_are_kept_by_no_browser(client, eve, page):
    client.force_login(eve)

    assert "no-store" in client.get(reverse(page))["Cache-Control"]


def without_token(answer) -> bytes:
    """What a page says; the token of its forms is another each time."""
    return re.sub(rb'(csrfmiddlewaretoken" value=")\w+', rb"\1", answer.content)


def code_of(secret: str, at: datetime) -> str:
    return format_hotp_value(hotp_value(secret, int(at.timestamp()) // 30))


def set_up_totp(client: Client, at: datetime) -> str:
    """Confirm the password, read the secret from the page, type its code; the secret."""
    page = reverse("mfa_activate_totp")
    assert client.get(page).url.startswith(reverse("account_reauthenticate"))
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD, "next": page})
    secret = re.search(r'value="([A-Z2-7]{32})"', client.get(page).content.decode())[1]
    answer = client.post(page, {"code": code_of(secret, at)})
    assert answer.status_code == 302, answer.content.decode()
    return secret


class TestAuthenticatorApp:
    def test_is_asked_for_after_the_password_from_then_on(
        self, client, eve, django_capture_on_commit_callbacks
    ):
        with time_machine.travel(NOW, tick=False) as clock:
            log_in(client, "eve")
            with django_capture_on_commit_callbacks(execute=True):
                secret = set_up_totp(client, NOW)
            client.post(reverse("account_logout"))
            clock.shift(timedelta(minutes=5))

            first = log_in(client, "eve")
            wrong = client.post(first.url, {"code": "000000"})
            still_out = client.get(reverse("portal:records"))
            right = client.post(first.url, {"code": code_of(secret, NOW + timedelta(minutes=5))})
            inside = client.get(reverse("portal:records"))

        assert first.url == reverse("mfa_authenticate")
        assert "Incorrect code" in wrong.content.decode()
        assert still_out.status_code == 302
        assert right.url == reverse("portal:home")
        assert inside.status_code == 200
        added = AuditEvent.objects.filter(action="user.second_factor_added", actor="eve")
        assert {event.after["kind"] for event in added} == {"totp", "recovery_codes"}

    def test_lies_sealed_in_the_database(self, client, eve):
        with time_machine.travel(NOW, tick=False):
            log_in(client, "eve")
            secret = set_up_totp(client, NOW)

        stored = Authenticator.objects.get(type="totp").data["secret"]
        assert secret not in stored
        assert len(stored) > len(secret)

    def test_can_be_stood_in_for_by_a_recovery_code_once(self, client, eve):
        with time_machine.travel(NOW, tick=False) as clock:
            log_in(client, "eve")
            set_up_totp(client, NOW)
            codes = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
            answers = []
            for _ in range(2):
                client.post(reverse("account_logout"))
                clock.shift(timedelta(minutes=5))
                log_in(client, "eve")
                answer = client.post(reverse("mfa_authenticate"), {"code": codes[0]})
                answers.append(answer.status_code)

        assert answers == [302, 200]


class TestWhoNeedsASecondFactor:
    @pytest.mark.parametrize(
        ("is_staff", "staff_need", "partner_demands", "wanted"),
        [(True, True, False, True), (True, False, True, False), (False, True, False, False),
         (False, False, True, True)],
    )  # fmt: skip
    def test_is_said_by_the_house_for_staff_and_by_a_partner_for_its_people(
        self, is_staff, staff_need, partner_demands, wanted
    ):
        needed = is_second_factor_needed(
            is_staff=is_staff, staff_need=staff_need, partner_demands=partner_demands
        )

        assert needed is wanted

    def test_is_led_to_set_one_up_before_anything_else(self, client, eve):
        eve.partner.demands_second_factor = True
        eve.partner.save()
        with time_machine.travel(NOW, tick=False):
            log_in(client, "eve")
            before = client.get(reverse("portal:records"))
            told = client.get(before.url).content.decode()
            set_up_totp(client, NOW)
            after = client.get(reverse("portal:records"))

        assert before.url == reverse("mfa_index")
        assert "needs a second factor" in told
        assert after.status_code == 200

    def test_cannot_take_the_last_one_away(self, client, eve):
        eve.partner.demands_second_factor = True
        eve.partner.save()
        with time_machine.travel(NOW, tick=False):
            log_in(client, "eve")
            set_up_totp(client, NOW)
            client.post(reverse("mfa_deactivate_totp"))

        assert Authenticator.objects.filter(type="totp").exists()

    def test_among_staff_may_not_see_the_admin_without(self, client, settings):
        settings.STAFF_NEED_SECOND_FACTOR = True
        client.force_login(staff_of("auditor"))

        assert client.get(reverse("admin:index")).url == reverse("mfa_index")
        assert client.get(reverse("mfa_index")).status_code == 200

    def test_among_staff_is_everybody_in_production(self):
        assert settings.STAFF_NEED_SECOND_FACTOR is settings.PRODUCTION


class TestLockOut:
    def try_often(self, client: Client, name: str) -> list[int]:
        return [log_in(client, name, "wrong").status_code for _ in range(6)]

    def test_comes_after_five_failures_and_tells_not_whether_there_is_such_a_user(
        self, client, eve
    ):
        known = self.try_often(client, "eve")
        locked = log_in(client, "eve")
        unknown = self.try_often(client, "nobody-of-that-name")
        nobody = log_in(client, "nobody-of-that-name")

        assert known == unknown == [200, 200, 200, 200, 429, 429]
        assert locked.status_code == nobody.status_code == 429
        assert without_token(locked) == without_token(nobody)
        assert "_auth_user_id" not in client.session
        assert AuditEvent.objects.filter(action="user.locked_out", actor="eve").exists()

    def test_counts_a_name_in_any_case_as_one(self, client, eve):
        names = ["eve", "Eve", "eVe", "evE", "EVE", "EVe"]

        answers = [log_in(client, name, "wrong").status_code for name in names]

        assert answers == [200, 200, 200, 200, 429, 429]
        assert log_in(client, "eve").status_code == 429
        assert AuditEvent.objects.filter(action="user.locked_out", actor="eve").exists()

    def test_is_of_one_name_at_one_address(self, client, eve):
        with_password(PartnerUserMaker(username="kim", partner=eve.partner))
        self.try_often(client, "eve")

        assert log_in(client, "kim").status_code == 302
        assert log_in(Client(), "eve", REMOTE_ADDR="10.1.2.3").status_code == 302

    def test_ends_by_itself(self, client, eve):
        with time_machine.travel(NOW, tick=False) as clock:
            self.try_often(client, "eve")
            clock.shift(timedelta(minutes=31))

            assert log_in(client, "eve").status_code == 302


class TestSessions:
    def test_are_listed_and_ended_one_by_one(self, eve):
        here, there = Client(), Client()
        log_in(here, "eve", HTTP_USER_AGENT="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
        log_in(there, "eve", HTTP_USER_AGENT="Mozilla/5.0 (iPhone) Safari/605.1")
        other = UserSession.objects.get(user_agent__contains="iPhone")

        page = here.get(reverse("usersessions_list")).content.decode()
        here.post(reverse("usersessions_list"), {"session": other.pk})

        assert "Firefox on Linux" in page
        assert "Safari on iPhone" in page
        assert here.get(reverse("portal:records")).status_code == 200
        assert there.get(reverse("portal:records")).status_code == 302
        assert AuditEvent.objects.get(action="user.sessions_ended").actor == "eve"

    def test_of_somebody_else_are_neither_seen_nor_ended(self, eve):
        theirs, mine = Client(), Client()
        log_in(theirs, "eve", HTTP_USER_AGENT="Mozilla/5.0 (iPhone) Safari/605.1")
        with_password(PartnerUserMaker(username="kim"))
        log_in(mine, "kim", HTTP_USER_AGENT="curl/8")
        session = UserSession.objects.get(user__username="eve")

        page = mine.get(reverse("usersessions_list")).content.decode()
        mine.post(reverse("usersessions_list"), {"session": session.pk})

        assert "iPhone" not in page
        assert theirs.get(reverse("portal:records")).status_code == 200

    @pytest.mark.parametrize(
        ("said", "wanted"),
        [
            ("Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537 Edg/140", "Edge on Windows"),
            ("Mozilla/5.0 (Linux; Android 15) Chrome/140 Safari/537", "Chrome on Android"),
            ("curl/8.5", "curl"),
            ("our robot", "our robot"),
            ("", "unknown device"),
        ],
    )
    def test_name_the_device(self, said, wanted):
        assert device_named(said) == wanted


class TestForgottenPassword:
    def test_is_answered_alike_whoever_exists(self, client, eve):
        answers = [
            client.post(reverse("account_reset_password"), {"email": address}, follow=True)
            for address in ("eve@x.example", "nobody@x.example")
        ]

        first, second = (re.sub(rb"csrf[^>]*>", b"", one.content) for one in answers)
        assert first == second
        assert [letter.to for letter in mail.outbox] == [["eve@x.example"]]

    def test_is_replaced_once_by_the_letter(self, client, eve):
        client.post(reverse("account_reset_password"), {"email": "eve@x.example"})
        address = re.search(r"http\S+", mail.outbox[0].body)[0]
        assert address.startswith(settings.PUBLIC_URL)
        new = {"password1": "staple of the north 7", "password2": "staple of the north 7"}

        form = client.get(address.removeprefix(settings.PUBLIC_URL), follow=True)
        client.post(form.redirect_chain[-1][0], new)
        again = Client().get(address.removeprefix(settings.PUBLIC_URL))

        eve.refresh_from_db()
        assert eve.check_password("staple of the north 7")
        assert "invalid" in again.content.decode()
        assert AuditEvent.objects.filter(action="user.password_changed").exists()


class TestSigningUp:
    def test_is_not_possible(self, client):
        assert client.get("/account/signup/").status_code == 404
        assert client.get("/account/email/").status_code == 404


class TestStaff:
    def test_who_is_none_is_told_so_at_the_door_of_the_admin(self, client, eve):
        client.force_login(eve)

        answer = client.get(reverse("admin:index"), follow=True)

        assert answer.status_code == 403
