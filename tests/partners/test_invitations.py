"""Invitations and the page "Users and roles": letters that work once, one administrator left."""

import re
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from clearinghouse.database_roles import partner_role
from partners.models import AuditEvent, Invitation, Partner, User
from partners.rules.roles import keeps_an_administrator
from partners.services import invitations, people
from partners.services.invitations import InvitationRefused, Newcomer
from partners.services.roles import RoleRefused, roles_of
from tests.makers import PartnerMaker, PartnerUserMaker, staff_of

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 14, 12, 0, tzinfo=UTC)
ADDRESS = "kim@polder.example"
KIM = Newcomer(user_name="kim", password="staple of the north 7")


@pytest.fixture(autouse=True)
def _noon():
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def polder() -> Partner:
    return PartnerMaker(name="Polder")


@pytest.fixture
def anna(polder) -> User:
    return PartnerUserMaker(username="anna", email="anna@polder.example", partner=polder)


@pytest.fixture
def administrator(client, anna) -> Client:
    client.force_login(anna)
    return client


def invited(anna: User, role: str = "partner-finance", email: str = ADDRESS) -> Invitation:
    return invitations.invite(anna.partner, email, role, by=anna, now=NOW)


def until_somebody_waits() -> None:
    """Until another connection waits for a lock."""
    ends_at = time.perf_counter() + 20
    while time.perf_counter() < ends_at:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("nobody waited")


def address_in(letter) -> str:
    return re.search(r"http\S+", letter.body)[0].removeprefix(settings.PUBLIC_URL)


