"""Rule overrides agreed by two, deliveries sent again, webhooks whose secret nobody is shown."""

import pytest
from django.urls import reverse

from partners.models import Approval, AuditEvent, User
from partners.services.approvals import NotDecidable
from roaming.models import Delivery, RuleOverride, WebhookSubscription
from roaming.services import rule_overrides
from roaming.services.webhook_call import seal_secret
from tests import makers
from tests.makers import NOON, later, numbered_record, take

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
CHANGES = "admin:roaming_ruleoverride_changelist"
ADD = "admin:roaming_ruleoverride_add"


def draft(agreement, **changes) -> RuleOverride:
    own = {
        "code": "V203",
        "agreement_number": agreement.number,
        "severity": "WARN",
        "reason": "a site for trucks",
        "starts_at": NOON,
    }
    return RuleOverride.objects.create(**(own | changes))


def act(name: str, override: RuleOverride) -> str:
    return f"{reverse(CHANGES)}{override.pk}/{name}/"


def filled(agreement, **changes) -> dict[str, str]:
    own = {
        "code": "V203",
        "partner": "",
        "agreement_number": agreement.number,
        "severity": "WARN",
        "limits": '{"largest_kwh": "600"}',
        "reason": "a site for trucks",
        "starts_at_0": "2026-11-14",
        "starts_at_1": "12:00:00",
        "ends_at_0": "",
        "ends_at_1": "",
    }
    return own | changes


class TestADraft:
    def test_is_written_with_the_rules_default_in_sight(self, client, agreement, olga):
        client.force_login(olga)
        listed = client.get(reverse("admin:roaming_rules")).content.decode()
        assert "?code=V203" in listed

        client.post(reverse(ADD), filled(agreement))

        override = RuleOverride.objects.get()
        assert (override.limits, override.activated_at) == ({"largest_kwh": "600"}, None)
        url = reverse("admin:roaming_ruleoverride_change", args=[override.pk])
        shown = client.get(url).content.decode()
        assert "By default" in shown
        assert "largest_kwh 1000" in shown

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"limits": '{"largest_kw": "600"}'}, "has no limit largest_kw"),
            ({"limits": '{"largest_kwh": 600}'}, "as a decimal in quotes"),
            ({"limits": "{}", "severity": ""}, "Change the weight or a limit"),
            ({"agreement_number": "NONE"}, "There is no agreement of this number"),
            ({"agreement_number": ""}, "Name a partner or an agreement"),
            ({"ends_at_0": "2026-11-13", "ends_at_1": "12:00:00"}, "an end after the start"),
            ({"code": "V003"}, "Select a valid choice"),
        ],
    )
    def test_that_no_rule_could_follow_is_refused(self, client, agreement, olga, changes, told):
        client.force_login(olga)

        page = client.post(reverse(ADD), filled(agreement, **changes)).content.decode()

        assert told in page
        assert not RuleOverride.objects.exists()


