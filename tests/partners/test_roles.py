"""Roles: the table, the groups it makes, and that a partner's person has one of a partner's."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from partners.models import AuditEvent, User
from partners.rules import roles as rules
from partners.services import roles as service
from partners.services.roles import RoleRefused, ensure_roles, give_roles
from tests.makers import NOON, PartnerMaker, PartnerUserMaker, StaffMaker, staff_of

pytestmark = pytest.mark.django_db
KNOWN = {
    "partners.view_partner", "partners.change_partner", "partners.change_bankaccount",
    "partners.view_user", "partners.change_user", "partners.approve_bankdetailchange",
    "partners.portal_operate", "roaming.view_sdr", "roaming.change_hold", "roaming.view_evse",
    "roaming.approve_hold", "billing.view_transfer", "billing.change_settlement",
    "billing.approve_settlement", "auth.view_group", "auth.change_group",
}  # fmt: skip


def all_rights() -> set[str]:
    rows = Permission.objects.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in rows}


class TestTheTable:
    def test_gives_each_role_its_work_and_no_more(self):
        given = {name: rules.rights_of(name, KNOWN) for name in rules.ROLES}

        assert "roaming.change_hold" in given["operator"]
        assert not {"billing.change_settlement", "partners.change_bankaccount"} & given["operator"]
        assert "partners.view_user" not in given["operator"]
        assert {"billing.change_settlement", "partners.change_bankaccount"} <= given["finance"]
        assert "roaming.change_hold" not in given["finance"]
        assert {right for right in given["auditor"] if ".view_" not in right} == set()
        assert {"partners.view_user", "roaming.view_sdr"} <= given["auditor"]
        assert given["regulator"] == {"roaming.view_evse"}
        assert given["lab"] == set()
        assert given["partner-operations"] == {"partners.portal_operate"}

    def test_lets_nobody_but_an_approver_decide_and_no_approver_prepare(self):
        for name in rules.ROLES:
            given = rules.rights_of(name, KNOWN)
            decides = {right for right in given if ".approve_" in right}
            prepares = {r for r in given if r.partition(".")[2].split("_")[0] in ("add", "change")}

            assert bool(decides) == (name == "approver"), name
            assert not (decides and prepares), name

    def test_gives_no_role_of_staff_a_right_in_the_portal_and_the_other_way_round(self):
        for name in rules.STAFF_ROLES:
            assert not [r for r in rules.rights_of(name, all_rights()) if ".portal_" in r], name
        for name in rules.PARTNER_ROLES:
            assert {r.partition("_")[0] for r in rules.rights_of(name, all_rights())} == {
                "partners.portal"
            }, name

    def test_lets_the_administrator_make_logins_but_move_no_money(self):
        given = rules.rights_of("admin", all_rights())

        assert {"partners.add_user", "partners.change_user", "auth.view_group"} <= given
        assert not [r for r in given if r.startswith("billing.") or ".approve_" in r]
        assert not [r for r in given if "bank" in r and ".view_" not in r]

    def test_names_each_right_as_the_database_has_it(self):
        known = all_rights()
        exact = {
            right
            for role in rules.ROLES.values()
            for right in (*role.rights, *role.but)
            if "*" not in right
        }

        # Of the rights taken away some are of verbs that an append-only table has none of.
        assert exact <= known

    @pytest.mark.parametrize(
        ("names", "is_of_partner", "wanted"),
        [
            (["partner-admin"], True, ""),
            (["operator", "approver"], False, ""),
            ([], False, ""),
            ([], True, "exactly one"),
            (["partner-admin", "partner-finance"], True, "exactly one"),
            (["auditor"], True, "own people"),
            (["partner-admin", "auditor"], True, "own people"),
            (["partner-admin"], False, "need a partner"),
        ],
    )
    def test_says_which_roles_go_together(self, names, is_of_partner, wanted):
        refusal = rules.refusal_of(names, is_of_partner=is_of_partner)

        assert wanted in refusal
        assert bool(refusal) == bool(wanted)


class TestTheGroups:
    def test_have_the_rights_of_the_table_after_migrating_and_get_them_back(self):
        auditor = Group.objects.get(name="auditor")
        auditor.permissions.add(Permission.objects.get(codename="approve_settlement"))

        ensure_roles()

        for name in rules.ROLES:
            rows = Group.objects.get(name=name).permissions.values_list(
                "content_type__app_label", "codename"
            )
            assert {f"{a}.{c}" for a, c in rows} == rules.rights_of(name, all_rights()), name


class TestTheDatabase:
    """Roles are looked at when a transaction ends; here sooner."""

    def check(self) -> None:
        with transaction.mark_for_rollback_on_error("default"), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")

    @pytest.mark.violates("partner_user_has_one_role")
    def test_refuses_a_person_of_a_partner_without_a_role(self):
        User.objects.create(username="eve", partner=PartnerMaker())

        with pytest.raises(DatabaseError, match="one role"):
            self.check()

    @pytest.mark.violates("partner_user_has_one_role")
    def test_refuses_a_person_of_a_partner_with_two_roles(self):
        eve = PartnerUserMaker(username="eve")
        self.check()
        eve.groups.add(Group.objects.get(name="partner-finance"))

        with pytest.raises(DatabaseError, match="one role"):
            self.check()

    @pytest.mark.violates("partner_user_has_one_role")
    def test_refuses_to_take_the_last_role_away(self):
        eve = PartnerUserMaker(username="eve")
        self.check()
        eve.groups.clear()

        with pytest.raises(DatabaseError, match="one role"):
            self.check()

    @pytest.mark.violates("role_is_of_the_side_of_its_user")
    def test_refuses_a_role_of_staff_for_a_person_of_a_partner(self):
        eve = PartnerUserMaker(username="eve")
        self.check()
        eve.groups.add(Group.objects.get(name="approver"))

        with pytest.raises(DatabaseError, match="of the side of its user"):
            self.check()

    @pytest.mark.violates("role_is_of_the_side_of_its_user")
    def test_refuses_a_role_of_a_partner_for_staff(self):
        olga = staff_of("operator")
        self.check()
        olga.groups.add(Group.objects.get(name="partner-admin"))

        with pytest.raises(DatabaseError, match="of the side of its user"):
            self.check()


class TestGiving:
    def test_changes_the_role_and_is_audited(self):
        eve = PartnerUserMaker(username="eve")

        give_roles(eve, ["partner-finance"], by="anna", now=NOON)

        event = AuditEvent.objects.get(action="user.roles_given")
        assert service.roles_of(eve) == ["partner-finance"]
        assert service.label_of(eve) == "Finance"
        assert (event.before, event.after) == (
            {"roles": ["partner-admin"]},
            {"roles": ["partner-finance"]},
        )

    def test_refuses_what_does_not_fit(self):
        with pytest.raises(RoleRefused, match="own people"):
            give_roles(PartnerUserMaker(), ["auditor"], by="anna", now=NOON)


class TestThePageOfLogins:
    def page(self, user: User) -> str:
        return reverse("admin:partners_user_change", args=[user.pk])

    def form(self, user: User, *roles: str, **changes: object) -> dict[str, object]:
        ids = Group.objects.filter(name__in=roles).values_list("pk", flat=True)
        return {
            "username": user.username,
            "partner": user.partner_id or "",
            "groups": list(ids),
            "is_active": "on",
            **changes,
        }

    def test_makes_a_person_of_a_partner_with_a_role(self, client):
        client.force_login(StaffMaker())
        form = {
            "username": "eve",
            "email": "eve@x.example",
            "partner": PartnerMaker().pk,
            "groups": [Group.objects.get(name="partner-finance").pk],
            "password1": "staple of the north 7",
            "password2": "staple of the north 7",
        }

        refused = client.post(reverse("admin:partners_user_add"), form | {"groups": []})
        made = client.post(reverse("admin:partners_user_add"), form)

        assert "Choose exactly one role" in refused.content.decode()
        assert made.status_code == 302
        assert service.roles_of(User.objects.get(username="eve")) == ["partner-finance"]

    def test_tells_roles_in_words_and_audits_their_change(self, client):
        client.force_login(staff_of("admin"))
        kai = staff_of("operator", username="kai")

        shown = client.get(self.page(kai)).content.decode()
        client.post(self.page(kai), self.form(kai, "finance", is_staff="on"))

        assert "Sees everything, changes nothing." in shown
        assert "Partner: Read only" in shown
        assert service.roles_of(kai) == ["finance"]
        assert AuditEvent.objects.get(action="user.roles_given").after == {"roles": ["finance"]}

    def test_lets_an_administrator_neither_touch_a_superuser_nor_raise_himself(self, client):
        root, admin = StaffMaker(username="root"), staff_of("admin")
        client.force_login(admin)

        touched = client.post(self.page(root), self.form(root, is_staff="on"))
        password = client.post(
            reverse("admin:auth_user_password_change", args=[root.pk]),
            {"password1": "staple of the north 7", "password2": "staple of the north 7"},
        )
        client.post(
            self.page(admin),
            self.form(admin, "admin", "approver", is_staff="on", is_superuser="on"),
        )

        admin.refresh_from_db()
        assert (touched.status_code, password.status_code) == (403, 403)
        assert service.roles_of(admin) == ["admin"]
        assert not admin.is_superuser

    def test_of_roles_is_read_only_for_everybody(self, client):
        client.force_login(StaffMaker())
        group = Group.objects.get(name="auditor")
        page = reverse("admin:auth_group_change", args=[group.pk])

        assert client.post(page, {"name": "auditor", "permissions": []}).status_code == 403
        assert "Can view sdr" in client.get(page).content.decode()


class TestThePortal:
    PAGES = {
        "portal:records": 200,
        "disputes:list": 200,
        "tariffs:list": 200,
        "portal:home": 200,
        "portal:statements": 403,
        "portal:invoices": 403,
        "portal:payments": 403,
        "portal:books": 403,
        "portal:objections": 403,
        "portal:account": 403,
    }

    def test_shows_operations_no_statement_and_no_bank_account(self, client):
        client.force_login(PartnerUserMaker(role="partner-operations"))

        assert {page: client.get(reverse(page)).status_code for page in self.PAGES} == self.PAGES
        for page in ("portal:home", "portal:records"):
            assert reverse("portal:payments") not in client.get(reverse(page)).content.decode()

    def test_lets_read_only_see_everything_and_ask_for_nothing(self, client):
        client.force_login(PartnerUserMaker(role="partner-read-only"))

        seen = {page: client.get(reverse(page)).status_code for page in self.PAGES}
        refused = client.post(reverse("portal:account"), {"iban": "X"})

        assert seen == dict.fromkeys(self.PAGES, 200) | {"portal:account": 403}
        assert refused.status_code == 403
        assert "Your role does not allow this" in refused.content.decode()
        assert (
            "Change my bank account" not in client.get(reverse("portal:payments")).content.decode()
        )

    def test_lets_finance_ask_for_an_account_but_open_no_dispute(self, client):
        client.force_login(PartnerUserMaker(role="partner-finance"))
        nothing = "01900000-0000-7000-8000-000000000000"

        assert client.get(reverse("portal:account")).status_code == 200
        assert client.get(reverse("disputes:new", args=[nothing])).status_code == 403
        assert client.post(reverse("disputes:act", args=[nothing, "accept"])).status_code == 403
        assert client.post(reverse("tariffs:answer", args=[nothing, "refuse"])).status_code == 403


class TestStaffPages:
    def test_of_a_regulator_are_stations_and_no_money(self, client):
        client.force_login(staff_of("regulator"))

        seen = {
            name: client.get(reverse(f"admin:{name}_changelist")).status_code
            for name in (
                "roaming_evse", "roaming_location", "roaming_sdr", "billing_document",
                "billing_clearedsdr", "partners_partner", "partners_auditevent",
            )
        }  # fmt: skip

        assert [name for name, status in seen.items() if status == 200] == [
            "roaming_evse",
            "roaming_location",
        ]
        assert set(seen.values()) == {200, 403}

    def test_of_a_lab_are_certifications_alone(self, client):
        client.force_login(staff_of("lab"))

        assert client.get(reverse("admin:partners_certificationrun_changelist")).status_code == 200
        assert client.get(reverse("admin:roaming_sdr_changelist")).status_code == 403
        assert client.get(reverse("admin:partners_apiclient_changelist")).status_code == 403
