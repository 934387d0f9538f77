"""The page on which people and companies choose what they are told."""

import re

import pytest
from django.urls import reverse

from billing.models import NotificationChoice, NotificationMail
from clearinghouse.uuid7 import new_uuid7
from partners.models import AuditEvent
from roaming.models import Delivery, WebhookSubscription
from roaming.services import deliveries, webhook_choices, webhooks
from tests.makers import NOON, PartnerUserMaker, later, laterne, nordlicht, partner_of, staff_of
from tests.roaming.webhook_receiver import Receiver, listening, subscribe

PAGE, WEBHOOKS = reverse("portal:notifications"), reverse("portal:notifications-webhooks")
pytestmark = pytest.mark.django_db


def words(page) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


@pytest.fixture
def enter(client):
    def of(party, role="partner-admin"):
        client.force_login(
            PartnerUserMaker(username=f"{party}-{role}", email="a@b.example", role=role,
                             partner=partner_of(party))
        )  # fmt: skip
        return client

    return of


def hook(party) -> WebhookSubscription:
    return WebhookSubscription.objects.create(
        party=party, url="https://nlx.example/", encrypted_secret=b"1", created_at=NOON
    )


class TestByMail:
    def test_each_person_chooses_for_itself(self, enter):
        page = enter(nordlicht()).get(PAGE)
        assert "Without an answer in time a dispute is decided by the rules" in words(page)
        assert "To a@b.example" in words(page)
        assert 'name="DEADLINES"' not in page.content.decode()

        answer = enter(nordlicht()).post(PAGE, {"DISPUTES": "DAILY", "NOTICES": "AT_ONCE"})

        assert answer.status_code == 302
        [choice] = NotificationChoice.objects.all()
        assert (choice.kind, choice.mode, choice.user.username) == (
            "DISPUTES", "DAILY", "DE*NLX CSO-partner-admin",
        )  # fmt: skip
        enter(nordlicht()).post(PAGE, {"DISPUTES": "AT_ONCE"})
        assert not NotificationChoice.objects.exists()

    @pytest.mark.parametrize(
        "told", [{"DEADLINES": "OFF"}, {"RECORDS": "AT_ONCE"}, {"NOTICES": "x"}]
    )
    def test_what_is_not_offered_is_refused(self, enter, told):
        page = enter(nordlicht()).post(PAGE, told, follow=True)
        assert "Choose one of what the page offers" in words(page)
        assert not NotificationChoice.objects.exists()

    def test_each_role_sees_its_own_work(self, enter):
        shown = words(enter(nordlicht(), "partner-finance").get(PAGE))
        assert "Payments due in three days" in shown
        assert "Disputes opened" not in shown
        enter(nordlicht(), "partner-finance").post(PAGE, {"DISPUTES": "OFF"})
        assert not NotificationChoice.objects.exists()


class TestByWebhook:
    def test_an_administrator_leaves_messages_out(self, enter):
        own, other = hook(nordlicht()), hook(laterne())
        admin = enter(nordlicht())
        assert "Daily manifest" in words(admin.get(PAGE))

        admin.post(WEBHOOKS, {"message": ["MATCH", "ALERT", "SDR"]})

        for row in (own, other):
            row.refresh_from_db()
        assert own.muted_kinds == ["AGREEMENT", "HEALED", "MANIFEST", "REMINDER"]
        assert other.muted_kinds == []
        assert AuditEvent.objects.get().action == "webhook.kinds_chosen"
        assert "Nothing was to change" in words(
            admin.post(WEBHOOKS, {"message": ["MATCH", "ALERT"]}, follow=True)
        )

    def test_other_roles_do_not(self, enter):
        hook(nordlicht())
        for role in ("partner-operations", "partner-finance", "partner-read-only"):
            assert enter(nordlicht(), role).post(WEBHOOKS).status_code == 403
            assert "An administrator of your company chooses" in words(
                enter(nordlicht(), role).get(PAGE)
            )

    def test_without_a_webhook_it_says_how_to_get_one(self, enter):
        assert "Set one up under Connections" in words(enter(laterne()).get(PAGE))


@pytest.mark.django_db(transaction=True)
def test_what_is_left_out_is_not_sent_and_holds_nothing_up(settings):
    """By a real receiver; what came meanwhile is not sent when it is wanted again."""
    settings.WEBHOOKS_MAY_BE_LOCAL = True
    party = nordlicht()
    with listening(Receiver()) as receiver:
        row = subscribe(party, receiver.url)
        webhook_choices.mute([row], ["MANIFEST"], actor="anna", now=NOON)
        owe(party, "MANIFEST", "TARIFF")
        assert webhooks.send_to(row, clock=lambda: later(hours=1)) == {True: 1, False: 0}
        left = Delivery.objects.get(kind="MANIFEST")
        assert (left.last_error, left.attempts) == (webhook_choices.NOT_WANTED, 0)
        owe(party, "MANIFEST")
        webhook_choices.mute([row], [], actor="anna", now=later(hours=2))
        assert webhooks.send_to(row, clock=lambda: later(hours=3)) == {True: 0, False: 0}
        assert len(receiver.received) == 1


def owe(party, *kinds: str) -> None:
    subject = new_uuid7()
    for kind in kinds:
        Delivery.objects.create(receiver=party, kind=kind, subject_id=subject, created_at=NOON)
    deliveries.publish([party.pk])


def test_staff_read_the_letters(client):
    mail = NotificationMail.objects.create(
        user=PartnerUserMaker(partner=partner_of(nordlicht())), recipient="a@b.example",
        next_attempt_at=NOON, created_at=NOON,
    )  # fmt: skip
    client.force_login(staff_of("auditor"))
    assert "a@b.example" in words(client.get(reverse("admin:billing_notificationmail_changelist")))
    page = reverse("admin:billing_notificationmail_change", args=[mail.pk])
    assert "What it told" in words(client.get(page))