class TestInviting:
    def test_ends_with_who_invited(self, polder, anna):
        """Who is dismissed does not come back by a letter to another address."""
        boss = PartnerUserMaker(username="boss", partner=polder)
        by_switch = invited(anna)
        people.switch(anna, is_active=False, by=boss, now=NOW)
        people.switch(anna, is_active=True, by=boss, now=NOW)
        by_role = invited(anna)
        people.change_role(anna, "partner-read-only", by=boss, now=NOW)
        by_switch.refresh_from_db()
        by_role.refresh_from_db()

        assert by_switch.withdrawn_at == by_role.withdrawn_at == NOW

    def test_is_void_once_staff_took_the_login_of_who_invited(self, anna):
        invitation = invited(anna)
        token = invitations.token_of(invitation)
        assert invitations.found_by(token, now=NOW) == invitation
        User.objects.filter(pk=anna.pk).update(is_active=False)

        assert invitations.found_by(token, now=NOW) is None
        with pytest.raises(InvitationRefused):
            invitations.accept(invitation.pk, KIM, now=NOW)

    @pytest.mark.django_db(transaction=True)
    def test_twice_at_the_same_moment_makes_one(self, anna):
        """A double click: the second one waits for the first, and is told so in words."""
        told: list[str] = []

        def once_more():
            try:
                invited(anna)
            except InvitationRefused as refused:
                told.append(str(refused))
            finally:
                connection.close()

        second = threading.Thread(target=once_more)
        with transaction.atomic():
            first = invited(anna)
            second.start()
            until_somebody_waits()
        second.join(20)

        assert ["moment ago" in text for text in told] == [True]
        assert list(Invitation.objects.filter(withdrawn_at=None)) == [first]

    def test_writes_to_fifty_people_a_day(self, administrator, anna):
        week = timedelta(days=7)
        Invitation.objects.bulk_create(
            Invitation(
                partner=anna.partner, email=f"stranger{number}@elsewhere.example",
                role="partner-finance", invited_by=anna, invited_at=NOW, expires_at=NOW + week,
            )
            for number in range(invitations.MOST_A_DAY)
        )  # fmt: skip

        refused = administrator.post(
            reverse("people:invite"), {"email": ADDRESS, "role": "partner-finance"}
        )

        assert refused.status_code == 422
        assert "At most 50 people" in refused.content.decode()
        assert mail.outbox == []
        tomorrow = NOW + timedelta(days=1)
        assert invitations.invite(anna.partner, ADDRESS, "partner-finance", by=anna, now=tomorrow)

    def test_sends_a_letter_that_makes_one_login_with_the_role(self, administrator, polder):
        administrator.post(
            reverse("people:invite"), {"email": ADDRESS, "role": "partner-operations"}
        )
        [letter] = mail.outbox
        newcomer, form = Client(), {
            "username": "kim", "password": KIM.password, "again": KIM.password,
        }  # fmt: skip

        page = newcomer.get(address_in(letter)).content.decode()
        made = newcomer.post(address_in(letter), form)
        again = Client().post(address_in(letter), form | {"username": "kim2"})

        kim = User.objects.get(username="kim")
        assert letter.to == [ADDRESS]
        assert "Polder" in page
        assert made.url == reverse("account_login")
        assert (kim.partner, kim.email, roles_of(kim)) == (polder, ADDRESS, ["partner-operations"])
        assert again.status_code == 404
        assert not User.objects.filter(username="kim2").exists()
        assert list(
            AuditEvent.objects.filter(action__startswith="invitation.")
            .order_by("at", "action")
            .values_list("action", "actor")
        ) == [("invitation.accepted", "kim"), ("invitation.sent", "anna")]

    def test_runs_out_after_seven_days(self, anna):
        token = invitations.token_of(invited(anna))

        assert invitations.found_by(token, now=NOW + timedelta(days=6)) is not None
        assert invitations.found_by(token, now=NOW + timedelta(days=7)) is None
        assert invitations.found_by(token + "x", now=NOW) is None
        with pytest.raises(InvitationRefused, match="no longer"):
            invitations.accept(Invitation.objects.get().pk, KIM, now=NOW + timedelta(days=7))

    def test_a_second_time_ends_the_first_letter(self, anna):
        first, second = invited(anna), invited(anna, email=ADDRESS.upper())

        assert invitations.found_by(invitations.token_of(first), now=NOW) is None
        assert invitations.found_by(invitations.token_of(second), now=NOW) == second

    def test_can_be_withdrawn(self, administrator, anna):
        invitation = invited(anna)

        administrator.post(reverse("people:withdraw", args=[invitation.pk]))

        token = invitations.token_of(invitation)
        assert invitations.found_by(token, now=NOW) is None
        assert Client().get(f"/account/invitation/{token}/").status_code == 404

    def test_tells_of_a_login_of_the_own_company_only(self, anna):
        PartnerUserMaker(username="x", email=ADDRESS, partner=PartnerMaker(name="Other"))
        assert invited(anna).email == ADDRESS

        with pytest.raises(InvitationRefused, match="already"):
            invited(anna, email="ANNA@polder.example")

    def test_needs_another_name_where_it_is_taken(self, anna):
        PartnerUserMaker(username="kim", partner=PartnerMaker(name="Other"))

        with pytest.raises(InvitationRefused, match="taken"):
            invitations.accept(invited(anna).pk, KIM, now=NOW)

    @pytest.mark.parametrize("name", ["KIM", "Kim", "\uff2b\uff29\uff2d"])
    def test_takes_nobodys_name_in_another_case(self, anna, name):
        """People log in in any case: of two such names neither could."""
        other = PartnerUserMaker(username="kim", partner=PartnerMaker(name="Other"))
        other.set_password("correct horse battery")
        other.save()

        with pytest.raises(InvitationRefused, match="taken"):
            invitations.accept(invited(anna).pk, replace(KIM, user_name=name), now=NOW)

        answer = Client().post(
            "/account/login/", {"login": "Kim", "password": "correct horse battery"}
        )
        assert answer.status_code == 302

    @pytest.mark.violates("user_name_is_one_in_any_case")
    def test_finds_no_two_names_that_differ_in_case(self, anna):
        with pytest.raises(IntegrityError, match="one_in_any_case"), transaction.atomic():
            PartnerUserMaker(username="ANNA", partner=anna.partner)

    def test_says_so_when_the_letter_cannot_be_sent(self, administrator, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

        answer = administrator.post(
            reverse("people:invite"), {"email": ADDRESS, "role": "partner-finance"}, follow=True
        )

        assert "could not be sent" in answer.content.decode()

    def test_refuses_weak_and_different_passwords(self, anna):
        page = f"/account/invitation/{invitations.token_of(invited(anna))}/"

        weak = Client().post(page, {"username": "kim", "password": "1234", "again": "1234"})
        differ = Client().post(page, {"username": "kim", "password": KIM.password, "again": "x"})

        assert (weak.status_code, differ.status_code) == (422, 422)
        assert not User.objects.filter(username="kim").exists()

    def test_of_the_first_person_of_a_partner_is_done_by_who_manages_logins(self, client, polder):
        page = reverse("admin:partners_invitation_ask_to_invite")
        form = {
            "partner": polder.pk, "email": ADDRESS, "role": "partner-admin",
            "reason": "signed today",
        }  # fmt: skip

        client.force_login(staff_of("auditor"))
        refused = client.post(page, form)
        client.force_login(staff_of("admin"))
        client.post(page, form)

        assert refused.status_code == 403
        assert (Invitation.objects.get().role, len(mail.outbox)) == ("partner-admin", 1)


class TestPeople:
    def test_are_shown_with_their_roles(self, administrator, polder):
        PartnerUserMaker(username="kim", partner=polder, role="partner-read-only")

        page = administrator.get(reverse("people:list")).content.decode()

        assert "kim" in page
        assert re.search(r'value="partner-read-only" selected', page)
        assert "Sees what the company sees and changes nothing." in page

    def test_get_another_role_and_are_switched_off_and_on(self, administrator, polder):
        kim = PartnerUserMaker(username="kim", partner=polder, role="partner-read-only")
        hers = Client()
        hers.force_login(kim)

        administrator.post(reverse("people:role", args=[kim.pk]), {"role": "partner-finance"})
        assert roles_of(kim) == ["partner-finance"]
        administrator.post(reverse("people:switch", args=[kim.pk]), {"to": "off"})
        assert hers.get(reverse("portal:records")).status_code == 302
        administrator.post(reverse("people:switch", args=[kim.pk]), {"to": "on"})

        kim.refresh_from_db()
        assert kim.is_active
        actions = set(AuditEvent.objects.values_list("action", flat=True))
        assert {"user.roles_given", "user.switched_off", "user.switched_on"} <= actions

    def test_keep_an_administrator(self, administrator, anna):
        told = administrator.post(
            reverse("people:switch", args=[anna.pk]), {"to": "off"}, follow=True
        )
        administrator.post(reverse("people:role", args=[anna.pk]), {"role": "partner-finance"})

        anna.refresh_from_db()
        assert "Somebody has to manage the logins" in told.content.decode()
        assert (anna.is_active, roles_of(anna)) == (True, ["partner-admin"])

    def test_may_hand_the_administration_over(self, anna, polder):
        kim = PartnerUserMaker(username="kim", partner=polder, role="partner-finance")

        people.change_role(kim, "partner-admin", by=anna, now=NOW)
        people.change_role(anna, "partner-read-only", by=anna, now=NOW)

        assert (roles_of(kim), roles_of(anna)) == (["partner-admin"], ["partner-read-only"])
        with pytest.raises(RoleRefused, match="manage the logins"):
            people.switch(kim, is_active=False, by=kim, now=NOW)

    def test_get_no_role_of_staff(self, administrator, polder):
        kim = PartnerUserMaker(username="kim", partner=polder, role="partner-finance")

        administrator.post(reverse("people:role", args=[kim.pk]), {"role": "approver"})

        assert roles_of(kim) == ["partner-finance"]

    def test_need_a_second_factor_when_the_company_says_so(self, administrator, polder):
        administrator.post(reverse("people:second-factor"), {"demand": "yes"})

        polder.refresh_from_db()
        assert polder.demands_second_factor
        assert administrator.get(reverse("people:list")).url == reverse("mfa_index")

    def test_are_counted_by_a_rule(self):
        assert keeps_an_administrator([1, 2], without=1)
        assert not keeps_an_administrator([1], without=1)
        assert not keeps_an_administrator([], without=1)


class TestStrangers:
    def addresses(self, kim: User, invitation: Invitation) -> list[str]:
        return [
            reverse("people:role", args=[kim.pk]),
            reverse("people:switch", args=[kim.pk]),
            reverse("people:withdraw", args=[invitation.pk]),
        ]

    def test_of_another_company_reach_nobody(self, client, anna, polder):
        kim = PartnerUserMaker(username="kim", partner=polder, role="partner-finance")
        client.force_login(PartnerUserMaker(username="x", partner=PartnerMaker(name="Other")))

        answers = [
            client.post(address, {"role": "partner-admin", "to": "off"}).status_code
            for address in self.addresses(kim, invited(anna))
        ]

        kim.refresh_from_db()
        assert answers == [404, 404, 404]
        assert (kim.is_active, roles_of(kim)) == (True, ["partner-finance"])
        assert ADDRESS not in client.get(reverse("people:list")).content.decode()

    @pytest.mark.parametrize("role", ["partner-operations", "partner-finance", "partner-read-only"])
    def test_of_the_own_company_manage_no_logins(self, client, anna, polder, role):
        kim = PartnerUserMaker(username="kim", partner=polder, role=role)
        client.force_login(kim)

        for address in self.addresses(kim, invited(anna)):
            assert client.post(address, {"role": "partner-admin"}).status_code == 403
        assert client.get(reverse("people:list")).status_code == 403
        assert client.post(reverse("people:invite"), {}).status_code == 403
        assert client.post(reverse("people:second-factor"), {}).status_code == 403


class TestTheDatabase:
    """What a request of a partner may not do, whatever a view forgets to check."""

    def refused(self, name: str):
        return pytest.raises(DatabaseError, match=name)

    def run(self, statement: str, *values: object) -> None:
        with partner_role(), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)

    @pytest.mark.violates("request_of_a_partner_changes_no_staff")
    def test_lets_it_make_no_staff_and_switch_none_off(self):
        olga = staff_of("operator")

        with self.refused("no login of staff"), partner_role(), transaction.atomic():
            User.objects.create(username="root", is_staff=True)
        with self.refused("no login of staff"):
            self.run("UPDATE partners_user SET is_active = false WHERE id = %s", olga.pk)
        with self.refused("no login of staff"):
            self.run("DELETE FROM partners_user_groups WHERE user_id = %s", olga.pk)

    @pytest.mark.violates("company_keeps_an_administrator")
    def test_lets_it_switch_the_last_administrator_off_by_no_way(self, anna):
        with self.refused("keeps an administrator"):
            self.run("UPDATE partners_user SET is_active = false WHERE id = %s", anna.pk)
        with self.refused("keeps an administrator"):
            self.run("DELETE FROM partners_user_groups WHERE user_id = %s", anna.pk)

    def make(self, anna: User, **changes: object) -> Invitation:
        fields = {
            "partner": anna.partner, "email": ADDRESS, "role": "partner-finance",
            "invited_by": anna,
            "invited_at": NOW, "expires_at": NOW + timedelta(days=7),
        }  # fmt: skip
        return Invitation.objects.create(**(fields | changes))

    @pytest.mark.violates("invitation_is_for_a_partners_role")
    def test_knows_no_invitation_to_the_staff(self, anna):
        with self.refused("invitation_is_for_a_partners_role"):
            self.make(anna, role="approver")

    @pytest.mark.violates("invitation_ends_after_it_begins")
    def test_knows_no_invitation_that_ends_before_it_begins(self, anna):
        with self.refused("invitation_ends_after_it_begins"):
            self.make(anna, expires_at=NOW)

    @pytest.mark.violates("accepted_invitation_names_its_login")
    def test_wants_to_know_who_accepted(self, anna):
        with self.refused("accepted_invitation_names_its_login"):
            self.make(anna, accepted_at=NOW)

    @pytest.mark.violates("accepted_invitation_is_not_withdrawn")
    def test_withdraws_nothing_that_was_accepted(self, anna):
        with self.refused("accepted_invitation_is_not_withdrawn"):
            self.make(anna, accepted_at=NOW, user=anna, withdrawn_at=NOW)

    @pytest.mark.violates("person_is_invited_once_at_a_time")
    def test_invites_a_person_once_at_a_time(self, anna):
        self.make(anna)

        with self.refused("person_is_invited_once_at_a_time"):
            self.make(anna, email=ADDRESS.upper())

    @pytest.mark.violates("invitation_keeps_what_it_said")
    def test_keeps_what_an_invitation_said(self, anna):
        invitation = self.make(anna)

        with self.refused("keeps what was said"):
            Invitation.objects.filter(pk=invitation.pk).update(role="partner-admin")


class TestLosses:
    def test_of_a_second_factor_and_a_lock_are_mended_by_staff_with_a_reason(self, client, anna):
        from allauth.mfa.models import Authenticator
        from axes.models import AccessAttempt

        Authenticator.objects.create(user=anna, type="totp", data={"secret": "x"})
        for _ in range(6):
            Client().post("/account/login/", {"login": "anna", "password": "wrong"})
        attempt = AccessAttempt.objects.get(username="anna")
        client.force_login(staff_of("admin"))

        client.post(
            reverse("admin:partners_user_ask_to_take_factors_away", args=[anna.pk]),
            {"reason": "called her back"},
        )
        client.post(
            reverse("admin:axes_accessattempt_ask_to_lift", args=[attempt.pk]),
            {"reason": "called her back"},
        )

        assert not Authenticator.objects.exists()
        assert not AccessAttempt.objects.exists()
        assert {"user.second_factors_taken_away", "user.lock_lifted"} <= set(
            AuditEvent.objects.filter(actor="admin").values_list("action", flat=True)
        )
