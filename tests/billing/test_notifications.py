"""What people are told by mail: who, of what, how often, and over a real mail server."""

import io
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from billing.models import (
    Notification,
    NotificationChoice,
    NotificationKind,
    NotificationMail,
    NotificationMark,
    NotificationMode,
)
from billing.queries_notifications import conditions, daily
from billing.rules import notifications as rules
from billing.services import notifying
from billing.services.notification_words import _LINES, line_of
from billing.tasks import forget_notifications, notify_people
from partners.models import EndpointToken, Notice, Partner, RoamingEndpoint, User
from partners.rules.roles import PARTNER_ROLES
from partners.services import offer_answers
from roaming.models import Dispute, ReceiverOutage, WebhookSubscription
from tests import makers
from tests.billing.payment_world import settled
from tests.billing.portal_world import DECEMBER, settled_month
from tests.billing.smtp_sink import SmtpSink, smtp_sink
from tests.billing.test_mailing import BOUNCE
from tests.makers import NOON, PartnerUserMaker, later, nordlicht, partner_of, voltaire
from tests.partners.offer_world import offered
from tests.roaming.dispute_world import opened, records
from tests.roaming.tariff_world import per_kwh, published

pytestmark = pytest.mark.django_db
BEGUN = later(hours=-1)


def person(party, role: str = "partner-admin", **fields) -> User:
    name = f"{role}@{party.party_id.lower()}.example"
    return PartnerUserMaker(
        username=name, email=name, partner=partner_of(party), role=role, **fields
    )


@pytest.fixture
def begun() -> None:
    """Events are read since an hour before noon."""
    notifying.owe(is_direct=False, now=BEGUN)


def told(now: datetime = NOON) -> set[tuple[str, str]]:
    """Who is told what by now; the first part of the address is enough."""
    notifying.owe(is_direct=False, now=now)
    rows = Notification.objects.values_list("user__username", "facts__what")
    return set(rows)


class TestTheTable:
    def test_names_what_the_models_name(self):
        assert set(rules.KINDS) == set(NotificationKind.values)
        assert {mode for kind in rules.KINDS.values() for mode in kind.modes} == set(
            NotificationMode.values
        )

    def test_what_is_fixed_stays_as_usual_and_the_rest_as_chosen(self):
        for name, kind in rules.KINDS.items():
            assert kind.usual in kind.modes
            assert (rules.mode_of(name, "OFF") == "OFF") != kind.is_fixed
            assert rules.mode_of(name) == kind.usual

    def test_each_role_is_told_of_its_own_work(self):
        kinds = {name: rules.kinds_for(role.rights) for name, role in PARTNER_ROLES.items()}
        assert kinds["partner-admin"] == list(rules.KINDS)
        assert "PAYMENTS" not in kinds["partner-operations"]
        assert kinds["partner-finance"] == ["DOCUMENTS", "PAYMENTS", "NOTICES"]
        assert kinds["partner-read-only"] == ["DOCUMENTS", "NOTICES"]

    @given(st.integers(0, 2 * 366 * 24 * 60))
    def test_a_digest_comes_within_a_day_and_its_day_begins_with_it(self, minutes):
        now = NOON + timedelta(minutes=minutes)
        at = rules.due_at("DAILY", now=now)
        assert now < at <= now + timedelta(hours=25)
        assert rules.digest_day(at) == at.date().isoformat()
        assert rules.digest_day(at - timedelta(seconds=1)) < rules.digest_day(at)
        assert rules.due_at("AT_ONCE", now=now) == now
        with pytest.raises(ValueError, match="never"):
            rules.due_at("OFF", now=now)


