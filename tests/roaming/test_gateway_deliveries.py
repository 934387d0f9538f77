"""Records reach a connected party over its protocol: in order, once, with where it keeps them."""

from datetime import timedelta

import pytest

from clearinghouse.uuid7 import new_uuid7
from roaming.models import Alert, Delivery, ReceiverOutage
from roaming.services import deliveries, delivering, gateway_deliveries, webhooks
from roaming.services.delivering import MOST_ATTEMPTS
from tests import makers
from tests.makers import NOON
from tests.roaming.partner_end import OK, at_work
from tests.roaming.plain_gateway import connected, speaking_plain
from tests.roaming.webhook_receiver import Receiver, listening, subscribe

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world(settings):
    settings.PARTNERS_MAY_BE_LOCAL = settings.WEBHOOKS_MAY_BE_LOCAL = True
    with speaking_plain():
        yield


@pytest.fixture
def end():
    with at_work() as end:
        end.answer = lambda asked, handler: (201, OK)
        yield end


@pytest.fixture
def voltaire():
    return makers.voltaire()


def owe(party, kind=Delivery.Kind.SDR) -> Delivery:
    one = Delivery.objects.create(
        receiver=party, kind=kind, subject_id=new_uuid7(), created_at=NOON
    )
    deliveries.publish({party.pk})
    one.refresh_from_db()
    return one


def deliver(party, after=timedelta(0)) -> dict[bool, int]:
    return gateway_deliveries.deliver_to(party.pk, clock=lambda: NOON + after)


def test_go_in_the_order_of_their_numbers_and_are_kept_where_told(end, voltaire):
    endpoint = connected(end, voltaire)
    owed = [owe(voltaire) for _ in range(3)]
    other = owe(voltaire, Delivery.Kind.DISPUTE)

    assert deliver(voltaire) == {True: 3, False: 0}
    assert [asked.path for asked in end.asked] == [f"/records/{one.subject_id}" for one in owed]
    stored = Delivery.objects.get(pk=owed[0].pk)
    assert stored.remote_url == f"{endpoint.url}/kept/{stored.subject_id}"
    assert stored.confirmed_at == NOON
    other.refresh_from_db()
    assert (other.confirmed_at, other.next_attempt_at) == (None, None)


def test_are_handed_over_once_to_a_party_with_a_webhook_too(end, voltaire):
    connected(end, voltaire)
    with listening(Receiver()) as receiver:
        subscribe(voltaire, receiver.url)
        owe(voltaire)
        assert deliver(voltaire) == {True: 1, False: 0}
        assert webhooks.send_due(clock=lambda: NOON) == {"sent": 0, "failed": 0}

        assert len(end.asked) == 1
        assert not receiver.received


def test_that_fail_are_tried_again_then_given_up_and_told(end, voltaire):
    connected(end, voltaire)
    poison, other = owe(voltaire), owe(voltaire)
    end.answer = lambda asked, handler: (
        (400, b"") if str(poison.subject_id) in asked.path else (201, OK)
    )
    passed = timedelta(0)
    assert deliver(voltaire) == {True: 1, False: 1}
    for attempt in range(1, MOST_ATTEMPTS):
        passed += delivering.wait_after(attempt) * 1.3
        assert deliver(voltaire, passed) == {True: 0, False: 1}

    poison.refresh_from_db()
    assert poison.dead_at is not None
    assert poison.last_error == "REFUSED: HTTP 400"
    assert Alert.objects.get().subject == str(poison.pk)
    assert not ReceiverOutage.objects.exists()
    other.refresh_from_db()
    assert other.confirmed_at is not None


def test_to_one_that_is_away_stop_and_its_clocks_stand_still(voltaire):
    with at_work() as gone:
        endpoint = connected(gone, voltaire)
    for _ in range(5):
        owe(voltaire)

    assert deliver(voltaire) == {True: 0, False: delivering.FAILURES_IN_A_ROW}
    assert ReceiverOutage.objects.get(ends_at=None).receiver == voltaire
    assert Delivery.objects.filter(attempts=0, next_attempt_at=None).count() == 2
    endpoint.state = "SUSPENDED"
    endpoint.save()
    assert deliver(voltaire, timedelta(hours=1)) == {True: 0, False: 0}


@pytest.mark.parametrize("changes", [{"state": "OFFLINE"}, {"protocol": "OTHER"}])
def test_wait_for_a_party_that_is_not_connected(end, voltaire, changes):
    connected(end, voltaire, **changes)
    owe(voltaire)

    assert deliver(voltaire) == {True: 0, False: 0}
    assert gateway_deliveries.deliver_over_gateways(clock=lambda: NOON)["sent"] == 0


def test_are_none_of_another_partys(end, voltaire):
    connected(end, makers.fjell())
    owe(voltaire)

    assert deliver(voltaire) == {True: 0, False: 0}
    assert not end.asked


@pytest.mark.django_db(transaction=True)
def test_of_several_receivers_go_side_by_side(end):
    parties = [makers.voltaire(), makers.fjell()]
    for party in parties:
        connected(end, party, url=f"{end.url}/{party.code}")
        owe(party)

    done = gateway_deliveries.deliver_over_gateways(clock=lambda: NOON)

    assert done == {"sent": 2, "failed": 0}