class TestActivation:
    HUGE = {"energy_kwh": "400", "max_power_kw": "400", "items": None, "total_amount": "9.02"}

    def test_takes_two_and_binds_from_then_on(self, client, agreement, olga, nils):
        override = draft(agreement)
        client.force_login(olga)
        client.post(act("activate", override), {"reason": "asked by the partner"})
        assert client.post(act("agree", override)).status_code == 200
        override.refresh_from_db()
        assert override.activated_at is None
        client.force_login(nils)
        request = Approval.objects.get()
        there = reverse("admin:partners_approval_change", args=[request.pk])
        assert reverse("admin:roaming_ruleoverride_change", args=[override.pk]) in (
            client.get(there).content.decode()
        )
        client.post(act("agree", override))

        override.refresh_from_db()
        assert override.activated_at == NOON
        assert AuditEvent.objects.get(action="ruleoverride.activated").actor == "nils"

    def test_takes_an_approver(self, client, agreement, olga):
        override = draft(agreement)
        asked = rule_overrides.ask_to_activate(override, reason="please", user=olga, now=NOON)
        root = makers.StaffMaker(username="root")
        client.force_login(root)

        answers = [client.post(act(name, override)).status_code for name in ("agree", "refuse")]
        page = client.get(reverse("admin:roaming_ruleoverride_change", args=[override.pk]))

        assert answers == [403, 403]
        assert "Agree and activate" not in page.content.decode()
        for decide in (rule_overrides.activate_approved, rule_overrides.refuse_activation):
            with pytest.raises(NotDecidable, match="being a superuser"):
                decide(asked.pk, checker=root, now=NOON)

    def test_is_refused_for_a_draft_that_has_changed_since(self, client, agreement, olga, nils):
        override = draft(agreement)
        rule_overrides.ask_to_activate(override, reason="please", user=olga, now=NOON)
        RuleOverride.objects.update(severity="")
        client.force_login(nils)

        page = client.post(act("agree", override)).content.decode()

        assert "has changed since" in page
        override.refresh_from_db()
        assert override.activated_at is None

    def test_is_refused_where_another_one_holds(self, client, agreement, olga, nils):
        draft(agreement, activated_at=NOON)
        second = draft(agreement, severity="HOLD")
        rule_overrides.ask_to_activate(second, reason="please", user=olga, now=NOON)
        client.force_login(nils)

        page = client.post(act("agree", second)).content.decode()

        assert "Another override of this rule" in page
        assert Approval.objects.get().state == "REQUESTED"

    def test_never_reaches_back(self, agreement, olga, nils):
        override = draft(agreement, starts_at=later(days=-30))
        asked = rule_overrides.ask_to_activate(override, reason="please", user=olga, now=NOON)

        rule_overrides.activate_approved(asked.pk, checker=nils, now=later(hours=1))

        override.refresh_from_db()
        assert override.starts_at == later(hours=1)

    def test_ends_and_is_only_read_meanwhile(self, client, agreement, olga, noon):
        override = draft(agreement, activated_at=NOON)
        client.force_login(olga)
        noon.move_to(later(minutes=5))
        url = reverse("admin:roaming_ruleoverride_change", args=[override.pk])
        assert client.post(url, filled(agreement, severity="HOLD")).status_code == 403

        client.post(act("end", override), {"reason": "the trucks are gone"})

        override.refresh_from_db()
        assert (override.severity, override.ends_at) == ("WARN", later(minutes=5))


class TestDeliveries:
    @pytest.fixture
    def dead(self, agreement):
        take(*(numbered_record(number) for number in range(1, 4)))
        Delivery.objects.filter(sequence=2).update(dead_at=NOON, attempts=12, last_error="refused")
        return Delivery.objects.get(sequence=2)

    def test_are_narrowed_to_what_was_given_up_and_sent_again(self, client, dead, olga):
        client.force_login(olga)
        url = reverse("admin:roaming_delivery_changelist")
        listed = client.get(f"{url}?state=dead").context["cl"].result_list
        assert [one.pk for one in listed] == [dead.pk]

        answer = client.post(url, {"action": "send_again", "_selected_action": [str(dead.pk)]})
        assert "refused" in client.get(answer.url).content.decode()
        client.post(answer.url, {"reason": "their server is back"})

        dead.refresh_from_db()
        assert (dead.dead_at, dead.attempts, dead.sequence) == (None, 0, 2)
        assert AuditEvent.objects.get(action="delivery.sent_again").object_id == str(dead.pk)

    def test_are_not_sent_again_by_those_who_may_only_look(self, client, dead):
        client.force_login(User.objects.create(username="looker", is_staff=True))
        again = f"{reverse('admin:roaming_delivery_again')}?ids={dead.pk}"

        assert client.post(again, {"reason": "because I"}).status_code == 403


class TestWebhooks:
    @pytest.fixture
    def webhook(self, settings):
        settings.WEBHOOKS_MAY_BE_LOCAL = True
        return WebhookSubscription.objects.create(
            party=makers.voltaire(),
            url="http://127.0.0.1:9/hook",
            encrypted_secret=seal_secret("whsec_first"),
            created_at=NOON,
        )

    def test_show_no_secret(self, client, webhook, olga):
        client.force_login(olga)
        url = reverse("admin:roaming_webhooksubscription_change", args=[webhook.pk])

        assert "whsec" not in client.get(url).content.decode()

    def test_get_a_new_secret_that_is_told_once(self, client, webhook, olga):
        client.force_login(olga)
        url = reverse("admin:roaming_webhooksubscription_rotate", args=[webhook.pk])
        before = bytes(webhook.encrypted_secret)

        answer = client.post(url, {"reason": "it leaked"})

        assert "whsec_" in answer.content.decode()
        assert "no-store" in answer["Cache-Control"]
        webhook.refresh_from_db()
        assert bytes(webhook.encrypted_secret) != before
        assert "whsec" not in str(list(AuditEvent.objects.values()))

    def test_keep_it_where_staff_may_only_look(self, client, webhook):
        client.force_login(User.objects.create(username="looker", is_staff=True))
        url = reverse("admin:roaming_webhooksubscription_rotate", args=[webhook.pk])

        assert client.post(url, {"reason": "because I"}).status_code == 403