@pytest.mark.usefixtures("begun")
class TestEvents:
    @pytest.fixture(autouse=True)
    def clock(self):
        """Ids are made of the clock."""
        with time_machine.travel(NOON, tick=False) as clock:
            yield clock

    def test_a_dispute_is_told_to_the_other_sides_people_whose_work_it_is(self):
        for role in ("partner-admin", "partner-operations", "partner-finance"):
            person(nordlicht(), role)
        person(voltaire()), person(makers.laterne())
        opened(records(1)[0])
        assert told() == {
            ("partner-admin@nlx.example", "dispute_opened"),
            ("partner-operations@nlx.example", "dispute_opened"),
        }
        before = Notification.objects.count()
        told(later(minutes=1))
        assert Notification.objects.count() == before

    def test_what_is_committed_late_is_told_all_the_same(self):
        person(nordlicht())
        record_id = records(1)[0]
        told(later(minutes=10))
        # It was made at noon, and its transaction ends after events were read.
        opened(record_id)
        assert told(later(minutes=11)) == {("partner-admin@nlx.example", "dispute_opened")}

    def test_who_is_switched_off_or_has_no_address_is_told_nothing(self):
        person(nordlicht(), is_active=False)
        User.objects.filter(pk=person(nordlicht(), "partner-operations").pk).update(email="")
        opened(records(1)[0])
        assert told() == set()

    def test_what_was_chosen_counts_and_what_is_fixed_stays(self):
        operator = person(nordlicht(), "partner-operations")
        notifying.choose(operator, {"DISPUTES": "OFF"}, rights=PARTNER_ROLES[
            "partner-operations"].rights)  # fmt: skip
        dispute = opened(records(1)[0])
        assert told() == set()
        near = dispute.deadline_at - timedelta(hours=40)
        assert told(near) == {(operator.username, "deadline")}
        with pytest.raises(ValueError, match="not told"):
            notifying.choose(operator, {"DEADLINES": "OFF"}, rights=["partners.portal_operate"])
        with pytest.raises(ValueError, match="not told"):
            notifying.choose(operator, {"PAYMENTS": "DAILY"}, rights=["partners.portal_operate"])

    def test_a_deadline_is_of_who_is_to_act(self):
        person(nordlicht()), person(voltaire())
        dispute = opened(records(1)[0])
        Dispute.objects.filter(pk=dispute.pk).update(stage="RESPONDED_REJECT")
        near = dispute.deadline_at - timedelta(hours=1)
        assert [(one.kind, one.partner_id) for one in conditions(now=near)] == [
            ("DEADLINES", partner_of(voltaire()).pk)
        ]

    def test_offers_answers_and_tariffs(self):
        person(nordlicht()), person(voltaire())
        person(voltaire(), "partner-read-only")
        offer = offered(service_class="PARKING")
        assert ("partner-admin@vol.example", "offer") in told()
        offer_answers.decline(offer.pk, reason="No.", by=User.objects.get(
            username="partner-admin@vol.example"), now=NOON)  # fmt: skip
        makers.AgreementMaker()
        first = published(per_kwh("0.49"))
        published(per_kwh("0.59"), at=NOON, valid_from=later(days=1), replaces=first.tariff)
        now = told(later(minutes=1))
        assert ("partner-admin@nlx.example", "offer_declined") in now
        assert ("partner-admin@vol.example", "tariff_waits") in now
        assert not [who for who, _ in now if "read-only" in who]

    def test_an_offer_that_ran_out_does_not_tell_whether_anybody_has_the_code(self):
        person(nordlicht())
        offers = [offered(service_class="PARKING"), offered(taker_code="FR*NIX")]
        at = offers[0].expires_at
        told(at - timedelta(minutes=5))
        offer_answers.expire(now=at)
        told(at)
        assert {
            one.facts["other"] for one in Notification.objects.filter(facts__what="offer_expired")
        } == {"FR*VOL", "FR*NIX"}

    def test_systems_that_are_away_and_tokens_that_run_out(self):
        person(nordlicht())
        endpoint = RoamingEndpoint.objects.create(
            owner=partner_of(nordlicht()), protocol="OCPI", protocol_version="2.2.1",
            state="OFFLINE", state_changed_at=later(minutes=-40),
        )  # fmt: skip
        ReceiverOutage.objects.create(receiver=nordlicht(), starts_at=later(minutes=-40))
        EndpointToken.objects.create(
            endpoint=endpoint, purpose="REGISTRATION", token_sha256="a" * 64,
            created_at=later(days=-6), ends_at=later(days=1),
        )  # fmt: skip
        WebhookSubscription.objects.create(
            party=nordlicht(), url="https://nlx.example", encrypted_secret=b"1", created_at=NOON,
            encrypted_former_secret=b"0", former_until_at=later(days=1),
        )  # fmt: skip
        assert {what for _, what in told()} == {"connection", "token", "former_secret"}
        assert Notification.objects.count() == 4

    def test_notices_reach_their_audience_and_documents_who_wants_them(self):
        for party in (nordlicht(), voltaire()):
            person(party, "partner-finance")
        Notice.objects.create(
            kind="INCIDENT", title="Slow", text="Wait.", audience="CSOS", shown_from_at=NOON,
            created_by="olga",
        )  # fmt: skip
        assert told() == {("partner-finance@nlx.example", "notice")}

    def test_records_of_the_last_day_are_one_line_in_the_morning(self):
        person(nordlicht(), "partner-operations"), person(voltaire())
        makers.AgreementMaker()
        makers.take(
            makers.numbered_record(1, csp_id="IT*NEW"),
            makers.numbered_record(2, csp_id="IT*NEW"),
            makers.numbered_record(3, currency="USD"),
        )
        assert told() == set()
        morning = datetime(2026, 11, 15, 6, 1, tzinfo=UTC)
        assert told(morning) == {("partner-operations@nlx.example", "records")}
        assert Notification.objects.get().facts["held"] == 2

    def test_documents_are_told_to_who_asked_for_them(self, clock):
        clock.move_to(DECEMBER)
        world = settled_month()
        person(nordlicht(), "partner-read-only")
        finance = person(nordlicht(), "partner-finance")
        notifying.choose(finance, {"DOCUMENTS": "AT_ONCE"}, rights=["partners.portal_see_finance"])
        NotificationMark.objects.update(until_at=world.statement.issued_at)
        told(world.statement.issued_at + timedelta(minutes=1))
        [note] = Notification.objects.filter(kind="DOCUMENTS", user=finance)
        assert note.facts["number"] == world.statement.number
        assert not Notification.objects.exclude(user=finance).exists()


