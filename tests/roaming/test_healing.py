"""Master data that comes cures what waits for it within a minute, without a push from below."""

from datetime import timedelta

import pytest

from clearinghouse.celery import app
from partners.models import Approval, Party, PartyOwnership
from partners.services import agreements, approvals
from partners.tasks import expire_approvals
from roaming.models import Alert, Authorization, Delivery, ReceiverOutage, RuleOverride, SdrState
from roaming.services import healing, lifecycle, outages
from roaming.tasks import heal_news
from tests import makers
from tests.makers import LONG_AGO, NOON, later, numbered_record, take

pytestmark = pytest.mark.django_db
A_MINUTE_ON = later(minutes=1)


def states():
    return set(SdrState.objects.values_list("state", flat=True))


@pytest.fixture
def held(noon):
    """Two records for Voltaire, which is not set up yet."""
    makers.nordlicht()
    take(numbered_record(1), numbered_record(2))
    assert states() == {"HELD"}


class TestAnAgreementThatComesInForce:
    def test_cures_within_a_minute(self, noon):
        makers.nordlicht()
        take(numbered_record(1))
        draft = makers.AgreementMaker(in_force_at=None)
        noon.move_to(later(hours=1))
        agreements.put_in_force(draft.pk, actor="olga", reason="signed", now=later(hours=1))

        noon.move_to(later(hours=1, minutes=1))
        assert heal_news() == {"ACCEPT": 1}
        assert states() == {"ACCEPTED"}


class TestNews:
    def test_of_a_party_and_its_agreement_cure(self, held, noon):
        makers.AgreementMaker()
        noon.move_to(A_MINUTE_ON)

        assert heal_news() == {"ACCEPT": 2}
        assert heal_news() == {}

    def test_that_are_old_are_left_to_the_longer_round(self, held):
        makers.AgreementMaker()

        assert healing.heal_news(now=later(days=400)) == {}
        assert states() == {"HELD"}

    def test_are_none_while_nothing_comes(self, held):
        assert healing.parties_with_news(since=later(days=400), now=later(days=401)) == set()

    @pytest.mark.parametrize(
        "come",
        [
            lambda at: makers.AgreementMaker(in_force_at=at),
            lambda at: makers.AgreementMaker(starts_at=at),
            lambda at: PartyOwnership.objects.create(
                party=Party.objects.create(
                    country_code="IT", party_id="ZZZ", role="CSP", name="Zeta"
                ),
                partner=makers.PartnerMaker(),
                starts_at=at,
            ),
            lambda at: Authorization.objects.create(
                cso=makers.nordlicht(),
                csp=makers.voltaire(),
                reference="A",
                is_granted=True,
                authorized_at=LONG_AGO,
            ),
            lambda at: RuleOverride.objects.create(
                code="V203",
                partner=makers.partner_of(makers.nordlicht()),
                severity="WARN",
                reason="trucks",
                starts_at=LONG_AGO,
                activated_at=at,
            ),
        ],
        ids=["in force", "begins", "owner", "authorization", "override"],
    )
    def test_name_whom_they_are_about(self, noon, come):
        nordlicht, _ = makers.nordlicht(), makers.voltaire()
        noon.move_to(later(hours=1))
        come(later(hours=1))

        found = healing.parties_with_news(
            since=later(minutes=59, seconds=30), now=later(hours=1, seconds=5)
        )
        assert nordlicht.pk in found or Party.objects.get(party_id="ZZZ").pk in found
        assert makers.fjell().pk not in found


class TestTheClock:
    def test_knows_each_of_them(self):
        planned = {entry["task"] for entry in app.conf.beat_schedule.values()}

        assert {
            "roaming.heal_news",
            "roaming.write_manifests",
            "roaming.watch_senders",
            "partners.expire_approvals",
            "billing.prove_conservation",
        } <= planned

    def test_closes_requests_that_nobody_decided(self, noon):
        approvals.request(
            "verb",
            about=("sdr", "1"),
            content_sha256="0" * 64,
            reason="",
            maker=makers.StaffMaker(),
            now=NOON,
        )

        assert expire_approvals() == {"expired": 0}
        noon.move_to(later(days=8))
        assert expire_approvals() == {"expired": 1}
        assert Approval.objects.get().state == "EXPIRED"


class TestAReceiverThatIsAwayForEver:
    def test_stops_its_clock_for_ten_days_at_most(self):
        makers.AgreementMaker(acceptance="DEEMED", acceptance_days=10)
        take(numbered_record(1))
        ReceiverOutage.objects.create(receiver=makers.voltaire(), starts_at=NOON)

        assert lifecycle.deem_accepted(now=later(days=20) - timedelta(seconds=1)) == 0
        assert lifecycle.deem_accepted(now=later(days=20)) == 1
        assert states() == {"ACCEPTED"}

    def test_is_told_with_its_messages_to_pull(self):
        outage = ReceiverOutage.objects.create(receiver=makers.voltaire(), starts_at=NOON)

        assert outages.watch(now=later(hours=23)) == {"away": 0, "back": 0}
        assert outages.watch(now=later(hours=24)) == {"away": 1, "back": 0}
        assert outages.watch(now=later(hours=25)) == {"away": 0, "back": 0}
        alert = Alert.objects.get()
        assert (alert.kind, alert.party) == ("OUTAGE", makers.voltaire())
        assert Delivery.objects.get(kind="ALERT").receiver == makers.voltaire()

        ReceiverOutage.objects.filter(pk=outage.pk).update(ends_at=later(hours=26))
        assert outages.watch(now=later(hours=27)) == {"away": 0, "back": 1}
        assert Alert.objects.get().closed_at == later(hours=27)