class TestPayments:
    def test_what_is_to_pay_is_told_before_it_is_due_and_once_it_is_late(self):
        partners, _ = settled()
        everybody = Partner.objects.filter(pk__in=[one.pk for one in partners.values()])
        due = {}
        for offset in range(60):
            now = datetime(2027, 2, 1, 9, tzinfo=UTC) + timedelta(days=offset)
            for event in daily("day", partners=everybody, is_direct=False, now=now):
                if event.kind == "PAYMENTS":
                    due.setdefault((event.partner_id, event.facts["what"]), now.date().isoformat())
        payers = {partner for partner, _ in due}
        assert payers
        for partner in payers:
            assert due[partner, "payment_due"] < due[partner, "payment_late"]


class TestLetters:
    @pytest.fixture
    def sink(self, settings):
        settings.CSRF_TRUSTED_ORIGINS = ["https://clearing.example"]
        with smtp_sink() as sink, time_machine.travel(BEGUN, tick=False) as clock:
            settings.EMAIL_URL = sink.url
            notify_people()
            clock.move_to(NOON)
            yield sink

    def test_one_holds_all_that_was_due_in_the_language_of_its_reader(self, sink: SmtpSink):
        person(nordlicht(), "partner-operations", language="de")
        ids = records(2)
        opened(ids[0]), opened(ids[1])

        assert notify_people() == {"noted": 2, "letters": 1, "sent": 1, "left": 0}
        assert notify_people() == {"noted": 0, "letters": 0, "sent": 0, "left": 0}

        [letter] = sink.letters
        text = letter.get_content()
        assert (letter["To"], letter["Content-Language"]) == (
            "partner-operations@nlx.example", "de",
        )  # fmt: skip
        assert text.count("https://clearing.example/portal/disputes/") == 2
        assert "https://clearing.example/portal/notifications/" in text
        assert "4.02" not in text

    def test_a_server_that_is_away_loses_none_and_one_that_refuses_ends_it(self, sink: SmtpSink):
        person(nordlicht(), "partner-operations")
        opened(records(1)[0])
        sink.answers["DATA"] = "451 later"
        assert notify_people()["left"] == 1
        mail = NotificationMail.objects.get()
        assert (mail.state, mail.attempts, mail.last_answer) == ("QUEUED", 1, "451 later")
        sink.answers.clear()
        with time_machine.travel(mail.next_attempt_at, tick=False):
            assert notify_people()["sent"] == 1
        mail.refresh_from_db()
        assert (mail.state, mail.next_attempt_at) == ("SENT", None)

    def test_one_that_comes_back_is_marked(self, sink: SmtpSink, tmp_path):
        person(nordlicht(), "partner-operations")
        opened(records(1)[0])
        notify_people()
        mail = NotificationMail.objects.get()
        notice = tmp_path / "bounce.eml"
        notice.write_text(
            BOUNCE.format(action="failed", kind="message/rfc822", message_id=mail.message_id)
        )
        for _ in range(2):
            call_command("take_bounce", str(notice), stdout=io.StringIO())
        mail.refresh_from_db()
        assert (mail.state, "550" in mail.last_answer) == ("BOUNCED", True)

    def test_without_a_server_it_is_noted_and_old_news_are_told_to_nobody(self, sink, settings):
        url, settings.EMAIL_URL = settings.EMAIL_URL, ""
        person(nordlicht(), "partner-operations")
        opened(records(1)[0])
        assert notify_people() == {"noted": 1, "letters": 0, "sent": 0, "left": 0}
        settings.EMAIL_URL = url
        with time_machine.travel(later(days=3), tick=False):
            assert notify_people()["letters"] == 0
        with time_machine.travel(later(days=91), tick=False):
            assert forget_notifications() == {"forgotten": 1}

    def test_a_letter_names_every_kind_of_event(self):
        every = dict.fromkeys(("number", "other", "tariff", "period", "name", "title"), "x")
        every |= {"until_at": NOON.isoformat(), "since_at": NOON.isoformat()}
        for what in [*_LINES, "document_balance"]:
            line = line_of({**every, "what": what, "due_date": "2026-11-14"})
            assert "%" not in line
            assert "x" in line


class TestDatabase:
    def mail(self, **fields) -> NotificationMail:
        return NotificationMail.objects.create(
            user=person(nordlicht()), recipient="a@b.example", created_at=NOON, **fields
        )

    def note(self, **fields) -> Notification:
        usual = {
            "user": person(nordlicht()), "kind": "NOTICES", "subject": "1", "created_at": NOON,
            "due_at": NOON,
        }  # fmt: skip
        return Notification.objects.create(**(usual | fields))

    @pytest.mark.parametrize(
        ("name", "break_it"),
        [
            pytest.param(name, act, marks=pytest.mark.violates(name))
            for name, act in {
                "queued_notification_mail_has_its_next_attempt": lambda self: self.mail(),
                "notification_names_its_event": lambda self: self.note(subject=""),
                "person_is_told_of_an_event_once": lambda self: (self.note(), self.note()),
                "events_are_read_by_one_mark": lambda self: NotificationMark.objects.create(
                    id=2, until_at=NOON
                ),
                "what_must_be_told_is_not_switched_off": lambda self: (
                    NotificationChoice.objects.create(
                        user=person(nordlicht()), kind="DEADLINES", mode="OFF"
                    )
                ),
                "person_chooses_a_kind_once": lambda self: [
                    NotificationChoice.objects.create(
                        user=person(nordlicht()), kind="DISPUTES", mode="OFF"
                    )
                    for _ in range(2)
                ],
                "webhook_gets_what_limits_run_from": lambda self: (
                    WebhookSubscription.objects.create(
                        party=nordlicht(), url="https://a.example", encrypted_secret=b"1",
                        created_at=NOON, muted_kinds=["SDR"],
                    )
                ),
            }.items()
        ],
    )  # fmt: skip
    def test_holds_the_rule(self, name, break_it):
        with pytest.raises(DatabaseError) as refused, transaction.atomic():
            break_it(self)
        assert refused.value.__cause__.diag.constraint_name == name

    def test_allows_what_the_table_allows(self):
        user = person(nordlicht())
        for kind, known in rules.KINDS.items():
            for mode in known.modes if not known.is_fixed else ():
                NotificationChoice.objects.update_or_create(
                    user=user, kind=kind, defaults={"mode": mode}
                )
        assert NotificationChoice.objects.count() == 6
